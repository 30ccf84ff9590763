// Updates without what people wrote, for bug reports: the same structs, other contents.
//
// Contents become the number of their item, names that repeat become one new name each. The numbers
// and caches are those of Yjs's obfuscateUpdate, so that the bytes are too.
#include <map>

#include "crdt/wire.hpp"
#include "encoding/json.hpp"

namespace syncline::crdt {

namespace {

class Obfuscator {
 public:
  explicit Obfuscator(Obfuscation what) : what_(what) {}

  void replace(Struct& item) {
    if (!item.is_item()) return;
    replace_content(item);
    if (item.key && !item.key->empty()) item.key = renamed(keys_, *item.key, number());
    ++count_;
  }

 private:
  using Names = std::map<std::string, std::string>;

  std::string number() const { return std::to_string(count_); }

  /// The new name of `name`: `fresh`, unless it has one.
  static const std::string& renamed(Names& names, const std::string& name, std::string fresh) {
    return names.try_emplace(name, std::move(fresh)).first->second;
  }

  void replace_content(Struct& item) {
    Content& content = item.content;
    switch (item.kind) {
      case StructKind::kType:
        if (!what_.yxml) return;
        if (content.type == TypeKind::kXmlElement) {
          content.text = renamed(nodes_, content.text, "node-" + number());
        } else if (content.type == TypeKind::kXmlHook) {
          content.text = renamed(nodes_, content.text, "hook-" + number());
        }
        return;
      case StructKind::kAny:
        for (Value& value : content.values) value = count_;
        return;
      case StructKind::kBinary:
        content.bytes = {static_cast<std::uint8_t>(count_)};
        return;
      case StructKind::kDoc:
        if (!what_.subdocs) return;
        content.text = number();
        content.values[0] = Value::object();
        return;
      case StructKind::kEmbed:
        return say(content, Value::object());
      case StructKind::kFormat:
        if (what_.formatting) replace_format(content);
        return;
      case StructKind::kJson:
        for (std::string& text : content.json) text = number();
        return;
      case StructKind::kString:
        content.text.assign(item.length, static_cast<char>('0' + count_ % 10));
        return;
      case StructKind::kGC:
      case StructKind::kDeleted:
      case StructKind::kSkip:
        return;
    }
  }

  static void say(Content& content, Value value) {
    content.json.clear();
    content.value = std::make_shared<const Value>(std::move(value));
  }

  /// A null ends a format, and goes on to do so.
  void replace_format(Content& content) {
    content.text = renamed(format_keys_, content.text, number());
    const Value said = json_value(content);
    if (said.is_null()) return;
    const Value fresh = Value::object({{"i", count_}});
    // JavaScript finds primitives again, but of two objects each is another.
    const bool found_again = !said.is_object() && !said.is_array();
    if (!found_again) return say(content, fresh);
    const std::string text = encoding::write_json(said);
    say(content, format_values_.try_emplace(text, fresh).first->second);
  }

  Obfuscation what_;
  std::uint64_t count_ = 0;
  Names keys_;
  Names nodes_;
  Names format_keys_;
  std::map<std::string, Value> format_values_;
};

Result<Bytes> obfuscate(ByteView bytes, UpdateFormat format, Obfuscation what) {
  SYNCLINE_TRY_ASSIGN(update, wire::read_update(bytes, format));
  Obfuscator obfuscator(what);
  for (Struct& item : update.structs) obfuscator.replace(item);
  return wire::write_update(format, update.structs, update.deletes);
}

}  // namespace

Result<Bytes> obfuscate_update_v1(ByteView update, Obfuscation what) {
  return obfuscate(update, UpdateFormat::kV1, what);
}

Result<Bytes> obfuscate_update_v2(ByteView update, Obfuscation what) {
  return obfuscate(update, UpdateFormat::kV2, what);
}

}  // namespace syncline::crdt
