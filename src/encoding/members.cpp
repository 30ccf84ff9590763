// unite_members: by comparing all pairs where there are few members, by sorting where there are
// many.
#include "encoding/members.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace syncline::encoding {
namespace {

/// Comparing all pairs of this many short names costs less than sorting an index of them.
constexpr std::size_t kFewMembers = 16;

void unite_few(Value::Object& members) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto end = members.begin() + static_cast<std::ptrdiff_t>(kept);
    const auto first = std::find_if(members.begin(), end,
                                    [&](const auto& m) { return m.first == members[i].first; });
    if (first != end) {
      first->second = std::move(members[i].second);
    } else {
      if (kept != i) members[kept] = std::move(members[i]);
      ++kept;
    }
  }
  members.resize(kept);
}

}  // namespace

void unite_members(Value::Object& members) {
  if (members.size() <= kFewMembers) return unite_few(members);

  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const int by_name = members[a].first.compare(members[b].first);
    return by_name != 0 ? by_name < 0 : a < b;
  });

  // Equal names are neighbours now, first to last: the last value moves to the first place.
  std::vector<bool> superseded(members.size());
  bool any_superseded = false;
  for (std::size_t i = 0; i < order.size();) {
    std::size_t last = i;
    while (last + 1 < order.size() && members[order[last + 1]].first == members[order[i]].first) {
      superseded[order[++last]] = true;
      any_superseded = true;
    }
    if (last != i) members[order[i]].second = std::move(members[order[last]].second);
    i = last + 1;
  }
  if (!any_superseded) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (superseded[i]) continue;
    if (kept != i) members[kept] = std::move(members[i]);
    ++kept;
  }
  members.resize(kept);
}

}  // namespace syncline::encoding
