#include "bench/replica.hpp"

#include <utility>

namespace syncline::bench {

Replica::Replica(crdt::ClientId client)
    : doc({.client = client}), text(*doc.root("text", crdt::TypeKind::kText).value()) {}

void Replica::edit(const Edit& edit) {
  doc.transact([&](crdt::Transaction&) {
    for (const Patch& patch : edit.patches) {
      if (patch.removed > 0) text.remove(patch.position, patch.removed);
      if (!patch.inserted.empty()) text.insert(patch.position, patch.inserted);
    }
  });
}

void Replica::start(const Recording& recording) {
  if (!recording.start.empty()) text.insert(0, recording.start);
}

void Replica::apply(const Bytes& update) {
  if (!update.empty()) (void)doc.apply_update_v1(update).value();
}

Author::Author(crdt::ClientId client) : Replica(client) {
  listening = doc.on_update([this](const Bytes& update, crdt::Transaction& transaction) {
    if (transaction.local()) made = update;
  });
}

std::vector<Bytes> play(const Recording& recording, std::deque<Author>& authors) {
  std::vector<Bytes> updates;
  updates.reserve(recording.edits.size() + 1);
  for (std::size_t agent = 0; agent < recording.agents; ++agent)
    authors.emplace_back(kFirstClient + agent * kClientStep);
  for (const Edit& edit : recording.edits) {
    Author& author = authors[edit.agent];
    for (const std::size_t received : edit.received) author.apply(updates[received]);
    author.edit(edit);
    updates.push_back(author.take());
  }
  return updates;
}

const std::vector<Bytes>& Material::updates() {
  if (!updates_.empty()) return updates_;
  std::deque<Author> authors;
  if (recording_.concurrent) {
    updates_ = play(recording_, authors);
  } else {
    Author& author = authors.emplace_back(kFirstClient);
    author.start(recording_);
    updates_.push_back(author.take());
    for (const Edit& edit : recording_.edits) {
      author.edit(edit);
      updates_.push_back(author.take());
    }
  }
  std::erase_if(updates_, [](const Bytes& update) { return update.empty(); });
  return updates_;
}

std::size_t Material::update_bytes() {
  std::size_t sum = 0;
  for (const Bytes& update : updates()) sum += update.size();
  return sum;
}

const Bytes& Material::state_v1() {
  if (state_v1_.empty()) state_v1_ = all().doc.encode_state_as_update_v1();
  return state_v1_;
}

const Bytes& Material::state_v2() {
  if (state_v2_.empty()) state_v2_ = all().doc.encode_state_as_update_v2();
  return state_v2_;
}

const Replica& Material::all() {
  if (!all_) {
    all_ = std::make_unique<Replica>(kFirstClient + 1);
    for (const Bytes& update : updates()) all_->apply(update);
  }
  return *all_;
}

}  // namespace syncline::bench
