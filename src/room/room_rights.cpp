// Who may write: verdicts of members, and what happens when rules, owner or the hour change them.
#include <algorithm>

#include "room/creation.hpp"
#include "room/room.hpp"

namespace syncline::room {

access::Circumstances Room::circumstances() const {
  return state_.head.circumstances(ports_.clock.wall_ms(), ports_.hub_rules);
}

access::WriteVerdict Room::write_verdict(const std::string& identity) const {
  return access::decide_writes(state_.head.rules, state_.head.subject(identity), circumstances());
}

void Room::renew_verdict(Member& member) {
  if (ports_.clock.wall_ms() >= member.verdict.valid_until_ms)
    member.verdict = write_verdict(member.identity);
}

void Room::set_access(const bus::Message& message, const bus::SetAccess& request) {
  Head& head = state_.head;
  if (request.if_epoch != 0 && request.if_epoch != head.epoch)
    return refuse(message, Error(Code::kConflict, "epoch",
                                 url() + " has epoch " + std::to_string(head.epoch) +
                                     " by now, not " + std::to_string(request.if_epoch)));
  Result<access::Rules> rules = rules_for(request.access, head.owner);
  if (!rules.ok()) return refuse(message, rules.error());
  head.rules = *std::move(rules);
  ++head.epoch;
  log_head(message.identity);
  say(message.from, bus::Done{.request = request.request});
  renew_rights();
}

void Room::renew_rights() {
  const Head& head = state_.head;
  std::vector<bus::Address> shut_out;
  for (auto& [session, member] : members_) {
    const access::Verdict before = member.verdict.verdict;
    member.verdict = write_verdict(member.identity);
    const access::Verdict now = member.verdict.verdict;
    const bool reads = access::decide(head.rules, head.subject(member.identity),
                                      access::Action::kSubscribe, {}, circumstances())
                           .allow;
    if (!reads) {
      shut_out.push_back(session);
      continue;
    }
    if (now != before || member.epoch != head.epoch)
      say(session, bus::Changed{.epoch = head.epoch,
                                .owner = head.owner,
                                .access = head.rules.print(),
                                .may_write = std::string(access::name(now))});
    // What it typed before is judged by the rules now in force: it is asked for it.
    const bool wider =
        now != access::Verdict::kNone && (now != before || now == access::Verdict::kByPath);
    if (member.plain && wider && (now != before || member.epoch != head.epoch))
      say(session, bus::Lacks{.state_vector = state_.doc->state_vector().encode()});
    member.epoch = head.epoch;
  }
  for (const bus::Address& session : shut_out) {
    say(session, bus::Unsubscribed{.code = Code::kDenied, .reason = "denied"});
    leave(session);
  }
  watch_the_clock();
}

void Room::watch_the_clock() {
  const bool timed = state_.head.rules.depends_on_time() ||
                     (ports_.hub_rules != nullptr && ports_.hub_rules->depends_on_time());
  if (!timed || members_.empty()) return clock_watch_.reset();
  if (clock_watch_) return;
  const std::int64_t now = ports_.clock.wall_ms();
  clock_watch_ = ports_.executor.after(std::chrono::milliseconds(access::next_minute(now) - now),
                                       [weak = weak_from_this()] {
                                         const auto self = weak.lock();
                                         if (!self) return;
                                         const Turn turn(*self);
                                         self->clock_watch_.reset();
                                         if (self->life_ == Life::kOpen) self->renew_rights();
                                       });
}

}  // namespace syncline::room
