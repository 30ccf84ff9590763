// TCP streams: reads into one buffer per executor when there is something to read, gathers what a
// turn wrote into one system call.
#include "adapters/asio/stream.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <span>

#include "adapters/asio/tuning.hpp"

namespace syncline::adapters {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Turn = ExecutorCore::Turn;

/// A part of what is queued: bytes of our own, to which small writes are added, or a buffer shared
/// with others.
struct Chunk {
  SharedBytes shared;
  Bytes own;

  ByteView bytes() const { return shared ? ByteView(*shared) : ByteView(own); }
};

/// The socket. It lives while a handler of it is under way; TcpStream, below, is what the owner
/// holds.
class StreamCore final : public Flushable, public std::enable_shared_from_this<StreamCore> {
 public:
  StreamCore(std::shared_ptr<ExecutorCore> core, tcp::socket socket)
      : core_(std::move(core)), socket_(std::move(socket)) {
    error_code ignored;
    peer_ = socket_.remote_endpoint(ignored);
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
  }

  const tcp::endpoint& peer() const { return peer_; }
  std::size_t queued_bytes() const { return queued_; }

  void set_events(transport::StreamEvents* events) {
    events_ = events;
    await_readable();
  }

  void pause(bool paused) {
    paused_ = paused;
    await_readable();
  }

  void write(ByteView bytes) {
    if (finishing_ || closed_ || bytes.empty()) return;
    if (chunks_.empty() || chunks_.back().shared) chunks_.emplace_back();
    Bytes& own = chunks_.back().own;
    own.insert(own.end(), bytes.begin(), bytes.end());
    queue(bytes.size());
  }

  void write(SharedBytes bytes) {
    if (bytes->size() <= tuning::kCopiedBytesMax) {
      write(ByteView(*bytes));
      return;
    }
    if (finishing_ || closed_) return;
    const std::size_t size = bytes->size();
    chunks_.push_back({.shared = std::move(bytes), .own = {}});
    queue(size);
  }

  void finish() {
    if (std::exchange(finishing_, true)) return;
    flush_later();
  }

  void close() {
    events_ = nullptr;
    closed_ = true;
    chunks_.clear();
    queued_ = 0;
    error_code ignored;
    socket_.close(ignored);
  }

  void flush() override {
    flush_scheduled_ = false;
    if (closed_ || awaiting_writable_) return;
    for (int call = 0; queued_ > 0; ++call) {
      if (call == tuning::kWritesPerTurn) {
        flush_later();
        return;
      }
      error_code error;
      const std::size_t sent = send_some(error);
      if (error == asio::error::would_block) {
        await_writable();
        return;
      }
      if (error) {
        fail(error);
        return;
      }
      consume(sent);
    }
    if (finishing_) {
      error_code ignored;
      socket_.shutdown(tcp::socket::shutdown_send, ignored);
    }
    if (std::exchange(undrained_, false) && events_) events_->on_drained();
  }

 private:
  void queue(std::size_t size) {
    queued_ += size;
    undrained_ = true;
    flush_later();
  }

  void flush_later() {
    if (closed_ || awaiting_writable_ || std::exchange(flush_scheduled_, true)) return;
    core_->flush_later(shared_from_this());
  }

  /// One gathered system call.
  std::size_t send_some(error_code& error) {
    std::array<asio::const_buffer, tuning::kGatherBuffersMax> buffers;
    std::size_t count = 0;
    std::size_t skip = sent_of_first_;
    for (std::size_t i = first_; i < chunks_.size() && count < buffers.size(); ++i) {
      const ByteView bytes = chunks_[i].bytes().subspan(skip);
      buffers[count++] = asio::const_buffer(bytes.data(), bytes.size());
      skip = 0;
    }
    return socket_.write_some(std::span<const asio::const_buffer>(buffers.data(), count), error);
  }

  void consume(std::size_t sent) {
    queued_ -= sent;
    sent += sent_of_first_;
    while (first_ < chunks_.size() && sent >= chunks_[first_].bytes().size()) {
      sent -= chunks_[first_].bytes().size();
      chunks_[first_++] = {};
    }
    sent_of_first_ = sent;
    // Drained streams keep no memory; a long queue gives back what has been sent, now and then.
    if (first_ == chunks_.size()) {
      chunks_ = {};
      first_ = 0;
    } else if (first_ > tuning::kGatherBuffersMax && first_ > chunks_.size() / 2) {
      chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
  }

  void await_writable() {
    awaiting_writable_ = true;
    socket_.async_wait(tcp::socket::wait_write,
                       [self = shared_from_this()](const error_code& error) {
                         const Turn turn(*self->core_);
                         self->awaiting_writable_ = false;
                         if (self->core_->closed || self->closed_) return;
                         if (error) {
                           self->fail(error);
                         } else {
                           self->flush();
                         }
                       });
  }

  void await_readable() {
    if (!events_ || paused_ || closed_ || std::exchange(awaiting_readable_, true)) return;
    socket_.async_wait(tcp::socket::wait_read,
                       [self = shared_from_this()](const error_code& error) {
                         const Turn turn(*self->core_);
                         self->awaiting_readable_ = false;
                         if (self->core_->closed || self->closed_) return;
                         if (error) {
                           self->fail(error);
                         } else {
                           self->read();
                         }
                       });
  }

  void read() {
    // While it delivers, nothing awaits: the handler may pause, go on, or destroy the stream.
    for (int call = 0; call < tuning::kReadsPerTurn && events_ && !paused_; ++call) {
      error_code error;
      const std::size_t size = socket_.read_some(asio::buffer(core_->read_buffer), error);
      if (error == asio::error::would_block) break;
      if (error) {
        fail(error);
        return;
      }
      events_->on_bytes(ByteView(core_->read_buffer).first(size));
      if (size < core_->read_buffer.size()) break;
    }
    await_readable();
  }

  void fail(const error_code& error) {
    transport::StreamEvents* events = events_;
    close();
    if (!events) return;
    events->on_closed(error == asio::error::eof ? "the other side ended the connection"
                                                : error.message());
  }

  const std::shared_ptr<ExecutorCore> core_;
  tcp::socket socket_;
  tcp::endpoint peer_;
  transport::StreamEvents* events_ = nullptr;
  bool paused_ = false;
  bool closed_ = false;
  bool finishing_ = false;
  bool undrained_ = false;
  bool flush_scheduled_ = false;
  bool awaiting_readable_ = false;
  bool awaiting_writable_ = false;

  // Queued are chunks_[first_...], the first of them without its first sent_of_first_ bytes. A
  // vector, because an empty one takes no memory.
  std::vector<Chunk> chunks_;
  std::size_t first_ = 0;
  std::size_t sent_of_first_ = 0;
  std::size_t queued_ = 0;
};

class TcpStream final : public transport::Stream {
 public:
  explicit TcpStream(std::shared_ptr<ExecutorCore> executor, std::shared_ptr<StreamCore> core)
      : executor_(std::move(executor)), core_(std::move(core)) {}
  ~TcpStream() override {
    const Turn turn(*executor_);
    core_->close();
  }

  void set_events(transport::StreamEvents* events) override { core_->set_events(events); }
  void write(ByteView bytes) override { core_->write(bytes); }
  void write(SharedBytes bytes) override { core_->write(std::move(bytes)); }
  std::size_t queued_bytes() const override { return core_->queued_bytes(); }
  void pause(bool paused) override { core_->pause(paused); }
  void finish() override { core_->finish(); }
  std::string peer() const override { return text_of(core_->peer()); }
  bool peer_is_loopback() const override { return is_loopback(core_->peer().address()); }

 private:
  const std::shared_ptr<ExecutorCore> executor_;
  const std::shared_ptr<StreamCore> core_;
};

}  // namespace

std::unique_ptr<transport::Stream> make_stream(std::shared_ptr<ExecutorCore> core,
                                               tcp::socket socket) {
  auto stream = std::make_shared<StreamCore>(core, std::move(socket));
  return std::make_unique<TcpStream>(std::move(core), std::move(stream));
}

std::string text_of(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  const std::string shown = endpoint.address().is_v6() ? "[" + host + "]" : host;
  return shown + ":" + std::to_string(endpoint.port());
}

bool is_loopback(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
  return address.is_loopback();
}

}  // namespace syncline::adapters
