#include <gtest/gtest.h>

#include "storage/memory.hpp"
#include "support/test_executor.hpp"
#include "unit/storage/storage_suite.hpp"

namespace syncline::storage {
namespace {

class MemoryBackend : public Backend {
 public:
  std::unique_ptr<Storage> open() override {
    auto storage = std::make_unique<MemoryStorage>(executor_);
    storage_ = storage.get();
    return storage;
  }
  bool run_until(const std::function<bool()>& done) override {
    return executor_.run_until(done, Duration(0));
  }
  void settle() override { executor_.run(); }
  void fail_appends(bool failing) override {
    storage_->fail_appends(failing ? std::optional<Error>(storage_error("no space left"))
                                   : std::nullopt);
  }

 private:
  test::TestExecutor executor_;
  MemoryStorage* storage_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(Memory, StorageSuite,
                         ::testing::Values(BackendCase{
                             "MemoryStorage", [] { return std::make_unique<MemoryBackend>(); }}));

TEST(PendingAppends, AFailureOfAGenerationThatIsOverConcernsNobody) {
  PendingAppends pending;
  int failures = 0;
  pending.add([&](const Result<Ticket>& result) { failures += result.ok() ? 0 : 1; });
  const std::uint64_t generation = pending.generation();
  pending.failed(generation, storage_error("full"));
  EXPECT_EQ(failures, 1);
  pending.add([&](const Result<Ticket>& result) { failures += result.ok() ? 0 : 1; });
  pending.failed(generation, storage_error("full"));
  EXPECT_EQ(failures, 1);
}

}  // namespace
}  // namespace syncline::storage
