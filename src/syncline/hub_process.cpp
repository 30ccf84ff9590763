#include "syncline/hub_process.hpp"

#include <utility>

#include "adapters/sqlite/sqlite_storage.hpp"
#include "storage/memory.hpp"

namespace syncline {
namespace {

/// Longer than host and server need for an orderly end.
constexpr Duration kStopTimeout = std::chrono::seconds(20);

}  // namespace

HubProcess::HubProcess(HubProcessOptions options) : runtime_(std::make_shared<Runtime>(false)) {
  try {
    open(std::move(options));
  } catch (...) {
    tear_down();
    throw;
  }
}

HubProcess::~HubProcess() { stop(); }

void HubProcess::open(HubProcessOptions options) {
  Executor& executor = runtime_->executor();
  const Executor::Guard guard = executor.enter();
  signals_ = std::make_unique<adapters::SignalWatch>(runtime_->executor(),
                                                     [this](int) { signalled_ = true; });
  if (options.data) {
    storage_ = adapters::SqliteStorage::open_directory(*options.data, executor, {}).take_or_throw();
  } else {
    storage_ = std::make_unique<storage::MemoryStorage>(executor);
  }
  host_ =
      std::make_unique<sync::Host>(executor, runtime_->executor(), runtime_->random(), *storage_);
  hub_ = std::make_unique<hub::Hub>(executor, runtime_->network(), *host_, std::move(options.hub));
  hub_->start().or_throw();
  address_ = hub_->address();
}

void HubProcess::wait_for_signal() {
  runtime_->wait([this] { return signalled_; }, Duration::max());
}

void HubProcess::stop() {
  if (!hub_) return;
  const auto stopped = std::make_shared<bool>(false);
  {
    const Executor::Guard guard = runtime_->executor().enter();
    hub_->shutdown([stopped] { *stopped = true; });
  }
  runtime_->wait([stopped] { return *stopped; }, kStopTimeout);
  tear_down();
}

void HubProcess::tear_down() {
  {
    const Executor::Guard guard = runtime_->executor().enter();
    hub_.reset();
    host_.reset();
    // Blocks until what was appended is stored.
    storage_.reset();
    signals_.reset();
  }
  runtime_->stop();
}

}  // namespace syncline
