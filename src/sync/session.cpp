#include "sync/session.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "bus/codec.hpp"
#include "sync/tuning.hpp"
#include "sync/y_protocol.hpp"

namespace syncline::sync {

Result<void> SessionGate::pass(const bus::Message& message) const {
  return std::visit(
      [](const auto& body) -> Result<void> {
        using M = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<M, bus::Welcome> || std::is_same_v<M, bus::Refused> ||
                      std::is_same_v<M, bus::Created> || std::is_same_v<M, bus::Provisional> ||
                      std::is_same_v<M, bus::Subscribed> || std::is_same_v<M, bus::Current> ||
                      std::is_same_v<M, bus::Ack> || std::is_same_v<M, bus::UpdateRefused> ||
                      std::is_same_v<M, bus::Updated> || std::is_same_v<M, bus::Changed> ||
                      std::is_same_v<M, bus::Invitation> || std::is_same_v<M, bus::ValueReply> ||
                      std::is_same_v<M, bus::Entries> || std::is_same_v<M, bus::Done> ||
                      std::is_same_v<M, bus::Unsubscribed> || std::is_same_v<M, bus::Deleted> ||
                      std::is_same_v<M, bus::Presence> || std::is_same_v<M, bus::Event> ||
                      std::is_same_v<M, bus::Lacks>) {
          return {};
        } else {
          return Error(Code::kDenied, "a session takes what rooms say and nothing else");
        }
      },
      message.body);
}

SharedBytes FrameCache::encode(const bus::Updated& updated) {
  look_at(updated);
  SharedBytes& frame = frames_[updated.channel];
  if (!frame) frame = share(bus::encode(updated));
  return frame;
}

const std::vector<SharedBytes>& FrameCache::encode_y(const bus::Updated& updated) {
  look_at(updated);
  if (y_frames_.empty()) {
    for (const bus::Part& part : updated.parts)
      y_frames_.push_back(share(y::encode_sync(y::Sync::kUpdate, *part.update)));
  }
  return y_frames_;
}

void FrameCache::look_at(const bus::Updated& updated) {
  const bool same =
      last_.seq == updated.seq && last_.first == updated.first && last_.epoch == updated.epoch &&
      // The cache keeps the parts alive, so the same address is the same update.
      std::ranges::equal(last_.parts, updated.parts, [](const bus::Part& a, const bus::Part& b) {
        return a.update == b.update && a.by == b.by;
      });
  if (same && !updated.parts.empty()) return;
  last_ = updated;
  frames_.clear();
  y_frames_.clear();
}

void Outlet::send(SharedBytes frame) {
  connection_.send(std::move(frame));
  const std::size_t queued = connection_.queued_bytes();
  if (queued > tuning::kQueuedBytesMax && !std::exchange(stalled_, true)) {
    // In a turn of its own: the session is in the middle of something.
    stall_timer_ = executor_.after(Duration{0}, [this] { events_.on_stalled(); });
  } else if (queued > tuning::kCongestedBytes && !std::exchange(congested_, true)) {
    stall_timer_ = executor_.after(tuning::kStalledTimeout, [this] { events_.on_stalled(); });
    events_.on_congested(true);
  }
}

void Outlet::drained() {
  if (stalled_ || !std::exchange(congested_, false)) return;
  stall_timer_.reset();
  events_.on_congested(false);
}

}  // namespace syncline::sync
