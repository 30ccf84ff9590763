// Few identities, named often: an encoding that writes each once.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "encoding/lib0.hpp"

namespace syncline::room {

/// Numbers identities in order of first mention. Value type.
class IdentityTable {
 public:
  using Number = std::uint32_t;

  Number number_of(std::string_view identity) {
    const auto [found, added] =
        numbers_.try_emplace(std::string(identity), static_cast<Number>(names_.size()));
    if (added) names_.push_back(found->first);
    return found->second;
  }
  /// REQUIRES: a number handed out.
  const std::string& name(Number number) const { return names_[number]; }
  std::size_t size() const { return names_.size(); }

  void write(encoding::Writer& writer) const {
    writer.var_uint(names_.size());
    for (const std::string& one : names_) writer.var_string(one);
  }
  /// Fails the reader on malformed input and on names that come twice.
  static IdentityTable read(encoding::Reader& reader) {
    IdentityTable out;
    const std::uint64_t count = reader.var_uint();
    for (std::uint64_t i = 0; i < count && !reader.failed(); ++i) {
      const std::string_view one = reader.var_string();
      if (!reader.failed() && out.number_of(one) != i) reader.fail("an identity is listed twice");
    }
    return out;
  }
  /// A number written with the table; fails the reader where it is none.
  Number read_number(encoding::Reader& reader) const {
    const std::uint64_t number = reader.var_uint();
    if (number < names_.size()) return static_cast<Number>(number);
    reader.fail("an identity is not in the table");
    return 0;
  }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, Number> numbers_;
};

}  // namespace syncline::room
