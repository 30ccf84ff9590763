// Comparing and cutting texts at the borders of characters.
#include "crdt/text_difference.hpp"

#include <algorithm>

#include "encoding/utf16.hpp"

namespace syncline::crdt {
namespace {

std::size_t common_prefix(std::string_view a, std::string_view b) {
  std::size_t at = 0;
  while (at < a.size() && at < b.size()) {
    const std::size_t step = encoding::decode_at(a, at).bytes;
    if (a.substr(at, step) != b.substr(at, step)) break;
    at += step;
  }
  return at;
}

std::size_t common_suffix(std::string_view a, std::string_view b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t length = 0;
  while (length < most && a[a.size() - length - 1] == b[b.size() - length - 1]) ++length;
  // Equal bytes may begin inside a character that differs: back to the start of one.
  const auto continues = [&](std::size_t from_end) {
    return (static_cast<unsigned char>(a[a.size() - from_end]) & 0xc0) == 0x80;
  };
  while (length > 0 && continues(length)) --length;
  return length;
}

}  // namespace

TextDifference difference(std::string_view from, std::string_view to) {
  const std::size_t prefix = common_prefix(from, to);
  const std::size_t suffix = common_suffix(from.substr(prefix), to.substr(prefix));
  return {encoding::utf16_length(from.substr(0, prefix)),
          std::string(from.substr(prefix, from.size() - prefix - suffix)),
          std::string(to.substr(prefix, to.size() - prefix - suffix))};
}

}  // namespace syncline::crdt
