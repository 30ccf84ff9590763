// Rich text read as a delta: runs of text and embeds with the attributes that hold.
#include "crdt/engine.hpp"
#include "crdt/format_cursor.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt {

namespace {

/// Text up to the next format or embed is one part.
class Parts {
 public:
  void add_text(std::string_view text) { run_ += text; }
  void add_embed(Element embed) {
    end_run();
    push(std::move(embed));
  }
  /// What follows stands by itself.
  void end_run() {
    if (run_.empty()) return;
    // Halves of a pair may have met.
    push(Value(encoding::is_utf8(run_) ? std::move(run_) : encoding::to_wtf8(run_)));
    run_.clear();
  }
  Attributes attributes;
  std::vector<TextPart> take() {
    end_run();
    return std::move(parts_);
  }

 private:
  void push(Element content) {
    parts_.push_back({std::move(content), attributes.empty() ? Value() : attributes.to_object()});
  }

  std::string run_;
  std::vector<TextPart> parts_;
};

}  // namespace

std::vector<TextPart> Engine::to_delta(const TypeState& of, Lens lens) const {
  Parts parts;
  for (Ref ref = of.first; ref != kNone; ref = store[ref].right) {
    const Item& item = store[ref];
    if (!visible(item, lens)) continue;
    if (item.kind == StructKind::kString) {
      parts.add_text(store.text(item));
    } else if (item.kind == StructKind::kType || item.kind == StructKind::kEmbed) {
      parts.add_embed(element(item, 0));
    } else if (item.kind == StructKind::kFormat) {
      parts.end_run();
      parts.attributes.pass(format_key(store, item), format_value(store, item));
    }
  }
  return parts.take();
}

}  // namespace syncline::crdt
