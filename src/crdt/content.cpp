// The contents of items: slices of a client's arenas, or boxes for the rare kinds.
//
// Splitting inside a surrogate pair gives U+FFFD on both sides, as Yjs does, so that no document
// holds half a character. Those six bytes do not fit where the four of the pair were, so the
// shorter part moves to the arena's end (the shorter one: however often a text is split, each byte
// is copied log n times); slices that are no longer adjacent are copied together when they merge.
#include <algorithm>

#include "base/check.hpp"
#include "crdt/struct_store.hpp"
#include "crdt/tuning.hpp"
#include "encoding/json.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// The surrogate that the last or first three bytes of WTF-8 text stand for; 0 for anything else.
char32_t lone_surrogate(std::string_view text, bool last) {
  if (text.size() < 3) return 0;
  const std::string_view three = last ? text.substr(text.size() - 3) : text.substr(0, 3);
  const auto a = static_cast<unsigned char>(three[0]);
  const auto b = static_cast<unsigned char>(three[1]);
  const auto c = static_cast<unsigned char>(three[2]);
  if (a != 0xed || b < 0xa0) return 0;
  return 0xd000U | ((b & 0x3fU) << 6) | (c & 0x3fU);
}

/// encoding::utf16_offset of text of `length` units, from whichever end is nearer: a text that is
/// split again and again is not walked again and again.
std::size_t offset_of(std::string_view text, std::uint64_t units, std::uint64_t length,
                      bool& inside) {
  if (units <= length / 2) return encoding::utf16_offset(text, units, &inside);
  std::size_t at = text.size();
  for (std::uint64_t left = length - units; left > 0;) {
    do {
      --at;
    } while ((static_cast<unsigned char>(text[at]) & 0xc0) == 0x80);
    const std::uint64_t here = static_cast<unsigned char>(text[at]) >= 0xf0 ? 2 : 1;
    inside = here > left;
    left -= std::min(left, here);
  }
  return at;
}

bool countable(StructKind kind) {
  return kind != StructKind::kDeleted && kind != StructKind::kFormat;
}

}  // namespace

void StructStore::set_string(Item& item, std::string_view text) {
  Client& client = clients_[item.client()];
  SYNCLINE_CHECK(text.size() < kNone, "one text of less than 4 GiB");
  item.kind = StructKind::kString;
  item.countable = true;
  item.ascii = encoding::is_ascii(text);
  item.set_length(item.ascii ? text.size() : encoding::utf16_length(text));
  item.set_content(client.text.size());
  item.bytes = static_cast<std::uint32_t>(text.size());
  client.text += text;
}

void StructStore::cut_back(Item& item, std::uint64_t count) {
  Client& client = clients_[item.client()];
  item.set_length(item.length() - count);
  item.bytes -= static_cast<std::uint32_t>(count);
  if (item.content() + item.bytes + count == client.text.size()) {
    client.text.resize(client.text.size() - count);
  } else {
    client.text_wasted += count;
    compact(item.client());
  }
}

void StructStore::cut_front(Item& item, std::uint64_t count) {
  clients_[item.client()].text_wasted += count;
  item.set_length(item.length() - count);
  item.bytes -= static_cast<std::uint32_t>(count);
  item.set_content(item.content() + count);
  compact(item.client());
}

void StructStore::set_values(Item& item, std::span<const Value> values) {
  Client& client = clients_[item.client()];
  item.kind = StructKind::kAny;
  item.countable = true;
  item.set_length(values.size());
  item.set_content(client.values.size());
  client.values.insert(client.values.end(), values.begin(), values.end());
}

void StructStore::set_content(Item& item, StructKind kind, std::uint64_t length,
                              Content&& content) {
  item.kind = kind;
  item.set_length(length);
  item.countable = countable(kind);
  switch (kind) {
    case StructKind::kString:
      return set_string(item, content.text);
    case StructKind::kAny: {
      Client& client = clients_[item.client()];
      item.set_content(client.values.size());
      std::move(content.values.begin(), content.values.end(), std::back_inserter(client.values));
      return;
    }
    case StructKind::kJson: {
      Client& client = clients_[item.client()];
      item.set_content(client.values.size());
      for (std::string& json : content.json) client.values.emplace_back(std::move(json));
      return;
    }
    case StructKind::kEmbed:
    case StructKind::kFormat:
      if (!content.value) {
        content.value =
            std::make_shared<const Value>(encoding::parse_json(content.json[0]).value());
      }
      [[fallthrough]];
    case StructKind::kBinary:
    case StructKind::kDoc: {
      const Ref box = boxes_.take();
      boxes_[box] = std::move(content);
      item.set_content(box);
      return;
    }
    case StructKind::kGC:
    case StructKind::kDeleted:
    case StructKind::kType:
    case StructKind::kSkip:
      return;
  }
}

void StructStore::set_json(Item& item, StructKind kind, std::string key,
                           std::shared_ptr<const Value> value) {
  static const auto null = std::make_shared<const Value>();
  Content content;
  content.text = std::move(key);
  if (value == nullptr) value = null;
  content.value = std::move(value);
  set_content(item, kind, 1, std::move(content));
}

void StructStore::replace_text(Item& item, std::string_view text) {
  Client& client = clients_[item.client()];
  client.text_wasted += item.bytes;
  item.set_content(client.text.size());
  item.bytes = static_cast<std::uint32_t>(text.size());
  client.text += text;
}

void StructStore::split_content(Item& left, Item& right, std::uint64_t offset) {
  right.set_length(left.length() - offset);
  left.set_length(offset);
  if (left.kind == StructKind::kAny || left.kind == StructKind::kJson) {
    right.set_content(left.content() + offset);
  }
  if (left.kind != StructKind::kString) return;

  const std::string_view whole = text(left);
  bool inside = false;
  const std::size_t cut =
      left.ascii ? offset : offset_of(whole, offset, left.length() + right.length(), inside);
  if (inside) return split_pair(left, right, cut);
  // Yjs looks only at the unit before the cut: also a half that was alone takes the unit after it
  // along.
  if (!left.ascii && cut < whole.size() &&
      encoding::is_high_surrogate(lone_surrogate(whole.substr(0, cut), true))) {
    auto [before, after] = encoding::utf16_split(whole, offset);
    before.replace(before.size() - 3, 3, kReplacement);
    after = std::string(kReplacement) + encoding::utf16_split(after, 1).second;
    replace_text(left, before);
    right.bytes = 0;
    replace_text(right, after);
    return;
  }
  right.set_content(left.content() + cut);
  right.bytes = static_cast<std::uint32_t>(left.bytes - cut);
  left.bytes = static_cast<std::uint32_t>(cut);
}

void StructStore::split_pair(Item& left, Item& right, std::size_t cut) {
  constexpr std::size_t kPairBytes = 4;
  std::string& arena = clients_[left.client()].text;
  const std::size_t begin = left.content();
  const std::size_t after = left.bytes - cut - kPairBytes;
  if (cut < after) {
    std::string before = arena.substr(begin, cut);
    before += kReplacement;
    arena.replace(begin + cut + 1, kReplacement.size(), kReplacement);
    right.set_content(begin + cut + 1);
    right.bytes = static_cast<std::uint32_t>(kReplacement.size() + after);
    left.bytes -= right.bytes;
    replace_text(left, before);
  } else {
    std::string rest(kReplacement);
    rest.append(arena, begin + cut + kPairBytes, after);
    arena.replace(begin + cut, kReplacement.size(), kReplacement);
    left.bytes = static_cast<std::uint32_t>(cut + kReplacement.size());
    right.bytes = static_cast<std::uint32_t>(after + 1);
    replace_text(right, rest);
  }
}

bool StructStore::merge_content(Item& left, Item& right) {
  if (left.kind != right.kind) return false;
  Client& client = clients_[left.client()];
  switch (left.kind) {
    case StructKind::kGC:
    case StructKind::kDeleted:
      return true;
    case StructKind::kString: {
      if (std::uint64_t{left.bytes} + right.bytes >= kNone) return false;
      const bool pair = !left.ascii && !right.ascii &&
                        encoding::is_high_surrogate(lone_surrogate(text(left), true)) &&
                        encoding::is_low_surrogate(lone_surrogate(text(right), false));
      if (left.content() + left.bytes == right.content() && !pair) {
        left.bytes += right.bytes;
      } else if (left.content() + left.bytes == client.text.size() && !pair) {
        client.text += std::string(text(right));
        client.text_wasted += right.bytes;
        left.bytes += right.bytes;
      } else {
        std::string joined(text(left));
        joined += text(right);
        client.text_wasted += right.bytes;
        replace_text(left, pair ? encoding::to_wtf8(joined) : joined);
      }
      left.ascii = left.ascii && right.ascii;
      return true;
    }
    case StructKind::kAny:
    case StructKind::kJson: {
      if (left.content() + left.length() == right.content()) return true;
      std::vector<Value> joined;
      for (const Item* item : {&left, &right}) {
        for (std::uint64_t i = 0; i < item->length(); ++i) {
          joined.push_back(std::move(client.values[item->content() + i]));
        }
      }
      client.values_wasted += joined.size();
      left.set_content(client.values.size());
      std::move(joined.begin(), joined.end(), std::back_inserter(client.values));
      return true;
    }
    case StructKind::kBinary:
    case StructKind::kEmbed:
    case StructKind::kFormat:
    case StructKind::kType:
    case StructKind::kDoc:
    case StructKind::kSkip:
      break;
  }
  return false;
}

void StructStore::drop_content(Item& item, StructKind becomes) {
  Client& client = clients_[item.client()];
  switch (item.kind) {
    case StructKind::kString:
      client.text_wasted += item.bytes;
      break;
    case StructKind::kAny:
    case StructKind::kJson:
      client.values_wasted += item.length();
      for (std::uint64_t i = 0; i < item.length(); ++i) client.values[item.content() + i] = Value();
      break;
    case StructKind::kBinary:
    case StructKind::kEmbed:
    case StructKind::kFormat:
    case StructKind::kDoc:
      boxes_.release(static_cast<Ref>(item.content()));
      break;
    case StructKind::kGC:
    case StructKind::kDeleted:
    case StructKind::kType:
    case StructKind::kSkip:
      break;
  }
  item.kind = becomes;
  item.set_content(0);
  item.bytes = 0;
  item.ascii = false;
}

void StructStore::compact(ClientIndex index) {
  Client& client = clients_[index];
  const bool text =
      client.text_wasted > tuning::kArenaWaste && client.text_wasted > client.text.size() / 2;
  const bool values =
      client.values_wasted > tuning::kArenaWaste && client.values_wasted > client.values.size() / 2;
  if (!text && !values) return;
  std::string kept_text;
  std::vector<Value> kept_values;
  for (auto at = client.structs.first(); !client.structs.is_end(at); at = client.structs.next(at)) {
    Item& item = items_[client.structs.at(at)];
    if (text && item.kind == StructKind::kString) {
      const std::string_view slice = this->text(item);
      item.set_content(kept_text.size());
      kept_text += slice;
    } else if (values && (item.kind == StructKind::kAny || item.kind == StructKind::kJson)) {
      const auto begin = client.values.begin() + static_cast<std::ptrdiff_t>(item.content());
      item.set_content(kept_values.size());
      std::move(begin, begin + static_cast<std::ptrdiff_t>(item.length()),
                std::back_inserter(kept_values));
    }
  }
  if (text) {
    client.text = std::move(kept_text);
    client.text_wasted = 0;
  }
  if (values) {
    client.values = std::move(kept_values);
    client.values_wasted = 0;
  }
}

}  // namespace syncline::crdt
