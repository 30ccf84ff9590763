// The frame codec of RFC 6455 sections 5, 7.4 and 8.1.
#include "transport/websocket.hpp"

#include <algorithm>
#include <cstring>

#include "transport/tuning.hpp"

namespace syncline::transport {
namespace {

constexpr std::uint8_t kFinalBit = 0x80;
constexpr std::uint8_t kReservedBits = 0x70;
constexpr std::uint8_t kMaskBit = 0x80;
constexpr std::size_t kControlPayloadMax = 125;

bool is_known(std::uint8_t opcode) { return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xA); }

std::uint64_t big_endian(ByteView bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

/// Header bytes before the mask: 2, 4 or 10, written to `out`.
std::size_t write_header(std::uint8_t* out, Opcode opcode, std::size_t payload_bytes) {
  out[0] = static_cast<std::uint8_t>(kFinalBit | static_cast<std::uint8_t>(opcode));
  if (payload_bytes < 126) {
    out[1] = static_cast<std::uint8_t>(payload_bytes);
    return 2;
  }
  const std::size_t length_bytes = payload_bytes <= 0xFFFF ? 2 : 8;
  out[1] = length_bytes == 2 ? 126 : 127;
  for (std::size_t i = 0; i < length_bytes; ++i)
    out[2 + i] = static_cast<std::uint8_t>(payload_bytes >> (8 * (length_bytes - 1 - i)));
  return 2 + length_bytes;
}

}  // namespace

bool Utf8Check::feed(ByteView bytes) {
  for (std::size_t at = 0; at < bytes.size() && !failed_; ++at) {
    const std::uint8_t byte = bytes[at];
    if (left_ > 0) {
      failed_ = byte < low_ || byte > high_;
      low_ = 0x80;
      high_ = 0xBF;
      --left_;
    } else if (byte < 0x80) {
      // Plain text comes in long runs: eight at a time.
      std::uint64_t word = 0;
      while (at + 8 < bytes.size() &&
             (std::memcpy(&word, bytes.data() + at, 8), (word & 0x8080808080808080) == 0)) {
        at += 8;
      }
      if (bytes[at] >= 0x80) --at;
    } else if (byte >= 0xC2 && byte <= 0xDF) {
      left_ = 1;
    } else if (byte >= 0xE0 && byte <= 0xEF) {
      left_ = 2;
      if (byte == 0xE0) low_ = 0xA0;   // shorter forms exist
      if (byte == 0xED) high_ = 0x9F;  // surrogates
    } else if (byte >= 0xF0 && byte <= 0xF4) {
      left_ = 3;
      if (byte == 0xF0) low_ = 0x90;   // shorter forms exist
      if (byte == 0xF4) high_ = 0x8F;  // past U+10FFFF
    } else {
      failed_ = true;
    }
  }
  return !failed_;
}

void apply_mask(std::span<std::uint8_t> bytes, std::array<std::uint8_t, 4> mask, std::size_t at) {
  std::array<std::uint8_t, 8> wide{};
  for (std::size_t i = 0; i < wide.size(); ++i) wide[i] = mask[(at + i) % 4];
  std::uint64_t mask_word = 0;
  std::memcpy(&mask_word, wide.data(), 8);

  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, 8);
    word ^= mask_word;
    std::memcpy(bytes.data() + i, &word, 8);
  }
  for (; i < bytes.size(); ++i) bytes[i] ^= wide[i % 8];
}

// Decoding.

Decoded FrameDecoder::next(ByteView& input) {
  if (message_handed_out_) {
    message_handed_out_ = false;
    message_.clear();
    if (message_.capacity() > tuning::kKeptBufferBytes) message_ = Bytes();
  }
  for (;;) {
    switch (state_) {
      case State::kEnded:
        input = {};
        return {};
      case State::kHeader: {
        if (!take_header(input)) return {};
        if (Decoded failure = begin_frame(); failure.kind == Decoded::Kind::kFailed) return failure;
        if (state_ == State::kHeader) continue;  // the second part of the header is still to come
        break;
      }
      case State::kPayload:
        if (input.empty()) return {};
        break;
    }
    Decoded decoded = take_payload(input);
    if (decoded.kind != Decoded::Kind::kMore) return decoded;
  }
}

std::size_t FrameDecoder::header_bytes_needed() const {
  if (header_bytes_ < 2) return 2;
  const std::uint8_t length = header_[1] & 0x7F;
  const std::size_t length_bytes = length == 126 ? 2 : length == 127 ? 8 : 0;
  return 2 + length_bytes + ((header_[1] & kMaskBit) != 0 ? 4 : 0);
}

/// Gathers header bytes; false when the input ends before the part that is needed next.
bool FrameDecoder::take_header(ByteView& input) {
  const std::size_t needed = header_bytes_needed();
  const std::size_t taken = std::min(needed - header_bytes_, input.size());
  std::copy_n(input.begin(), taken, header_.begin() + static_cast<std::ptrdiff_t>(header_bytes_));
  header_bytes_ += taken;
  input = input.subspan(taken);
  return header_bytes_ == needed;
}

/// Judges what has arrived of the header; enters kPayload when it is complete.
Decoded FrameDecoder::begin_frame() {
  if (const char* fault = fault_of_first_bytes()) return fail(kCloseProtocol, fault);
  const std::size_t needed = header_bytes_needed();
  if (header_bytes_ < needed) return {};

  const bool masked = (header_[1] & kMaskBit) != 0;
  const std::size_t length_end = needed - (masked ? 4 : 0);
  const ByteView header(header_);
  const std::uint64_t extended = big_endian(header.subspan(2, length_end - 2));
  if ((length_end == 4 && extended < 126) || (length_end == 10 && extended <= 0xFFFF))
    return fail(kCloseProtocol, "a length in more bytes than it needs");
  if (extended >> 63 != 0) return fail(kCloseProtocol, "a length of more than 63 bits");
  payload_left_ = length_end == 2 ? header_[1] & 0x7F : extended;
  if (masked)
    std::copy_n(header.begin() + static_cast<std::ptrdiff_t>(length_end), 4, mask_.begin());
  mask_at_ = 0;
  header_bytes_ = 0;
  state_ = State::kPayload;

  if (is_control()) {
    control_bytes_ = 0;
    return {};
  }
  if (payload_left_ > message_bytes_max_ - std::min(message_bytes_max_, message_.size()))
    return fail(kCloseTooLarge, "the message is larger than this side takes");
  if (opcode_ != Opcode::kContinuation) {
    in_message_ = true;
    message_is_text_ = opcode_ == Opcode::kText;
    text_ = Utf8Check();
  }
  return {};
}

const char* FrameDecoder::fault_of_first_bytes() {
  const std::uint8_t opcode = header_[0] & 0x0F;
  if ((header_[0] & kReservedBits) != 0) return "a reserved bit is set";
  if (!is_known(opcode)) return "an unknown opcode";
  final_ = (header_[0] & kFinalBit) != 0;
  opcode_ = static_cast<Opcode>(opcode);
  const bool masked = (header_[1] & kMaskBit) != 0;
  if (masked != (role_ == Role::kServer))
    return masked ? "a server's frame must not be masked" : "a client's frame must be masked";
  if (is_control()) {
    if (!final_) return "a fragmented control frame";
    if ((header_[1] & 0x7F) > kControlPayloadMax) return "a control frame of more than 125 bytes";
    return nullptr;
  }
  const bool continues = opcode_ == Opcode::kContinuation;
  if (continues && !in_message_) return "a continuation of nothing";
  if (!continues && in_message_) return "a new message inside an unfinished one";
  return nullptr;
}

/// Takes what there is of the payload, without copying where a whole frame is there and unmasked.
Decoded FrameDecoder::take_payload(ByteView& input) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, input.size()));
  ByteView piece = input.first(size);
  input = input.subspan(size);
  const bool whole_frame = mask_at_ == 0 && size == payload_left_;
  payload_left_ -= size;

  const bool copies =
      role_ == Role::kServer || !whole_frame || (!is_control() && (!final_ || !message_.empty()));
  std::span<std::uint8_t> copied;
  if (copies && is_control()) {
    copied = std::span(control_).subspan(control_bytes_, size);
    std::ranges::copy(piece, copied.begin());
    control_bytes_ += size;
  } else if (copies) {
    message_.insert(message_.end(), piece.begin(), piece.end());
    copied = std::span(message_).last(size);
  }
  if (copies) {
    if (role_ == Role::kServer) apply_mask(copied, mask_, mask_at_);
    piece = copied;
  }
  mask_at_ += size;

  if (!is_control() && message_is_text_ && !text_.feed(piece))
    return fail(kCloseBadText, "a text that is not UTF-8");
  if (payload_left_ > 0) return {};
  state_ = State::kHeader;
  if (is_control()) {
    return end_of_control(copies ? ByteView(control_).first(control_bytes_) : piece);
  }
  return end_of_data(copies ? ByteView(message_) : piece);
}

Decoded FrameDecoder::end_of_data(ByteView message) {
  if (!final_) return {};
  if (message_is_text_ && !text_.complete())
    return fail(kCloseBadText, "a text that ends inside a character");
  in_message_ = false;
  message_handed_out_ = true;
  return {.kind = message_is_text_ ? Decoded::Kind::kText : Decoded::Kind::kBinary,
          .payload = message,
          .close = {}};
}

Decoded FrameDecoder::end_of_control(ByteView payload) {
  if (opcode_ == Opcode::kClose) return end_of_close(payload);
  return {.kind = opcode_ == Opcode::kPing ? Decoded::Kind::kPing : Decoded::Kind::kPong,
          .payload = payload,
          .close = {}};
}

Decoded FrameDecoder::end_of_close(ByteView payload) {
  Close close{.code = kCloseNoCode, .reason = {}};
  if (payload.size() == 1) return fail(kCloseProtocol, "a close frame with half a code");
  if (payload.size() >= 2) {
    close.code = static_cast<std::uint16_t>(big_endian(payload.first(2)));
    close.reason = text_of(payload.subspan(2));
    if (!may_be_sent(close.code)) return fail(kCloseProtocol, "a close code that may not be sent");
    Utf8Check check;
    if (!check.feed(payload.subspan(2)) || !check.complete())
      return fail(kCloseBadText, "a close reason that is not UTF-8");
  }
  state_ = State::kEnded;
  return {.kind = Decoded::Kind::kClose, .payload = {}, .close = std::move(close)};
}

Decoded FrameDecoder::fail(std::uint16_t code, const char* why) {
  state_ = State::kEnded;
  message_ = Bytes();
  return {.kind = Decoded::Kind::kFailed, .payload = {}, .close = {.code = code, .reason = why}};
}

// Encoding.

FrameHeader::FrameHeader(Opcode opcode, std::size_t payload_bytes)
    : size_(write_header(bytes_.data(), opcode, payload_bytes)) {}

Bytes encode_server_frame(Opcode opcode, ByteView payload) {
  const FrameHeader header(opcode, payload.size());
  Bytes frame;
  frame.reserve(header.bytes().size() + payload.size());
  frame.insert(frame.end(), header.bytes().begin(), header.bytes().end());
  frame.insert(frame.end(), payload.begin(), payload.end());
  return frame;
}

Bytes encode_client_frame(Opcode opcode, ByteView payload, std::array<std::uint8_t, 4> mask) {
  const FrameHeader header(opcode, payload.size());
  Bytes frame;
  frame.reserve(header.bytes().size() + mask.size() + payload.size());
  frame.insert(frame.end(), header.bytes().begin(), header.bytes().end());
  frame[1] |= kMaskBit;
  frame.insert(frame.end(), mask.begin(), mask.end());
  frame.insert(frame.end(), payload.begin(), payload.end());
  apply_mask(std::span(frame).last(payload.size()), mask, 0);
  return frame;
}

Bytes close_payload(const Close& close) {
  if (close.code == kCloseNoCode) return {};
  std::string_view reason = close.reason;
  if (reason.size() > kControlPayloadMax - 2) {
    std::size_t end = kControlPayloadMax - 2;
    while (end > 0 && (static_cast<std::uint8_t>(reason[end]) & 0xC0) == 0x80) --end;
    reason = reason.substr(0, end);
  }
  Bytes payload{static_cast<std::uint8_t>(close.code >> 8), static_cast<std::uint8_t>(close.code)};
  payload.insert(payload.end(), reason.begin(), reason.end());
  return payload;
}

bool may_be_sent(std::uint16_t code) {
  // 1004 to 1006 and 1015 are never on the wire; 1016 to 2999 are not given out yet.
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

}  // namespace syncline::transport
