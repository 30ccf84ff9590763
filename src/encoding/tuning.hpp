// The limits of encoding.
#pragma once

namespace syncline::encoding {

/// How many arrays and objects an `any` or a JSON text may nest in one another. Readers, writers
/// and destructors recurse, a few hundred bytes of stack a level; 1000 is what the engine promises
/// and more than people write. Past it the input is malformed.
inline constexpr int kMaxDepth = 1000;

}  // namespace syncline::encoding
