#include "room/judgement.hpp"

#include <algorithm>
#include <utility>

namespace syncline::room {
namespace {

using Outcome = Judgement::Outcome;

/// The units of a client that `structs` adds to a document that stands at `clock`; length 0: none.
crdt::IdRange new_units(crdt::ClientId client, const std::vector<crdt::Struct>& structs,
                        crdt::Clock clock) {
  for (const crdt::Struct& one : structs) {
    if (one.kind == crdt::StructKind::kSkip || one.id.clock + one.length <= clock) continue;
    const crdt::Clock from = std::max(clock, one.id.clock);
    const crdt::Clock to = structs.back().id.clock + structs.back().length;
    return {client, from, to - from};
  }
  return {client, clock, 0};
}

/// Whether the update deletes something that is not deleted already.
bool deletes_something_new(const crdt::Update& update, const crdt::Doc& doc) {
  if (update.deletes.empty()) return false;
  const crdt::DeleteSet deleted = doc.delete_set();
  for (const auto& [client, ranges] : update.deletes.ranges()) {
    for (const crdt::IdSet::Range& range : ranges) {
      std::uint64_t known = 0;
      for (const crdt::IdSet::Range& part :
           deleted.intersection({client, range.clock, range.length}))
        known += part.length;
      if (known < range.length) return true;
    }
  }
  return false;
}

Judgement refused(Code code, std::string reason, std::string message, std::string rule) {
  Judgement out;
  out.outcome = Outcome::kRefused;
  out.refusal.code = code;
  out.refusal.reason = std::move(reason);
  out.refusal.message = std::move(message);
  out.refusal.rule = std::move(rule);
  out.refusal.correction = bus::Correction::kRebuild;
  return out;
}

Judgement just(Outcome outcome) {
  Judgement out;
  out.outcome = outcome;
  return out;
}

std::string named(std::string_view identity) {
  return access::is_anonymous(identity) ? "an anonymous session" : std::string(identity);
}

}  // namespace

Judgement judge(crdt::Update update, const crdt::Doc& doc, const Head& head, const Writer& writer) {
  const crdt::StateVector known = doc.state_vector();
  const bool cut_quietly = writer.plain && writer.relayed;
  Judgement out;

  bool adds = false;
  for (auto each = update.structs.begin(); each != update.structs.end();) {
    const auto& [client, structs] = *each;
    const crdt::IdRange added = new_units(client, structs, known.get(client));
    if (added.length == 0) {
      ++each;
      continue;
    }
    const auto holder = head.holders.find(client);
    const bool taken = holder != head.holders.end() && holder->second != writer.identity;
    const bool refused_before = head.refused.intersects(added);
    if ((taken || refused_before) && cut_quietly) {
      each = update.structs.erase(each);
      continue;
    }
    if (refused_before)
      return refused(Code::kConflict, "depends_on_refused",
                     "it holds changes that were refused before", {});
    if (taken)
      return refused(Code::kConflict, "client_id_taken",
                     "client id " + std::to_string(client) + " is in use by someone else than " +
                         named(writer.identity) + ": take a new one",
                     {});
    adds = true;
    if (holder == head.holders.end() && !writer.relayed && !access::is_anonymous(writer.identity))
      out.held.push_back(client);
    ++each;
  }

  if (writer.verdict.verdict != access::Verdict::kAll) {
    if (!adds && !deletes_something_new(update, doc)) return just(Outcome::kNothingNew);
    if (cut_quietly) return just(Outcome::kNothingNew);
    const bool by_path = writer.verdict.verdict == access::Verdict::kByPath;
    access::Subject subject;
    subject.identity = writer.identity;
    return refused(Code::kDenied, "denied",
                   by_path
                       ? "rules with paths are not in this version"
                       : access::explain({false, writer.verdict.rule}, subject, "write", head.url),
                   writer.verdict.rule);
  }
  if (!adds && update.deletes.empty()) return just(Outcome::kNothingNew);
  const bool waits = !doc.unmet(update).empty();
  out.outcome = waits ? Outcome::kWaits : Outcome::kTaken;
  out.update = std::move(update);
  return out;
}

}  // namespace syncline::room
