// The life of a transaction.
//
// The order is Yjs's: before all, before the transaction, body, before observers, observers, deep
// observers, after the transaction, cleaning formats, collecting and merging, after cleanup,
// updates, subdocuments, after all. Callbacks may change the document; what they open is not nested
// but queued: the body runs at once, its callbacks once those of the transactions before it are
// done. Every callback runs even if one throws; the first exception goes to whoever opened the
// outermost transaction.
#include <algorithm>

#include "base/check.hpp"
#include "crdt/engine.hpp"

namespace syncline::crdt {

RunningTransaction& Engine::begin(Origin&& origin, bool local, std::exception_ptr& error) {
  if (queued_ == queue_.size()) queue_.push_back(std::make_unique<RunningTransaction>(doc, store));
  RunningTransaction& begun = *queue_[queued_++];
  open_ = &begun;
  begun.begin(std::move(origin), local, ++serial_);
  if (has_listeners) tell_begin(begun, error);
  return begun;
}

void Engine::tell_begin(RunningTransaction& begun, std::exception_ptr& error) {
  if (queued_ == 1) {
    before_all_listeners.each([&](const auto& listener) { guarded(error, listener); });
  }
  before_transaction_listeners.each(
      [&](const auto& listener) { guarded(error, [&] { listener(begun); }); });
}

void Engine::end(RunningTransaction& transaction, std::exception_ptr& error) {
  open_ = nullptr;
  if (queued_ == 1 && ends_quietly(transaction)) {
    if (!hears_updates(transaction)) return close_in_place(transaction);
    transaction.finish(false);
    tell_update(transaction, error);
    // Unless a listener opened another.
    if (queued_ == 1) return close_in_place(transaction);
    cleaned_ = 1;
  }
  // Opened by a callback: this loop, further up the stack, will come to it.
  if (queue_.front().get() != &transaction) return;
  for (; cleaned_ < queued_; ++cleaned_) clean_up(*queue_[cleaned_], error);
  for (std::size_t i = 0; i < queued_; ++i) queue_[i]->reset();
  cleaned_ = queued_ = 0;
  after_all_listeners.each([&](const auto& listener) { guarded(error, listener); });
}

inline bool Engine::ends_quietly(const RunningTransaction& transaction) const {
  if (transaction.in_place == nullptr || transaction.untidy || !transaction.changes().empty() ||
      has_listeners || !unobserved(*transaction.in_place)) {
    return false;
  }
  if (transaction.local()) return true;
  // Where somebody else's changes advance this document's client, it takes another id.
  const auto& touched = transaction.touched_clients();
  return std::none_of(touched.begin(), touched.end(),
                      [&](const auto& it) { return store.client(it.client).id == client; });
}

void Engine::clean_up(RunningTransaction& transaction, std::exception_ptr& error) {
  // Undo steps and cleaning formats visit deletions in the order in which clients had some.
  transaction.finish(undo_managers > 0 || (options.cleanup && !transaction.local()));
  if (transaction.in_place != nullptr) note_changed(transaction, *transaction.in_place, kNone);
  observer_error_ = error;
  before_observers_listeners.each(
      [&](const auto& listener) { guarded(observer_error_, [&] { listener(transaction); }); });
  call_observers(transaction);
  after_transaction_listeners.each(
      [&](const auto& listener) { guarded(observer_error_, [&] { listener(transaction); }); });
  error = std::exchange(observer_error_, nullptr);
  if (transaction.wants_cleanup) clean_formats(transaction);
  if (transaction.untidy) {
    if (options.gc && transaction.emptied) collect(transaction);
    merge(transaction);
    caret_ = {};
  }
  const ClientIndex own = store.index_of(client);
  if (!transaction.local() && own != kNone) {
    for (const auto& touched : transaction.touched_clients()) {
      if (touched.client != own || touched.after == touched.before) continue;
      // Somebody else uses this id: go on under another one.
      draw_client();
      if (transaction.applied != nullptr) transaction.applied->client_changed = true;
      break;
    }
  }
  after_cleanup_listeners.each(
      [&](const auto& listener) { guarded(error, [&] { listener(transaction); }); });
  tell_update(transaction, error);
  tell_subdocs(transaction, error);
}

void Engine::tell_update(RunningTransaction& transaction, std::exception_ptr& error) {
  const bool wanted = relays(transaction) || !update_listeners.empty();
  const bool wanted_v2 = !update_v2_listeners.empty();
  if ((!wanted && !wanted_v2) || !transaction.has_content()) return;
  const auto tell = [&](const auto& listeners, const Bytes& update) {
    listeners.each(
        [&](const auto& listener) { guarded(error, [&] { listener(update, transaction); }); });
  };
  if (wanted) {
    Bytes update = transaction.untidy ? encode_transaction(transaction, UpdateFormat::kV1)
                                      : encode_in_place(transaction);
    tell(update_listeners, update);
    if (relays(transaction)) transaction.applied->update = std::move(update);
  }
  if (wanted_v2) {
    tell(update_v2_listeners, encode_transaction(transaction, UpdateFormat::kV2));
  }
}

void Engine::draw_client() {
  // A fixed mixing (splitmix64), so that runs can be repeated; 32 bits, as Yjs draws.
  std::uint64_t seed = client;
  ClientId drawn = 0;
  do {
    seed += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = seed;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    drawn = (mixed ^ (mixed >> 31)) & 0xffffffff;
  } while (store.state(drawn) > 0);
  set_client(drawn);
}

}  // namespace syncline::crdt
