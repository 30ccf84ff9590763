// Fuzzes the WebSocket frame decoder: no input may break it, and how the input is cut into pieces
// may make no difference. The first byte chooses the role and the cuts.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "transport/websocket.hpp"

namespace {

using syncline::ByteView;
using syncline::transport::Decoded;
using syncline::transport::FrameDecoder;
using syncline::transport::Role;

constexpr std::size_t kMessageBytesMax = 4096;

/// Everything the decoder said, as one string.
std::string decode(Role role, ByteView input, std::size_t piece_bytes) {
  FrameDecoder decoder(role, kMessageBytesMax);
  std::string said;
  while (!input.empty()) {
    ByteView piece = input.first(std::min(piece_bytes, input.size()));
    input = input.subspan(piece.size());
    for (;;) {
      const Decoded decoded = decoder.next(piece);
      if (decoded.kind == Decoded::Kind::kMore) break;
      SYNCLINE_CHECK(decoded.payload.size() <= kMessageBytesMax, "a message past the limit");
      said += std::to_string(static_cast<int>(decoded.kind)) + ':';
      said += syncline::text_of(decoded.payload);
      said += std::to_string(decoded.close.code) + decoded.close.reason + '\n';
    }
    SYNCLINE_CHECK(piece.empty(), "input that was not taken");
  }
  return said;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Role role = (data[0] & 1) != 0 ? Role::kClient : Role::kServer;
  const std::size_t piece_bytes = 1u + (data[0] >> 1);
  const ByteView input(data + 1, size - 1);
  const std::string whole = decode(role, input, size);
  SYNCLINE_CHECK(decode(role, input, piece_bytes) == whole, "pieces decode differently");
  return 0;
}
