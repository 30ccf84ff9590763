// Merging and diffing updates without a document.
//
// Both follow Yjs's mergeUpdates and diffUpdate struct by struct, because their bytes leave the
// process: pending structs are kept by merging, and encode_state_as_update merges them into what it
// returns. Two habits of Yjs show in those bytes and are kept on purpose. Items that inherit their
// key from an origin lose info bit 0x20 (KeyBit::kLose), and neighbouring GCs are joined only
// where two inputs meet, never inside one.
#include <algorithm>
#include <limits>

#include "crdt/wire.hpp"

namespace syncline::crdt {

namespace wire {

namespace {

Clock end_of(const Struct& item) { return item.id.clock + item.length; }

/// Walks the structs of one input, Skips left out: merging makes its own.
class Input {
 public:
  explicit Input(std::vector<Struct> structs) : structs_(std::move(structs)) { pass_skips(); }
  bool done() const { return next_ == structs_.size(); }
  Struct& current() { return structs_[next_]; }
  const Struct& current() const { return structs_[next_]; }
  void advance() {
    ++next_;
    pass_skips();
  }

 private:
  void pass_skips() {
    while (!done() && current().kind == StructKind::kSkip) ++next_;
  }
  std::vector<Struct> structs_;
  std::size_t next_ = 0;
};

/// Higher clients first, then lower clocks.
bool comes_before(const Input& a, const Input& b) {
  const ID left = a.current().id;
  const ID right = b.current().id;
  return left.client != right.client ? left.client > right.client : left.clock < right.clock;
}

/// The comparison that Yjs sorts its inputs with. It contradicts itself: of an item and a GC at one
/// clock (the same units, collected in one document and not in the other) each comes before the
/// other. Which of the two is merged in is then up to the sorting algorithm.
bool yjs_puts_first(const Input& a, const Input& b) {
  return comes_before(a, b) ||
         (a.current().id == b.current().id && a.current().is_item() != b.current().is_item());
}

/// Sorts as V8 sorts arrays of less than 64 elements, which shows with a comparison like that one:
/// the longest run at the start (turned round if it descends), then binary insertion.
void sort_as_v8(std::vector<Input*>& inputs) {
  if (inputs.size() < 2) return;
  const auto first = inputs.begin();
  const bool descending = yjs_puts_first(*first[1], *first[0]);
  auto run = first + 2;
  while (run != inputs.end() && yjs_puts_first(**run, **(run - 1)) == descending) ++run;
  if (descending) std::reverse(first, run);
  for (; run != inputs.end(); ++run) {
    auto left = first;
    auto right = run;
    while (left != right) {
      const auto middle = left + (right - left) / 2;
      if (yjs_puts_first(**run, **middle)) {
        right = middle;
      } else {
        left = middle + 1;
      }
    }
    std::rotate(left, run, run + 1);
  }
}

/// From so many inputs on V8 sorts otherwise, and ties go to the input that was given first.
constexpr std::size_t kSortedAsV8 = 64;

class Merger {
 public:
  explicit Merger(std::vector<std::vector<Struct>> updates) {
    for (auto& structs : updates) inputs_.emplace_back(std::move(structs));
    for (Input& input : inputs_) {
      if (!input.done()) order_.push_back(&input);
    }
    if (order_.size() < kSortedAsV8) {
      sort_as_v8(order_);
    } else {
      std::stable_sort(order_.begin(), order_.end(),
                       [](const Input* a, const Input* b) { return comes_before(*a, *b); });
    }
  }

  std::vector<Struct> run() {
    while (!order_.empty()) {
      Input& input = *order_.front();
      if (step(input)) take_run(input);
      reorder_front();
    }
    flush();
    return std::move(result_);
  }

 private:
  /// Moves the front input, which has advanced, to its new place among the others.
  void reorder_front() {
    Input* input = order_.front();
    const bool as_v8 = order_.size() < kSortedAsV8;
    if (input->done()) order_.erase(order_.begin());
    if (as_v8) return sort_as_v8(order_);
    if (order_.empty() || order_.front() != input) return;
    auto place = order_.begin() + 1;
    while (place != order_.end() && comes_before(**place, *input)) ++place;
    std::rotate(order_.begin(), order_.begin() + 1, place);
  }

  void flush() {
    if (writing_) result_.push_back(std::move(*writing_));
    writing_.reset();
  }

  void start(Input& input) {
    flush();
    writing_ = std::move(input.current());
    input.advance();
  }

  /// Handles the next struct of the input that is first in order. False: the inputs must be put in
  /// order again before more is taken from this one.
  bool step(Input& input) {
    if (!writing_) {
      client_ = input.current().id.client;
      start(input);
      return true;
    }
    client_ = input.current().id.client;
    const ClientId written = writing_->id.client;
    bool passed = false;
    while (!input.done() && end_of(input.current()) <= end_of(*writing_) &&
           input.current().id.client >= written) {
      input.advance();
      passed = true;
    }
    if (input.done() || input.current().id.client != client_ ||
        (passed && input.current().id.clock > end_of(*writing_))) {
      return false;
    }
    if (client_ != written) {
      start(input);
    } else if (end_of(*writing_) < input.current().id.clock) {
      write_hole(input.current());
    } else {
      join(input);
    }
    return true;
  }

  /// A Skip up to `next`, which take_run then takes.
  void write_hole(const Struct& next) {
    Struct skip;
    skip.kind = StructKind::kSkip;
    skip.id = {client_, end_of(*writing_)};
    skip.length = next.id.clock - skip.id.clock;
    flush();
    writing_ = std::move(skip);
  }

  /// The next struct touches or overlaps what is being written.
  void join(Input& input) {
    Struct& next = input.current();
    if (writing_->kind == StructKind::kGC && next.kind == StructKind::kGC) {
      // The input is not advanced: the next step finds this struct covered.
      writing_->length = end_of(next) - writing_->id.clock;
      return;
    }
    const std::uint64_t overlap = end_of(*writing_) - next.id.clock;
    if (overlap > 0) drop_front(next, overlap);
    start(input);
  }

  /// What follows without a gap in the same input.
  void take_run(Input& input) {
    while (!input.done() && input.current().id.client == client_ &&
           input.current().id.clock == end_of(*writing_)) {
      start(input);
    }
  }

  std::vector<Input> inputs_;
  std::vector<Input*> order_;
  std::optional<Struct> writing_;
  ClientId client_ = 0;
  std::vector<Struct> result_;
};

}  // namespace

std::vector<Struct> diff_structs(std::vector<Struct> structs, const StateVector& since) {
  std::vector<Struct> result;
  for (std::size_t i = 0; i < structs.size();) {
    const ClientId client = structs[i].id.client;
    const Clock known = since.get(client);
    // What is written never starts with a Skip.
    if (structs[i].kind == StructKind::kSkip || end_of(structs[i]) <= known) {
      ++i;
      continue;
    }
    if (known > structs[i].id.clock) drop_front(structs[i], known - structs[i].id.clock);
    for (; i < structs.size() && structs[i].id.client == client; ++i) {
      result.push_back(std::move(structs[i]));
    }
  }
  return result;
}

std::vector<Struct> merge_structs(std::vector<std::vector<Struct>> updates) {
  return Merger(std::move(updates)).run();
}

}  // namespace wire

namespace {

Result<Bytes> merge(std::span<const Bytes> updates, UpdateFormat format) {
  if (updates.empty()) return Error(Code::kMalformed, "no update to merge");
  std::vector<std::vector<Struct>> structs;
  DeleteSet deletes;
  for (const Bytes& bytes : updates) {
    SYNCLINE_TRY_ASSIGN(flat, wire::read_update(bytes, format));
    structs.push_back(std::move(flat.structs));
    deletes.add(DeleteSet::of(std::move(flat.deletes)));
  }
  // Yjs returns a single update as it is.
  if (updates.size() == 1) return Bytes(updates[0]);
  return wire::write_update(format, wire::merge_structs(std::move(structs)), deletes.ranges());
}

Result<Bytes> diff(ByteView update, UpdateFormat format, const StateVector& since) {
  SYNCLINE_TRY_ASSIGN(flat, wire::read_update(update, format));
  return wire::write_update(format, wire::diff_structs(std::move(flat.structs), since),
                            flat.deletes);
}

}  // namespace

Result<Bytes> merge_updates_v1(std::span<const Bytes> updates) {
  return merge(updates, UpdateFormat::kV1);
}

Result<Bytes> merge_updates_v2(std::span<const Bytes> updates) {
  return merge(updates, UpdateFormat::kV2);
}

Result<Bytes> diff_update_v1(ByteView update, const StateVector& since) {
  return diff(update, UpdateFormat::kV1, since);
}

Result<Bytes> diff_update_v2(ByteView update, const StateVector& since) {
  return diff(update, UpdateFormat::kV2, since);
}

}  // namespace syncline::crdt
