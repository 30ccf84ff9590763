// Recognizing keystrokes.
#include "crdt/keystroke.hpp"

#include "crdt/wire.hpp"
#include "encoding/lib0.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt {

std::optional<Keystroke> read_keystroke(ByteView update) {
  encoding::Reader in(update);
  Keystroke result;
  if (const std::uint8_t clients = in.u8(); clients == 1) {
    if (in.u8() != 1) return std::nullopt;
    result.id.client = in.var_uint();
    result.id.clock = in.var_uint();
    const std::uint8_t info = in.u8();
    constexpr auto kText = static_cast<std::uint8_t>(StructKind::kString) | wire::kHasOrigin;
    if ((info & ~wire::kHasRightOrigin) != kText || in.var_uint() != result.id.client ||
        in.var_uint() + 1 != result.id.clock) {
      return std::nullopt;
    }
    if ((info & wire::kHasRightOrigin) != 0) {
      const ClientId client = in.var_uint();
      result.right_origin = ID{client, in.var_uint()};
    }
    result.text = in.var_string();
    if (result.text.empty() || in.u8() != 0) return std::nullopt;
  } else {
    if (clients != 0 || in.u8() != 1) return std::nullopt;
    result.id.client = in.var_uint();
    if (in.u8() != 1) return std::nullopt;
    result.id.clock = in.var_uint();
    result.deleted = in.var_uint();
    if (result.deleted == 0) return std::nullopt;
  }
  if (in.failed() || !in.at_end()) return std::nullopt;
  return result;
}

std::optional<Keystroke> keystroke_of(const Update& update) {
  const auto& deletes = update.deletes.ranges();
  if (update.structs.size() == 1 && deletes.empty()) {
    const std::vector<Struct>& structs = update.structs.begin()->second;
    const Struct& made = structs[0];
    if (structs.size() != 1 || made.kind != StructKind::kString || !made.origin ||
        made.origin->client != made.id.client || made.origin->clock + 1 != made.id.clock ||
        made.content.text.empty() || !encoding::is_utf8(made.content.text)) {
      return std::nullopt;
    }
    return Keystroke{made.id, made.content.text, made.right_origin, 0};
  }
  if (!update.structs.empty() || deletes.size() != 1) return std::nullopt;
  const auto& [client, ranges] = *deletes.begin();
  if (ranges.size() != 1) return std::nullopt;
  return Keystroke{{client, ranges[0].clock}, {}, std::nullopt, ranges[0].length};
}

}  // namespace syncline::crdt
