// Typing: changes of texts that make no struct.
//
// Most edits continue the one before: a character behind the last one, or one more taken away
// before a tombstone. The general way makes a struct of each and joins it to its neighbour when the
// transaction ends. Where it is plain that it would end so, the run itself is changed: what the
// document holds afterwards is the same to the byte (tests/unit/crdt/typing_test.cpp compares).
//
// Observers are told by struct, so what is observed changes the general way.
#include <algorithm>

#include "crdt/engine.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt {

SequenceIndex::Place Engine::place_at(TypeState& of, std::uint64_t index) {
  if (caret_.type == of.index && index < caret_.end) {
    const std::uint64_t length = store[caret_.item].length();
    if (caret_.end - index <= length) return {caret_.item, length - (caret_.end - index)};
  }
  return find_position(of, index);
}

/// What every change in place leaves behind.
inline void Engine::note_in_place(RunningTransaction& transaction, TypeState& of, Ref ref) {
  if (of.positions) of.positions->update_later(ref);
  if (transaction.in_place == nullptr) {
    transaction.in_place = &of;
  } else if (transaction.in_place != &of) {
    note_changed(transaction, of, kNone);
  }
  caret_ = {};
}

/// Whether the next unit of a run's client, made between the run and `right`, would join the run.
bool Engine::continues(const Item& run, Ref right) const {
  const Client& owner = store.client(run.client());
  if (run.kind != StructKind::kString || run.deleted || run.redone || run.key() != kNone ||
      run.end() != owner.end || run.content() + run.bytes != owner.text.size()) {
    return false;
  }
  return run.right_origin() == (right == kNone ? kNowhere : store[right].first());
}

inline void Engine::grow(RunningTransaction& transaction, TypeState& of, Ref ref,
                         std::string_view text, std::uint64_t units) {
  Item& run = store[ref];
  const ClientIndex index = run.client();
  Client& owner = store.client(index);
  transaction.touch(index, owner.end);
  owner.text += text;
  run.bytes += static_cast<std::uint32_t>(text.size());
  run.ascii = run.ascii && units == text.size();
  run.set_length(run.length() + units);
  owner.end += units;
  of.length += units;
  note_in_place(transaction, of, ref);
}

bool Engine::type_on(RunningTransaction& transaction, TypeState& of, SequenceIndex::Place before,
                     std::uint64_t index, std::string_view text) {
  const Item& run = store[before.item];
  if (before.offset + 1 != run.length() || store.client(run.client()).id != client) return false;
  if (run.right != kNone && store[run.right].deleted) return false;
  if (queued_ != 1 || !unobserved(of) || !continues(run, run.right) ||
      text.size() >= kNone - run.bytes) {
    return false;
  }
  std::uint64_t units = text.size();
  if (!encoding::is_ascii(text)) {
    if (!encoding::is_utf8(text)) return false;
    units = encoding::utf16_length(text);
  }
  grow(transaction, of, before.item, text, units);
  caret_ = {of.index, before.item, index + units, true};
  return true;
}

void Engine::text_insert(TypeState& of, std::size_t index, std::string_view text) {
  if (open_ != nullptr && type_at_caret(*open_, of, index, text)) return;
  text_insert(of, index, text, std::nullopt);
}

/// Types where the last edit in place ended, with no more to look at than whether that is still so.
inline bool Engine::type_at_caret(RunningTransaction& transaction, TypeState& of,
                                  std::uint64_t index, std::string_view text) {
  if (!caret_.open || caret_.type != of.index || caret_.end != index) return false;
  if (queued_ != 1 || !unobserved(of) || !encoding::is_ascii(text)) return false;
  const Ref ref = caret_.item;
  if (text.size() >= kNone - store[ref].bytes) return false;
  grow(transaction, of, ref, text, text.size());
  caret_ = {of.index, ref, index + text.size(), true};
  return true;
}

/// Whether units of `run`, which `left` and `right` of the same list are made of or beside, are one
/// struct with both once they are deleted: one of the two is the run, the other a tombstone.
bool Engine::one_tombstone(const Item& run, const Item& left, const Item& right) const {
  const Item& tombstone = &run == &left ? right : left;
  return options.gc && run.kind == StructKind::kString && !run.deleted && run.ascii && !run.keep &&
         !run.redone && tombstone.kind == StructKind::kDeleted && !tombstone.keep &&
         !tombstone.redone && left.client() == right.client() && left.end() == right.clock() &&
         right.origin() == left.last() && left.right_origin() == right.right_origin();
}

bool Engine::shrink(RunningTransaction& transaction, TypeState& of, Ref ref, std::uint64_t count) {
  Item& run = store[ref];
  if (run.right == kNone || run.length() <= count) return false;
  Item& tombstone = store[run.right];
  if (!one_tombstone(run, run, tombstone)) return false;
  const Clock border = tombstone.clock() - count;
  store.client(run.client()).structs.moved(tombstone.clock(), border);
  tombstone.set_clock(border);
  tombstone.set_origin({run.client(), tombstone.clock() - 1});
  tombstone.set_length(tombstone.length() + count);
  // As the part of the run that it takes in was, which would have been joined from the left.
  tombstone.countable = true;
  store.cut_back(run, count);
  of.length -= count;
  transaction.add_deleted(run.client(), run.end(), count);
  note_in_place(transaction, of, ref);
  return true;
}

bool Engine::shrink_front(RunningTransaction& transaction, TypeState& of, Ref ref,
                          std::uint64_t count) {
  Item& run = store[ref];
  if (run.left == kNone || run.length() <= count) return false;
  Item& tombstone = store[run.left];
  if (!one_tombstone(run, tombstone, run)) return false;
  transaction.add_deleted(run.client(), run.clock(), count);
  const Clock border = run.clock() + count;
  store.client(run.client()).structs.moved(run.clock(), border);
  tombstone.set_length(tombstone.length() + count);
  run.set_clock(border);
  run.set_origin(tombstone.last());
  store.cut_front(run, count);
  of.length -= count;
  note_in_place(transaction, of, ref);
  return true;
}

bool Engine::erase_in_place(RunningTransaction& transaction, TypeState& of,
                            SequenceIndex::Place first, std::uint64_t index, std::uint64_t length) {
  if (queued_ != 1 || !unobserved(of)) return false;
  const std::uint64_t run = store[first.item].length();
  if (first.offset == 0) {
    if (!shrink_front(transaction, of, first.item, length)) return false;
    caret_ = {of.index, first.item, index + run - length, false};
    return true;
  }
  if (run - first.offset != length || !shrink(transaction, of, first.item, length)) return false;
  caret_ = {of.index, first.item, index, false};
  return true;
}

bool Engine::apply_in_place(RunningTransaction& transaction, const Keystroke& keystroke) {
  const ClientIndex owner = store.index_of(keystroke.id.client);
  if (queued_ != 1 || has_pending() || owner == kNone) return false;
  return keystroke.deleted > 0 ? erase_from(transaction, owner, keystroke)
                               : type_from(transaction, owner, keystroke);
}

bool Engine::type_from(RunningTransaction& transaction, ClientIndex owner,
                       const Keystroke& keystroke) {
  if (store.client(owner).end != keystroke.id.clock || keystroke.id.clock == 0 ||
      keystroke.id.client == client) {
    return false;
  }
  const StructList& structs = store.client(owner).structs;
  const Ref ref = structs.at(structs.last());
  const Item& run = store[ref];
  // Between the run's last unit and what is still its neighbour, so there is nothing to resolve.
  if (!continues(run, run.right) || run.bytes >= kNone - keystroke.text.size() ||
      keystroke.right_origin.has_value() != (run.right != kNone) ||
      (run.right != kNone && *keystroke.right_origin != store.id_of(store[run.right]))) {
    return false;
  }
  TypeState& of = type(run.parent);
  if (!unobserved(of) || of.has_formats) return false;
  const std::uint64_t units = encoding::is_ascii(keystroke.text)
                                  ? keystroke.text.size()
                                  : encoding::utf16_length(keystroke.text);
  grow(transaction, of, ref, keystroke.text, units);
  return true;
}

bool Engine::erase_from(RunningTransaction& transaction, ClientIndex owner,
                        const Keystroke& keystroke) {
  const Clock end = keystroke.id.clock + keystroke.deleted;
  if (store.client(owner).end < end) return false;
  const Ref ref = store.find(owner, keystroke.id.clock);
  const Item& run = store[ref];
  if (run.deleted || run.key() != kNone) return false;
  TypeState& of = type(run.parent);
  if (!unobserved(of) || of.has_formats) return false;
  if (run.clock() == keystroke.id.clock) {
    return shrink_front(transaction, of, ref, keystroke.deleted);
  }
  return run.end() == end && shrink(transaction, of, ref, keystroke.deleted);
}

void Engine::split_in_place(RunningTransaction& transaction) {
  const auto split_before = [&](ClientIndex owner, Clock clock) {
    if (clock > 0 && clock < store.client(owner).end) clean_start(transaction, owner, clock);
  };
  for (const auto& touched : transaction.touched_clients()) {
    split_before(touched.client, touched.before);
  }
  for (const auto& range : transaction.deleted_ranges()) {
    split_before(range.client, range.clock);
    split_before(range.client, range.end());
  }
}

}  // namespace syncline::crdt
