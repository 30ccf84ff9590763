// The fields of structs whose form differs between the update formats.
#include "crdt/update_codec.hpp"

#include <algorithm>

#include "encoding/json.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt::wire {

void UpdateEncoderV1::json(const Content& content) {
  if (!content.json.empty()) return rest_.var_string(content.json[0]);
  // JSON has no undefined, and Yjs throws here.
  const bool sayable = content.value && !content.value->is_undefined();
  rest_.var_string(sayable ? encoding::write_json(*content.value) : "null");
}

void UpdateEncoderV2::json(const Content& content) {
  if (content.value) return rest_.any(*content.value);
  rest_.any(json_value(content));
}

void UpdateEncoderV2::string(std::string_view text) {
  strings_.write(text, encoding::utf16_length(text));
}

void UpdateEncoderV2::deletes(const DeleteSet::ByClient& ranges) {
  const bool sorted = std::all_of(ranges.begin(), ranges.end(), [](const auto& entry) {
    const auto& list = entry.second;
    return std::adjacent_find(list.begin(), list.end(), [](const auto& a, const auto& b) {
             return b.clock < a.end();
           }) == list.end();
  });
  DeleteSet::write_v2(rest_, sorted ? ranges : DeleteSet::of(ranges).ranges());
}

Bytes UpdateEncoderV2::finish() {
  encoding::Writer out;
  // A feature flag, as yet without meaning.
  out.var_uint(0);
  key_clocks_.finish(out);
  clients_.finish(out);
  left_clocks_.finish(out);
  right_clocks_.finish(out);
  infos_.finish(out);
  strings_.finish(out);
  parent_infos_.finish(out);
  type_kinds_.finish(out);
  lengths_.finish(out);
  out.raw(rest_.bytes());
  return out.take();
}

void UpdateDecoderV1::json(Content& content) {
  content.json.emplace_back(rest_.var_string());
  if (rest_.failed()) return;
  auto value = encoding::parse_json(content.json[0]);
  if (!value.ok()) return rest_.fail("a JSON text that does not parse");
  content.value = std::make_shared<const Value>(std::move(value).value());
}

DeleteSet::Range UpdateDecoderV1::deleted(Clock& /*end*/) {
  const Clock clock = rest_.var_uint();
  return {clock, rest_.var_uint()};
}

UpdateDecoderV2::UpdateDecoderV2(ByteView bytes)
    : rest_(bytes),
      key_clocks_(first_column()),
      clients_(next_column()),
      left_clocks_(next_column()),
      right_clocks_(next_column()),
      infos_(next_column()),
      strings_(next_column()),
      parent_infos_(next_column()),
      type_kinds_(next_column()),
      lengths_(next_column()) {
  // The text of the strings is read at once, wanted or not.
  if (strings_.failed()) rest_.fail("a column of strings whose text cannot be read");
}

std::string UpdateDecoderV2::key() {
  const std::uint64_t number = from(key_clocks_);
  if (number < keys_.size()) return keys_[number];
  std::string key = string();
  if (!rest_.failed()) keys_.push_back(key);
  return key;
}

void UpdateDecoderV2::json(Content& content) {
  content.value = std::make_shared<const Value>(rest_.any());
}

DeleteSet::Range UpdateDecoderV2::deleted(Clock& end) {
  const Clock clock = end + rest_.var_uint();
  const std::uint64_t length = rest_.var_uint() + 1;
  end = clock + length;
  return {clock, length};
}

}  // namespace syncline::crdt::wire
