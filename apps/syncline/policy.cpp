// policy check: what a file of rules says about one act, and which of them says so.
#include <chrono>
#include <cstdio>

#include "access/verdict.hpp"
#include "commands.hpp"
#include "forms.hpp"
#include "syncline/path.hpp"
#include "terminal.hpp"

namespace syncline::command {
namespace {

/// The node in question, and all above it, were made by one creator.
class OneCreator final : public access::Authors {
 public:
  explicit OneCreator(const std::string& creator) : creator_(creator) {}
  std::optional<std::string_view> author_of(crdt::ID) const override {
    if (creator_.empty()) return std::nullopt;
    return creator_;
  }

 private:
  const std::string& creator_;
};

/// "2026-11-23T06:00Z", seconds optional; now for the empty text.
std::int64_t moment(const std::string& text) {
  using namespace std::chrono;
  if (text.empty())
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  const int read =
      std::sscanf(text.c_str(), "%4d-%2u-%2uT%2d:%2d", &year, &month, &day, &hour, &minute);
  const year_month_day date{std::chrono::year(year), std::chrono::month(month),
                            std::chrono::day(day)};
  if (read != 5 || !date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59)
    throw Usage{"--at " + text + ": write a time in UTC as 2026-11-23T06:00Z"};
  return (sys_days(date).time_since_epoch() / milliseconds(1)) +
         milliseconds(hours(hour) + minutes(minute)).count();
}

access::Place place_of(const PolicyCheck& arguments) {
  access::Place place;
  place.root = arguments.root.empty() ? "data" : arguments.root;
  if (arguments.path.empty()) return place;
  const std::vector<std::string> steps = must_mean([&] { return parse_pointer(arguments.path); });
  for (std::size_t i = 0; i < steps.size(); ++i) {
    access::Step step{.key = steps[i], .element = steps[i] == "*"};
    // Whatever is above the node is there.
    if (arguments.exists || i + 1 < steps.size()) step.item = crdt::ID{1, i};
    place.steps.push_back(std::move(step));
  }
  return place;
}

access::Decision decide_write(const access::Rules& rules, const access::Subject& subject,
                              const access::Circumstances& now, access::ActionSet actions,
                              const PolicyCheck& arguments) {
  const access::PathVerdict verdict(rules, subject, now);
  const OneCreator authors(arguments.creator);
  const access::Place place = place_of(arguments);
  access::Decision decision;
  for (const access::Action action :
       {access::Action::kAdd, access::Action::kChange, access::Action::kRemove}) {
    if (!actions.contains(action)) continue;
    const access::PathVerdict::Ruling ruling = verdict.decide(place, action, authors);
    decision = {ruling.allow, verdict.name_of(ruling)};
    if (!decision.allow) break;
  }
  return decision;
}

}  // namespace

int run(const PolicyCheck& arguments) {
  const Value source = access_of(arguments.rules);
  const access::Rules rules =
      must_mean([&] { return access::Rules::parse(source).take_or_throw(); });
  access::Subject subject;
  subject.identity = identities_of({arguments.identity}).front();
  subject.owner =
      !arguments.owner.empty() && identities_of({arguments.owner}).front() == subject.identity;
  object_url(arguments.object);  // Rules do not depend on it, but it has to be one.
  subject.groups = arguments.groups;
  subject.roles = arguments.roles;
  const access::Circumstances now{.now_ms = moment(arguments.at)};

  // Read as a rule would: that knows every name there is.
  const Value asked = Value::object(
      {{"rules", Value::Array{Value::object(
                     {{"effect", "allow"}, {"actions", arguments.action}, {"who", "*"}})}}});
  const access::Rules question =
      must_mean([&] { return access::Rules::parse(asked).take_or_throw(); });
  const access::Rule& act = question.rules().front();
  access::Decision decision;
  if (!(act.actions & access::kWrite).empty()) {
    decision = decide_write(rules, subject, now, act.actions, arguments);
  } else {
    for (std::size_t i = 0; i < access::kActions; ++i) {
      const auto action = static_cast<access::Action>(i);
      if (act.actions.contains(action))
        decision = access::decide(rules, subject, action,
                                  act.methods.empty() ? "" : act.methods.front(), now);
    }
  }
  if (decision.allow) {
    print("allow (" + decision.rule + ")\n");
    return kDone;
  }
  print("deny (" + decision.rule + ")\n");
  return kFailed;
}

}  // namespace syncline::command
