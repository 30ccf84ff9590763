#include "room/judgement.hpp"

#include <algorithm>
#include <utility>

#include "access/touches.hpp"
#include "crdt/inspect.hpp"
#include "room/tuning.hpp"

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
  bus::UpdateRefused& refusal = out.refusal.emplace();
  refusal.code = code;
  refusal.reason = std::move(reason);
  refusal.message = std::move(message);
  refusal.rule = std::move(rule);
  refusal.correction = bus::Correction::kRebuild;
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

/// Content that the room refused before, and that comes again. Its place is taken by now, so it is
/// nothing new; but it is not in the object either.
crdt::IdSet refused_again(const crdt::Update& update, const Head& head) {
  crdt::IdSet again;
  if (head.refused.empty()) return again;
  for (const auto& [client, structs] : update.structs) {
    for (const crdt::Struct& one : structs) {
      if (!one.is_item() || one.kind == crdt::StructKind::kDeleted) continue;
      for (const crdt::IdSet::Range& range :
           head.refused.intersection({client, one.id.clock, one.length}))
        again.add(client, range.clock, range.length);
    }
  }
  return again;
}

/// Whether deleting these units makes a copy that holds them whole again: refused units of lists
/// and texts are deleted here, others are gone without a trace.
bool correctable(const crdt::IdSet& refused, const crdt::Doc& doc) {
  for (const auto& [client, ranges] : refused.ranges()) {
    for (const crdt::IdSet::Range& range : ranges) {
      for (crdt::Clock clock = range.clock; clock < range.end();) {
        const auto unit = crdt::unit_at(doc, {client, clock});
        if (!unit || unit->is_gc()) return false;
        clock = unit->end();
      }
    }
  }
  return true;
}

Bytes encoded(const crdt::IdSet& set) {
  encoding::Writer writer;
  set.write_v1(writer);
  return writer.take();
}

/// The judgement of one update by path.
class Partition {
 public:
  Partition(const crdt::Update& update, const crdt::Doc& doc, const Head& head,
            const access::Authors& authors, const Writer& writer)
      : head_(head), writer_(writer), touches_(access::trace(update, doc, authors)) {
    std::vector<bool> refuse(touches_.touches.size());
    if (writer.verdict.verdict == access::Verdict::kByPath)
      for (std::size_t i = 0; i < refuse.size(); ++i)
        refuse[i] = !allowed(touches_.touches[i], authors);
    rest_ = access::without(update, touches_, std::move(refuse), head.refused);
  }

  bool refuses() const { return !rest_.refused.empty() || !rest_.cut.empty(); }
  access::Remainder& rest() { return rest_; }

  bus::UpdateRefused refusal() const {
    bus::UpdateRefused out;
    out.paths = paths_;
    if (rule_.empty()) {
      out.code = Code::kConflict;
      out.reason = "depends_on_refused";
      out.message = "it depends on changes of " + head_.url + " that were refused";
    } else {
      out.code = Code::kDenied;
      out.reason = "denied";
      out.message = message_;
      out.rule = rule_;
    }
    out.correction = rest_.correctable ? bus::Correction::kDeletes : bus::Correction::kRebuild;
    if (rest_.correctable) out.deletes = encoded(rest_.refused);
    return out;
  }

 private:
  bool allowed(const access::Touch& touch, const access::Authors& authors) {
    for (const access::Action action :
         {access::Action::kAdd, access::Action::kChange, access::Action::kRemove}) {
      if (!touch.needs.contains(action)) continue;
      const auto ruling = writer_.verdict.by_path->decide(touch.place, action, authors);
      if (!ruling.allow) {
        note(touch, action, writer_.verdict.by_path->name_of(ruling));
        return false;
      }
    }
    return true;
  }

  void note(const access::Touch& touch, access::Action action, std::string rule) {
    const std::string path = touch.place.print();
    if (paths_.size() < kRefusedPaths) paths_.push_back(path);
    if (!rule_.empty()) return;
    access::Subject subject;
    subject.identity = writer_.identity;
    rule_ = std::move(rule);
    message_ = access::explain({false, rule_}, subject, access::name(action),
                               (path.empty() ? "the root" : path) + " of " + head_.url);
  }

  const Head& head_;
  const Writer& writer_;
  const access::Touches touches_;
  access::Remainder rest_;
  std::vector<std::string> paths_;
  std::string rule_;
  std::string message_;
};

std::size_t ranges_in(const crdt::IdSet& set) {
  std::size_t count = 0;
  for (const auto& [client, ranges] : set.ranges()) count += ranges.size();
  return count;
}

/// Whether the head has room to remember these units too. Neighbours are one range.
bool remembers(const Head& head, const crdt::IdSet& refused) {
  if (ranges_in(head.refused) + ranges_in(refused) <= kRefusedRanges) return true;
  crdt::IdSet both = head.refused;
  both.add(refused);
  return ranges_in(both) <= std::max(kRefusedRanges, ranges_in(head.refused));
}

/// The part that may be taken, and what is said about the rest.
Judgement taken(crdt::Update update, const crdt::Doc& doc, const Head& head,
                const access::Authors& authors, const Writer& writer,
                std::vector<crdt::ClientId> held, bool adds) {
  Judgement out;
  const crdt::IdSet again = refused_again(update, head);
  out.held = std::move(held);
  if (writer.verdict.verdict == access::Verdict::kByPath || !head.refused.empty()) {
    Partition partition(update, doc, head, authors, writer);
    if (partition.refuses()) {
      out.refusal = partition.refusal();
      if (!remembers(head, partition.rest().refused)) {
        out.outcome = Outcome::kRefused;
        out.held.clear();
        out.refusal->correction = bus::Correction::kRebuild;
        out.refusal->deletes.clear();
        return out;
      }
      out.refused = std::move(partition.rest().refused);
      update = std::move(partition.rest().update);
    }
  }
  if (!again.empty() && !out.refusal) {
    out.refusal.emplace();
    out.refusal->code = Code::kDenied;
    out.refusal->reason = "refused_before";
    out.refusal->message = "it holds changes of " + head.url + " that were refused before";
    const bool whole = correctable(again, doc);
    out.refusal->correction = whole ? bus::Correction::kDeletes : bus::Correction::kRebuild;
    if (whole) out.refusal->deletes = encoded(again);
  }
  const bool changes = adds || !update.deletes.empty();
  if (changes) {
    out.update = std::move(update);
  } else {
    out.outcome = out.refusal ? Outcome::kRefused : Outcome::kNothingNew;
  }
  return out;
}

}  // namespace

Judgement judge(crdt::Update update, const crdt::Doc& doc, const Head& head,
                const access::Authors& authors, const Writer& writer) {
  const crdt::StateVector known = doc.state_vector();
  const bool cut_quietly = writer.plain && writer.relayed;
  std::vector<crdt::ClientId> held;

  bool adds = false;
  for (auto each = update.structs.begin(); each != update.structs.end();) {
    const auto& [client, structs] = *each;
    const crdt::IdRange added = new_units(client, structs, known.get(client));
    if (added.length == 0) {
      ++each;
      continue;
    }
    const auto holder = head.holders.find(client);
    const bool taken_by_others = holder != head.holders.end() && holder->second != writer.identity;
    if (taken_by_others && cut_quietly) {
      each = update.structs.erase(each);
      continue;
    }
    if (taken_by_others)
      return refused(Code::kConflict, "client_id_taken",
                     "client id " + std::to_string(client) + " is in use by someone else than " +
                         named(writer.identity) + ": take a new one",
                     {});
    adds = true;
    if (holder == head.holders.end() && !writer.relayed && !access::is_anonymous(writer.identity))
      held.push_back(client);
    ++each;
  }

  if (writer.verdict.verdict == access::Verdict::kNone) {
    if (!adds && !deletes_something_new(update, doc)) return just(Outcome::kNothingNew);
    if (cut_quietly) return just(Outcome::kNothingNew);
    access::Subject subject;
    subject.identity = writer.identity;
    return refused(Code::kDenied, "denied",
                   access::explain({false, writer.verdict.rule}, subject, "write", head.url),
                   writer.verdict.rule);
  }
  if (!adds && update.deletes.empty() && head.refused.empty()) return just(Outcome::kNothingNew);
  if (!doc.unmet(update).empty()) {
    Judgement out = just(Outcome::kWaits);
    out.update = std::move(update);
    return out;
  }
  return taken(std::move(update), doc, head, authors, writer, std::move(held), adds);
}

Result<void> judge_edit(const crdt::Update& update, const crdt::Doc& doc, const Head& head,
                        const access::Authors& authors, const Writer& writer) {
  const Partition partition(update, doc, head, authors, writer);
  if (!partition.refuses()) return {};
  const bus::UpdateRefused refusal = partition.refusal();
  return Error(refusal.code, refusal.reason, refusal.message);
}

}  // namespace syncline::room
