// What turns one text into another, in UTF-16 code units, and never through the middle of a
// character.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace syncline::crdt {

/// After `index` code units, `removed` becomes `inserted`.
struct TextDifference {
  std::size_t index = 0;
  std::string removed;
  std::string inserted;

  bool empty() const { return removed.empty() && inserted.empty(); }
  friend bool operator==(const TextDifference&, const TextDifference&) = default;
};

/// Keeps the longest common prefix, then the longest common suffix.
TextDifference difference(std::string_view from, std::string_view to);

}  // namespace syncline::crdt
