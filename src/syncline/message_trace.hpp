// Hears of every message that a syncer sends and receives: for message sequence charts (`syncline
// demo`).
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace syncline {

class Syncer;

/// `message`: its name as docs/PROTOCOL.md has it. `url`: the object it is about; empty for none.
/// Called on the syncer's thread, with the syncer entered.
using MessageTrace =
    std::function<void(bool sent, std::string_view message, const std::string& url)>;

/// From here on, `trace` hears of the syncer's messages; an empty one ends that.
void trace_messages(Syncer& syncer, MessageTrace trace);

}  // namespace syncline
