// WebSockets over streams. The core of a connection outlives its owner while the last bytes are
// under way, so that a close frame arrives even when the session that sent it is gone.
#include "transport/websocket_connection.hpp"

#include <algorithm>

namespace syncline::transport {

/// The connection itself. WebSocket, below, is the handle that its owner holds.
///
/// kOpen -> kClosing (we asked) -> kEnded (both close frames are through, or the protocol failed;
/// the stream is ending)
/// -> kGone. The owner hears on_closed when kEnded or kGone begins.
class WebSocketCore final : public StreamEvents,
                            public std::enable_shared_from_this<WebSocketCore> {
 public:
  WebSocketCore(Executor& executor, std::shared_ptr<WebSocketGroup> group,
                std::unique_ptr<Stream> stream, WebSocketOptions options)
      : executor_(executor),
        group_(std::move(group)),
        stream_(std::move(stream)),
        peer_(stream_->peer()),
        role_(options.role),
        random_(options.random),
        decoder_(options.role, options.message_bytes_max) {
    SYNCLINE_CHECK(role_ == Role::kServer || random_, "a WebSocket client needs a Random");
  }

  void start(ByteView early) {
    group_->join(shared_from_this());
    stream_->set_events(this);
    if (early.empty()) return;
    early_.assign(early.begin(), early.end());
    waiting_ = true;
    executor_.post([weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->waiting_ = false;
      const Bytes bytes = std::exchange(self->early_, {});
      self->decode(bytes);
    });
  }

  // What the owner asks for.

  void set_events(ConnectionEvents* events) { events_ = events; }
  const std::string& peer() const { return peer_; }
  std::size_t queued_bytes() const { return stream_ ? stream_->queued_bytes() : 0; }

  void send(SharedBytes message) {
    SYNCLINE_CHECK(message != nullptr, "a message without bytes");
    if (state_ != State::kOpen) return;
    if (role_ == Role::kClient) {
      stream_->write(share(encode_client_frame(Opcode::kBinary, *message, make_mask())));
      return;
    }
    stream_->write(FrameHeader(Opcode::kBinary, message->size()).bytes());
    stream_->write(std::move(message));
  }

  void close(Close close) {
    SYNCLINE_CHECK(may_be_sent(close.code) || close.code == kCloseNoCode,
                   "a close code that may not be sent");
    if (state_ != State::kOpen) return;
    send_control(Opcode::kClose, close_payload(close));
    state_ = State::kClosing;
    asked_ = std::move(close);
    timer_ = executor_.after(group_->timing_.close_timeout, [this] {
      drop({.code = kCloseAbnormal, .reason = "the other side did not answer the close in time"});
    });
  }

  /// The owner destroyed its handle.
  void release() {
    events_ = nullptr;
    if (state_ == State::kOpen || group_->abandoned_) {
      leave();
    } else if (state_ != State::kGone) {
      group_->lingering_.push_back(shared_from_this());
    }
  }

  /// Destroys the stream without a word.
  void leave() {
    if (state_ == State::kGone) return;
    state_ = State::kGone;
    const auto self = shared_from_this();
    timer_.reset();
    stream_.reset();
    group_->leave(*this);
  }

  /// One ping interval has passed.
  void tick() {
    if (state_ != State::kOpen) return;
    // Someone who is still taking what was queued before the ping has not had the chance to answer
    // it.
    const std::size_t queued = stream_->queued_bytes();
    const bool progress = queued > 0 && queued < queued_at_tick_;
    if (ping_sent_ && !heard_ && !progress) {
      drop({.code = kCloseAbnormal, .reason = "the other side stopped answering pings"});
      return;
    }
    queued_at_tick_ = queued;
    heard_ = false;
    ping_sent_ = true;
    send_control(Opcode::kPing, {});
  }

  // What the stream reports.

  void on_bytes(ByteView bytes) override {
    heard_ = true;
    if (waiting_) {
      early_.insert(early_.end(), bytes.begin(), bytes.end());
      return;
    }
    decode(bytes);
  }

  void on_drained() override {
    if (state_ == State::kOpen && events_) events_->on_drained();
  }

  void on_closed(const std::string& why) override { drop({.code = kCloseAbnormal, .reason = why}); }

 private:
  friend class WebSocketGroup;

  enum class State { kOpen, kClosing, kEnded, kGone };

  void decode(ByteView input) {
    // The owner may destroy its handle, and with it this, in any callback.
    const auto self = shared_from_this();
    while (state_ == State::kOpen || state_ == State::kClosing) {
      Decoded decoded = decoder_.next(input);
      switch (decoded.kind) {
        case Decoded::Kind::kMore:
          return;
        case Decoded::Kind::kBinary:
          if (state_ == State::kOpen && events_) events_->on_message(decoded.payload);
          break;
        case Decoded::Kind::kText:
          fail({.code = kCloseUnsupported, .reason = "only binary messages are spoken here"});
          break;
        case Decoded::Kind::kPing:
          // A flood of pings by someone who does not read must not fill our memory.
          if (state_ == State::kOpen && stream_->queued_bytes() < tuning::kPongQueueBytesMax)
            send_control(Opcode::kPong, decoded.payload);
          break;
        case Decoded::Kind::kPong:
          break;
        case Decoded::Kind::kClose:
          if (state_ == State::kClosing) {
            end(asked_);
          } else {
            send_control(Opcode::kClose, close_payload({.code = decoded.close.code, .reason = {}}));
            end(std::move(decoded.close));
          }
          break;
        case Decoded::Kind::kFailed:
          fail(std::move(decoded.close));
          break;
      }
    }
  }

  void fail(Close close) {
    if (state_ == State::kOpen) send_control(Opcode::kClose, close_payload(close));
    end(std::move(close));
  }

  /// Nothing more is to be said: ends the stream, gives it a moment to do so, and tells the owner.
  void end(Close close) {
    state_ = State::kEnded;
    stream_->finish();
    timer_ = executor_.after(tuning::kLingerTimeout, [this] { leave(); });
    report(close);
  }

  void drop(const Close& close) {
    const auto self = shared_from_this();
    const bool reported = state_ == State::kEnded || state_ == State::kGone;
    leave();
    if (!reported) report(close);
  }

  void report(const Close& close) {
    if (ConnectionEvents* events = std::exchange(events_, nullptr)) events->on_closed(close);
  }

  void send_control(Opcode opcode, ByteView payload) {
    if (role_ == Role::kClient) {
      stream_->write(encode_client_frame(opcode, payload, make_mask()));
    } else {
      stream_->write(encode_server_frame(opcode, payload));
    }
  }

  std::array<std::uint8_t, 4> make_mask() {
    const std::uint64_t word = random_->next();
    return {static_cast<std::uint8_t>(word), static_cast<std::uint8_t>(word >> 8),
            static_cast<std::uint8_t>(word >> 16), static_cast<std::uint8_t>(word >> 24)};
  }

  Executor& executor_;
  const std::shared_ptr<WebSocketGroup> group_;
  std::unique_ptr<Stream> stream_;
  const std::string peer_;
  const Role role_;
  Random* const random_;
  FrameDecoder decoder_;
  ConnectionEvents* events_ = nullptr;
  State state_ = State::kOpen;
  Close asked_;
  Handle timer_;
  // Bytes that came before the owner could set its events.
  Bytes early_;
  bool waiting_ = false;
  // Signs of life since the last ping.
  bool ping_sent_ = false;
  bool heard_ = false;
  std::size_t queued_at_tick_ = 0;
  // Where the group keeps it.
  std::size_t slot_ = 0;
  std::size_t place_ = 0;
};

namespace {

class WebSocket final : public Connection {
 public:
  explicit WebSocket(std::shared_ptr<WebSocketCore> core) : core_(std::move(core)) {}
  ~WebSocket() override { core_->release(); }

  void set_events(ConnectionEvents* events) override { core_->set_events(events); }
  void send(SharedBytes message) override { core_->send(std::move(message)); }
  std::size_t queued_bytes() const override { return core_->queued_bytes(); }
  void close(std::uint16_t code, std::string reason) override {
    core_->close({.code = code, .reason = std::move(reason)});
  }
  std::string peer() const override { return core_->peer(); }

 private:
  const std::shared_ptr<WebSocketCore> core_;
};

}  // namespace

std::unique_ptr<Connection> make_websocket(Executor& executor,
                                           std::shared_ptr<WebSocketGroup> group,
                                           std::unique_ptr<Stream> stream, WebSocketOptions options,
                                           ByteView early) {
  auto core =
      std::make_shared<WebSocketCore>(executor, std::move(group), std::move(stream), options);
  core->start(early);
  return std::make_unique<WebSocket>(std::move(core));
}

// The group.

void WebSocketGroup::join(const std::shared_ptr<WebSocketCore>& core) {
  core->slot_ = joined_++ % slots_.size();
  core->place_ = slots_[core->slot_].size();
  slots_[core->slot_].push_back(core.get());
  if (++size_ == 1) arm();
}

void WebSocketGroup::leave(WebSocketCore& core) {
  std::vector<WebSocketCore*>& slot = slots_[core.slot_];
  slot[core.place_] = slot.back();
  slot[core.place_]->place_ = core.place_;
  slot.pop_back();
  std::erase_if(lingering_, [&core](const auto& kept) { return kept.get() == &core; });
  if (--size_ > 0) return;
  timer_.reset();
  if (on_empty_) executor_.post(on_empty_);
}

void WebSocketGroup::close_all(std::uint16_t code, const std::string& reason) {
  for (const auto& slot : slots_)
    for (WebSocketCore* core : slot) core->close({.code = code, .reason = reason});
}

void WebSocketGroup::abandon() {
  abandoned_ = true;
  while (!lingering_.empty()) lingering_.back()->leave();
}

void WebSocketGroup::arm() {
  timer_ = executor_.after(timing_.ping_interval / tuning::kPingSlots, [this] { tick(); });
}

void WebSocketGroup::tick() {
  arm();
  // A tick may end a connection, and its owner others.
  std::vector<std::shared_ptr<WebSocketCore>> due;
  for (WebSocketCore* core : slots_[turn_++ % slots_.size()])
    due.push_back(core->shared_from_this());
  for (const auto& core : due) core->tick();
}

}  // namespace syncline::transport
