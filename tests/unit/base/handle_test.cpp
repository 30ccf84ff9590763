// Handles end what they stand for, once.
#include "syncline/handle.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace syncline {
namespace {

TEST(Handle, EndsItsRegistrationOnceWhenDestroyed) {
  int ended = 0;
  {
    Handle handle([&] { ++ended; });
    EXPECT_TRUE(handle);
    EXPECT_EQ(ended, 0);
  }
  EXPECT_EQ(ended, 1);
}

TEST(Handle, ResetEndsItNowAndNotAgain) {
  int ended = 0;
  {
    Handle handle([&] { ++ended; });
    handle.reset();
    EXPECT_EQ(ended, 1);
    EXPECT_FALSE(handle);
    handle.reset();
  }
  EXPECT_EQ(ended, 1);
}

TEST(Handle, MovingPassesTheRegistrationOn) {
  int ended = 0;
  Handle first([&] { ++ended; });
  Handle second = std::move(first);
  EXPECT_EQ(ended, 0);
  second = Handle();
  EXPECT_EQ(ended, 1);
}

TEST(Handle, AssignmentEndsWhatWasHeld) {
  int first = 0;
  int second = 0;
  Handle handle([&] { ++first; });
  handle = Handle([&] { ++second; });
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 0);
}

TEST(Handle, AReleasedRegistrationIsNotEnded) {
  int ended = 0;
  {
    Handle handle([&] { ++ended; });
    handle.release();
  }
  EXPECT_EQ(ended, 0);
}

TEST(Handle, EndingMayDestroyTheHandleItself) {
  auto handle = std::make_unique<Handle>();
  *handle = Handle([&] { handle.reset(); });
  handle->reset();
  EXPECT_EQ(handle, nullptr);
}

}  // namespace
}  // namespace syncline
