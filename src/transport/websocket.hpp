// RFC 6455 frames: pure bytes in and out. No socket, clock or thread; the server, the client and
// the fuzzer run this same code.
//
// The decoder is pulled, not pushed: whoever handles a message may destroy the connection, and the
// decoder with it, before asking for the next one.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "transport/connection.hpp"

namespace syncline::transport {

/// Which side of the connection this is. Clients mask what they send, servers do not.
enum class Role { kServer, kClient };

enum class Opcode : std::uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xA,
};

/// Checks that bytes are UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing past U+10FFFF)
/// as they arrive, and fails at the first byte that cannot be.
class Utf8Check {
 public:
  /// False, from then on, when `bytes` cannot follow what came before.
  bool feed(ByteView bytes);
  /// Whether no character is left unfinished.
  bool complete() const { return left_ == 0; }

 private:
  int left_ = 0;             // continuation bytes still to come
  std::uint8_t low_ = 0x80;  // the range of the next one
  std::uint8_t high_ = 0xBF;
  bool failed_ = false;
};

/// What the decoder found.
struct Decoded {
  enum class Kind {
    kMore,    ///< the input is used up
    kBinary,  ///< one whole message
    kText,    ///< one whole message, valid UTF-8
    kPing,    ///< to be answered by a pong with the same payload
    kPong,
    kClose,   ///< the other side closes; `close` has its code (1005 for none) and reason. Nothing
              ///< follows.
    kFailed,  ///< the other side broke the protocol or a limit; `close` is what to send. Nothing
              ///< follows.
  };

  Kind kind = Kind::kMore;
  /// Valid until the next call of next(), and no longer than the input.
  ByteView payload;
  Close close;
};

/// Takes frames apart and puts messages together.
class FrameDecoder {
 public:
  /// `message_bytes_max` bounds one message, fragments together, by the lengths its frames declare.
  FrameDecoder(Role role, std::size_t message_bytes_max)
      : role_(role), message_bytes_max_(message_bytes_max) {}

  /// Takes from the front of `input` up to the end of one message or control frame.
  Decoded next(ByteView& input);

 private:
  enum class State { kHeader, kPayload, kEnded };

  std::size_t header_bytes_needed() const;
  bool take_header(ByteView& input);
  Decoded begin_frame();
  const char* fault_of_first_bytes();
  Decoded take_payload(ByteView& input);
  Decoded end_of_data(ByteView message);
  Decoded end_of_control(ByteView payload);
  Decoded end_of_close(ByteView payload);
  Decoded fail(std::uint16_t code, const char* why);
  bool is_control() const { return (static_cast<std::uint8_t>(opcode_) & 0x8) != 0; }

  const Role role_;
  const std::size_t message_bytes_max_;
  State state_ = State::kHeader;

  // The header of the current frame, as far as it has arrived.
  std::array<std::uint8_t, 14> header_{};
  std::size_t header_bytes_ = 0;

  // The current frame.
  bool final_ = false;
  Opcode opcode_ = Opcode::kContinuation;
  std::uint64_t payload_left_ = 0;
  std::array<std::uint8_t, 4> mask_{};
  std::size_t mask_at_ = 0;

  // The current message, whose fragments control frames may interrupt.
  Bytes message_;
  bool message_is_text_ = false;
  bool in_message_ = false;
  bool message_handed_out_ = false;
  Utf8Check text_;
  std::array<std::uint8_t, 125> control_{};
  std::size_t control_bytes_ = 0;
};

/// The header of one unfragmented server frame. The payload follows as it is, so a fan-out shares
/// it.
class FrameHeader {
 public:
  FrameHeader(Opcode opcode, std::size_t payload_bytes);
  ByteView bytes() const { return {bytes_.data(), size_}; }

 private:
  std::array<std::uint8_t, 10> bytes_{};
  std::size_t size_ = 0;
};

/// One whole server frame in one buffer.
Bytes encode_server_frame(Opcode opcode, ByteView payload);
/// One whole client frame, masked with `mask`.
Bytes encode_client_frame(Opcode opcode, ByteView payload, std::array<std::uint8_t, 4> mask);
/// The payload of a close frame: empty for 1005; the reason cut to fit, between characters.
Bytes close_payload(const Close& close);
/// Whether a close frame may carry that code.
bool may_be_sent(std::uint16_t close_code);

/// Applies a mask in place, `at` bytes into the payload.
void apply_mask(std::span<std::uint8_t> bytes, std::array<std::uint8_t, 4> mask, std::size_t at);

}  // namespace syncline::transport
