// Subdocuments: documents that have a place in this one, and nothing else here but a guid and
// options.
//
// Yjs makes a Doc of each as it comes; here that is up to whoever wants one (Doc::make_subdoc), and
// the engine only keeps account of which are here and which are wanted.
#include "crdt/engine.hpp"

namespace syncline::crdt {

namespace {

bool option(const Value& options, const char* name) {
  const Value* value = options.find(name);
  return value != nullptr && truthy(*value);
}

}  // namespace

Subdoc Engine::subdoc_of(const Item& item) const {
  const Content& content = store.box(item);
  const ID id = store.id_of(item);
  const auto found = subdocs_.find(id);
  return {content.text, content.values[0], id,
          found != subdocs_.end() && found->second.should_load};
}

const Item* Engine::subdoc_item(ID id) const {
  if (!subdocs_.contains(id)) return nullptr;
  const ClientIndex of = store.index_of(id.client);
  if (of == kNone || id.clock >= store.client(of).end) return nullptr;
  const Item& item = store[store.find(of, id.clock)];
  return item.kind == StructKind::kDoc && !item.deleted ? &item : nullptr;
}

std::vector<Subdoc> Engine::subdocs() const {
  std::vector<Subdoc> result;
  for (const auto& [id, state] : subdocs_) {
    if (const Item* item = subdoc_item(id)) result.push_back(subdoc_of(*item));
  }
  return result;
}

void Engine::add_subdoc(RunningTransaction& transaction, const Item& item) {
  const ID id = store.id_of(item);
  const Value& wishes = store.box(item).values[0];
  // One made here has an entry already: it knows whether it is wanted.
  const auto [entry, is_new] = subdocs_.try_emplace(id);
  if (is_new)
    entry->second.should_load = option(wishes, "shouldLoad") || option(wishes, "autoLoad");
  transaction.subdocs_added.push_back(id);
  if (entry->second.should_load) transaction.subdocs_loaded.push_back(id);
}

void Engine::remove_subdoc(RunningTransaction& transaction, const Item& item) {
  // One that came in the same transaction was never told of.
  if (!transaction.adds(item)) transaction.subdocs_removed.push_back(subdoc_of(item));
  subdocs_.erase(store.id_of(item));
}

void Engine::load_subdoc(ID id) {
  if (subdoc_item(id) == nullptr || subdocs_[id].should_load) return;
  change([&](RunningTransaction& transaction) { transaction.subdocs_loaded.push_back(id); });
  if (subdoc_item(id) != nullptr) subdocs_[id].should_load = true;
}

void Engine::destroy_subdoc(ID id) {
  const Item* item = subdoc_item(id);
  if (item == nullptr) return;
  const Subdoc gone = subdoc_of(*item);
  subdocs_[id].should_load = false;
  change([&](RunningTransaction& transaction) {
    transaction.subdocs_added.push_back(id);
    transaction.subdocs_removed.push_back(gone);
  });
}

void Engine::tell_subdocs(RunningTransaction& transaction, std::exception_ptr& error) {
  const bool nothing = transaction.subdocs_added.empty() && transaction.subdocs_loaded.empty() &&
                       transaction.subdocs_removed.empty();
  if (nothing) return;
  if (!subdoc_listeners.empty()) tell_subdoc_listeners(transaction, error);
  // Yjs destroys each that went, in a transaction.
  for (std::size_t n = transaction.subdocs_removed.size(); n > 0; --n) pass_empty_transaction();
}

void Engine::tell_subdoc_listeners(RunningTransaction& transaction, std::exception_ptr& error) {
  SubdocEvent event;
  const auto tell = [&](const std::vector<ID>& ids, std::vector<Subdoc>& told) {
    for (const ID id : ids) {
      if (const Item* item = subdoc_item(id)) told.push_back(subdoc_of(*item));
    }
  };
  tell(transaction.subdocs_loaded, event.loaded);
  tell(transaction.subdocs_added, event.added);
  event.removed = transaction.subdocs_removed;
  if (event.loaded.empty() && event.added.empty() && event.removed.empty()) return;
  subdoc_listeners.each(
      [&](const auto& listener) { guarded(error, [&] { listener(event, transaction); }); });
}

}  // namespace syncline::crdt
