// Globs over addresses and paths: object URLs, identities.
#pragma once

#include <string_view>

namespace syncline {

/// Whether a glob matches the whole text: `*` stands for any characters but `/`, also none; `**`
/// for any characters; everything else for itself. The empty glob matches every text. Time is at
/// most the product of the two lengths, whatever the glob is, since globs come from other people.
bool glob_match(std::string_view glob, std::string_view text);

}  // namespace syncline
