#include "sync/y_protocol.hpp"

#include "encoding/lib0.hpp"

namespace syncline::sync::y {
namespace {

constexpr std::uint64_t kSyncMessage = 0;
constexpr std::uint64_t kAwarenessMessage = 1;
constexpr std::uint64_t kQueryAwarenessMessage = 3;

}  // namespace

Result<Frame> decode(ByteView frame) {
  encoding::Reader reader(frame);
  const std::uint64_t type = reader.var_uint();
  Frame result = OtherFrame{};
  if (type == kSyncMessage) {
    const std::uint64_t step = reader.var_uint();
    if (step > 2) reader.fail("an unknown step of the sync protocol");
    result = SyncFrame{.step = static_cast<Sync>(step), .payload = reader.var_bytes()};
  } else if (type == kAwarenessMessage) {
    result = AwarenessFrame{.payload = reader.var_bytes()};
  } else if (type == kQueryAwarenessMessage) {
    result = QueryAwarenessFrame{};
  }
  if (reader.failed()) return reader.error();
  return result;
}

Bytes encode_sync(Sync step, ByteView payload) {
  encoding::Writer writer;
  writer.var_uint(kSyncMessage);
  writer.var_uint(static_cast<std::uint64_t>(step));
  writer.var_bytes(payload);
  return writer.take();
}

Bytes encode_awareness(ByteView payload) {
  encoding::Writer writer;
  writer.var_uint(kAwarenessMessage);
  writer.var_bytes(payload);
  return writer.take();
}

Bytes encode_alive() {
  const Bytes nobody{0};
  return encode_awareness(nobody);
}

}  // namespace syncline::sync::y
