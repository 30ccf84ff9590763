// Judgement: what of an update a room takes. The update was decoded and bounded and is not applied
// yet; refused content reaches neither document nor log.
//
// A verdict of "none" refuses the whole update and keeps nothing of it: see
// docs/decisions/0002-whole-refusals-leave-no-trace.md. A verdict by path takes the allowed part;
// refused units keep their clocks, without their content, and are remembered; where the head has no
// room for more of them (kRefusedRanges), the update is refused as a whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/verdict.hpp"
#include "bus/message.hpp"
#include "crdt/doc.hpp"
#include "room/head.hpp"

namespace syncline::room {

/// Whose update it is, and how it came.
struct Writer {
  std::string_view identity;
  access::WriteVerdict verdict;
  /// Part of a step 2: other people's structs may be in it.
  bool relayed = false;
  /// A plain Yjs client: what it must not relay is left out quietly.
  bool plain = false;
};

/// What becomes of an update.
struct Judgement {
  enum class Outcome {
    kTaken,       ///< `update` may be applied, and changes something; `refusal` tells of the rest
    kNothingNew,  ///< the room has it all, or what it has not is not this writer's to bring
    kWaits,       ///< structs it depends on did not come yet
    kRefused,     ///< all of it; `refusal` says why
  };
  Outcome outcome = Outcome::kTaken;
  crdt::Update update;
  /// Client ids that the writer holds from now on.
  std::vector<crdt::ClientId> held;
  /// Units in `update` that stand for refused ones: to be remembered, and deleted everywhere.
  crdt::IdSet refused;
  /// Without channel, sequence and epoch.
  std::optional<bus::UpdateRefused> refusal;
};

/// Thread: the document's.
Judgement judge(crdt::Update update, const crdt::Doc& doc, const Head& head,
                const access::Authors& authors, const Writer& writer);

/// Whether an edit that the room would make itself is allowed as a whole. kDenied names the first
/// place where it is not. REQUIRES: the verdict is not "none".
Result<void> judge_edit(const crdt::Update& update, const crdt::Doc& doc, const Head& head,
                        const access::Authors& authors, const Writer& writer);

}  // namespace syncline::room
