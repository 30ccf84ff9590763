// Fuzzes the frames of the sync-api: no input may break the decoder, and what it reads is written
// and read again as the same.
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "bus/codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace syncline;
  const Result<bus::Body> body = bus::decode(ByteView(data, size));
  if (!body.ok() || std::holds_alternative<bus::Unknown>(*body)) return 0;
  const Bytes written = bus::encode(*body);
  const Result<bus::Body> again = bus::decode(written);
  SYNCLINE_CHECK(again.ok(), "a frame that was written cannot be read");
  SYNCLINE_CHECK(bus::encode(*again) == written, "a frame changes when it is written again");
  return 0;
}
