#include "sim/participant.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "sim/liar.hpp"

namespace syncline::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Value kInitial = Value::object({{"marks", Value::object()},
                                      {"gone", Value::object()},
                                      {"list", Value::array()},
                                      {"map", Value::object()}});

}  // namespace

Participant::Participant(simulation::Node& node, Shared& shared, std::size_t index,
                         std::unique_ptr<storage::Storage> disk)
    : node_(node),
      shared_(shared),
      index_(index),
      random_(node.random()),
      storage_(std::move(disk)) {
  connector_ = shared.network.connector(node);
  if (index == shared.plan.liar) connector_ = make_liar(std::move(connector_));
  sync::Syncer::Options options{
      .link = {.url = "ws://" + shared.hub + "/sync", .identity = identity_of(index), .token = {}}};
  options.hooks.on_refused = [this](const std::string& url, const Error& error) {
    ++shared_.refusals;
    node_.world().trace([&] { return node_.name() + ": " + url + ": " + error.message(); });
    // What was acknowledged before was settled when it was; all else is gone.
    copies_[url].pending.clear();
  };
  options.storage = storage_.get();
  if (storage_ && shared.plan.deciders.contains(index))
    options.on_conflict = [this](const Conflict& conflict) { return decide(conflict); };
  options.hooks.on_message = [this](bool sent, std::string_view message, const std::string& url) {
    node_.world().trace(
        [&] { return node_.name() + (sent ? " -> " : " <- ") + std::string(message) + " " + url; });
  };
  syncer_ =
      std::make_unique<sync::Syncer>(node, node, node.random(), *connector_, std::move(options));
  for (const PlannedObject& planned : shared.plan.objects) get(planned);
  tick();
}

std::optional<DataObject> Participant::copy(const std::string& url) const {
  const auto found = copies_.find(url);
  return found == copies_.end() ? std::nullopt : found->second.object;
}

std::optional<DataObject> Participant::settled(const std::string& url) const {
  const std::optional<DataObject> object = copy(url);
  if (!object || !syncer_->connected() || object->unacknowledged() > 0) return std::nullopt;
  return object;
}

std::string Participant::parked() const {
  std::string text;
  for (const Parked& parked : syncer_->parked())
    for (const Change& change : parked.changes) text += to_value(change).to_json() + "\n";
  return text;
}

bool Participant::shut_out(const std::string& url) const {
  const auto found = copies_.find(url);
  return found != copies_.end() && found->second.denied;
}

// ---- getting the objects
// --------------------------------------------------------------------------

void Participant::get(const PlannedObject& planned) {
  copies_[planned.url].retry.reset();
  syncer_->subscribe(planned.url, [this, &planned](Result<sync::Syncer::Object> object) {
    if (!object.ok() && object.error().code() == Code::kNotFound && planned.owner == index_) {
      create(planned);
    } else {
      got(planned, std::move(object));
    }
  });
}

void Participant::create(const PlannedObject& planned) {
  sync::CreateRequest request{.access = planned.preset};
  for (const std::size_t invited : planned.invited) request.invite.push_back(identity_of(invited));
  syncer_->create(
      planned.url, kInitial, std::move(request),
      [this, &planned](Result<sync::Syncer::Object> object) { got(planned, std::move(object)); });
}

void Participant::got(const PlannedObject& planned, Result<sync::Syncer::Object> object) {
  Copy& copy = copies_[planned.url];
  if (!object.ok()) {
    copy.denied = object.error().code() == Code::kDenied;
    EXPECT_TRUE(!copy.denied || !planned.may_read(index_)) << object.error().message();
    // Not there yet, timed out, disconnected, the disk is full; a create may have been done after
    // all.
    const Duration delay = random_.between(milliseconds(100), seconds(3));
    copy.retry = node_.after(delay, [this, &planned] { get(planned); });
    return;
  }
  EXPECT_TRUE(planned.may_read(index_)) << planned.url << " was shown to " << identity();
  copy.object.emplace(*object);
  shared_.oracle.saw(index_, planned.url, copy.object->get());
  copy.watching = copy.object->observe([this, &planned](const Changes& changes) {
    shared_.oracle.saw(index_, planned.url, changes);
  });
}

// ---- writing
// --------------------------------------------------------------------------------------

void Participant::tick() {
  if (shared_.quiet)
    for (const Parked& parked : syncer_->parked())
      if (parked.id == 0) syncer_->resume(parked.url, 0, [](const Result<void>&) {});
  for (const PlannedObject& planned : shared_.plan.objects) {
    Copy& copy = copies_[planned.url];
    if (!copy.object) continue;
    settle(planned.url, copy);
    if (!shared_.quiet && random_.chance(0.5)) write(planned, copy);
  }
  tick_ = node_.after(random_.between(milliseconds(1), milliseconds(700)), [this] { tick(); });
}

void Participant::settle(const std::string& url, Copy& copy) {
  if (copy.object->unacknowledged() > 0) return;
  for (const Pending& pending : std::exchange(copy.pending, {})) {
    if (pending.removal) {
      shared_.oracle.removal_acknowledged(url, pending.mark);
    } else {
      shared_.oracle.acknowledged(url, pending.mark);
    }
  }
}

void Participant::note_kept(const std::string& url, const std::string& mark) {
  if (!storage_) return;
  // In a turn of its own: the transaction that this is part of is not over.
  node_.post([this, url, mark] {
    syncer_->save([this, url, mark](const Result<void>& saved) {
      if (saved.ok()) shared_.oracle.kept(index_, url, mark);
    });
  });
}

Resolution Participant::decide(const Conflict& conflict) {
  // An object that exists was made by this very participant: before a backup was put back.
  if (conflict.cause == Conflict::Cause::kExists) return Resolution::merge();
  switch (random_.below(shared_.quiet ? 4 : 5)) {
    case 0:
      return Resolution::keep();
    case 1:
      // Marks must not be dropped: whoever counts them would miss them.
      return conflict.cause == Conflict::Cause::kRefused ? Resolution::keep() : Resolution::drop();
    case 2:
      return conflict.cause == Conflict::Cause::kRefused ? Resolution::merge()
             : conflict.local && conflict.local->is_array()
                 ? Resolution::use(Value::array({"decided"}))
                 : Resolution::use("decided");
    case 3:
      return Resolution::merge();
    default:
      return Resolution::undecided();
  }
}

void Participant::write(const PlannedObject& planned, Copy& copy) {
  try {
    if (random_.chance(0.3)) {
      copy.object->transact([&] {
        for (std::uint64_t changes = random_.below(5); changes > 0; --changes)
          write_one(planned, copy);
      });
    } else {
      write_one(planned, copy);
    }
  } catch (const Error& error) {
    // The rules forbid it; the copy is being rebuilt; somebody removed the place.
    const bool expected = error.code() == Code::kDenied || error.code() == Code::kUnavailable ||
                          error.code() == Code::kNotFound;
    EXPECT_TRUE(expected) << error.message();
    EXPECT_FALSE(error.code() == Code::kDenied && planned.may_write(index_)) << error.message();
  }
}

void Participant::write_one(const PlannedObject& planned, Copy& copy) {
  const DataObject& object = *copy.object;
  const bool forged = !planned.may_write(index_);
  std::string mark =
      (forged ? kForged : "p") + std::to_string(index_) + "-" + std::to_string(++shared_.marks);
  switch (random_.below(5)) {
    case 0:
    case 1:
      object["marks"][mark] = index_;
      if (!forged) copy.pending.push_back({.mark = mark});
      if (!forged) note_kept(planned.url, mark);
      break;
    case 2:
      object["gone"][mark] = index_;
      if (!forged) copy.to_remove.push_back(mark);
      break;
    case 3:
      if (copy.to_remove.empty()) break;
      mark = copy.to_remove.back();
      copy.to_remove.pop_back();
      // Refused as a whole with what made it: then it was never there.
      if (!object["gone"][mark].exists()) break;
      object["gone"][mark].remove();
      copy.pending.push_back({.mark = mark, .removal = true});
      break;
    default:
      write_shared(object);
  }
}

/// Changes that meet those of others.
void Participant::write_shared(const DataObject& object) {
  const Node map = object["map"];
  const Node list = object["list"];
  const std::string key(1, static_cast<char>('a' + random_.below(4)));
  switch (random_.below(8)) {
    case 0:
      map[key] = random_.below(100);
      break;
    case 1:
      map[key] = Value::object({{"x", random_.below(100)}, {"y", Value::array({1, "two"})}});
      break;
    case 2:
      map[key].remove();
      break;
    case 3:
      list.push_back(random_.below(100));
      break;
    case 4:
      list.insert(random_.below(list.size() + 1), key);
      break;
    case 5:
      if (list.size() > 0) list.erase(random_.below(list.size()));
      break;
    case 6:
      object["text"].text().insert(random_.below(20), key + "\u00e4\U0001F600");
      break;
    default:
      object["text"].text().erase(random_.below(20), random_.below(5));
  }
}

}  // namespace syncline::sim
