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

/// Where comparing two moments puts what happened to a run.
constexpr const char* kChange = "ychange";

void mark(Parts& parts, const char* change) {
  parts.end_run();
  parts.attributes.set(kChange, shared_value(Value::object({{"type", change}})));
}

}  // namespace

std::vector<TextPart> Engine::to_delta(const TypeState& of, Lens lens,
                                       const Snapshot* previous) const {
  Parts parts;
  for (Ref ref = of.first; ref != kNone; ref = store[ref].right) {
    const Item& item = store[ref];
    const bool now = visible(item, lens);
    const bool then = previous != nullptr && visible(item, Lens{.at = previous});
    if (!now && !then) continue;
    if (item.kind == StructKind::kString) {
      if (lens.at != nullptr && !now) {
        mark(parts, "removed");
      } else if (previous != nullptr && !then) {
        mark(parts, "added");
      } else if (parts.attributes.has(kChange)) {
        // Also one that was not put here: in Yjs the name is taken.
        parts.end_run();
        parts.attributes.erase(kChange);
      }
      parts.add_text(store.text(item));
    } else if (item.kind == StructKind::kType || item.kind == StructKind::kEmbed) {
      parts.add_embed(element(item, 0));
    } else if (item.kind == StructKind::kFormat && now) {
      parts.end_run();
      parts.attributes.pass(format_key(store, item), format_value(store, item));
    }
  }
  return parts.take();
}

void Engine::split_at(RunningTransaction& transaction, const Snapshot& snapshot) {
  const auto cut = [&](ClientId of, Clock clock) {
    const ClientIndex index = store.index_of(of);
    if (index != kNone && clock < store.client(index).end) clean_start(transaction, index, clock);
  };
  for (const auto& [of, clock] : snapshot.state.clocks()) cut(of, clock);
  for (const auto& [of, ranges] : snapshot.deletes.ranges()) {
    for (const auto& range : ranges) {
      cut(of, range.clock);
      cut(of, range.end());
    }
  }
}

std::vector<TextPart> Engine::delta_between(const TypeState& of, const Snapshot* at,
                                            const Snapshot* previous) {
  std::vector<TextPart> parts;
  // Cuts join again once the transaction ends.
  transact(Value("cleanup"), true, [&](RunningTransaction& transaction) {
    for (const Snapshot* snapshot : {at, previous}) {
      if (snapshot != nullptr) split_at(transaction, *snapshot);
    }
    parts = to_delta(of, Lens{.at = at}, previous);
  });
  return parts;
}

}  // namespace syncline::crdt
