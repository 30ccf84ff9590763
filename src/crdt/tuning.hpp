// The limits and thresholds of the document engine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace syncline::crdt::tuning {

/// Structs in one update. More is kTooLarge: nobody's document needs them, an attacker's does.
inline constexpr std::size_t kStructsMax = std::size_t{1} << 24;
/// Bytes that one update may take up once decoded, counted as kStructBytes a struct plus its
/// content. More is kTooLarge.
inline constexpr std::uint64_t kDecodedBytesMax = std::uint64_t{1} << 30;
/// What a struct counts for apart from its content. kStructsMax of them are kDecodedBytesMax.
inline constexpr std::uint64_t kStructBytes = 64;
/// How deep shared types are followed into a JSON form; what is nested deeper reads as null. The
/// same depth as that of `any` values and JSON texts. Deep observers do not hear of deeper changes.
inline constexpr int kJsonDepthMax = 1000;

/// Line ends with which a text is filled up where formatting ends past its end. More is kTooLarge:
/// one request must not make a text of any size.
inline constexpr std::uint64_t kPaddingMax = std::uint64_t{1} << 24;
/// Items of a list from which on a position index is kept; shorter lists are walked.
inline constexpr std::size_t kIndexFrom = 48;
/// Structs of a transaction past which a list's delta is found by walking the whole list instead of
/// looking each of them up.
inline constexpr std::size_t kRegionsFrom = 64;
/// Structs in one block of a client's list: a split moves at most this many entries.
inline constexpr std::size_t kStructBlock = 256;
/// Unused bytes (or values) in a client's content arena below which it is never compacted; above
/// it, once they are half of the arena.
inline constexpr std::size_t kArenaWaste = 4096;

}  // namespace syncline::crdt::tuning
