// A document with a long past: words that were typed one before the other, in many places, and all
// deleted again. Nothing of it can be joined, so each is a struct for ever.
#pragma once

#include <cstddef>

#include "crdt/id.hpp"

namespace syncline::bench {

struct Tombstones {
  Bytes update;
  crdt::ClientId client = 0;
  std::size_t structs = 0;
  std::uint64_t units = 0;
};

/// The v1 update of about so many bytes, made without a document; bench/tombstones.mjs makes the
/// same.
Tombstones make_tombstones(std::size_t bytes);

}  // namespace syncline::bench
