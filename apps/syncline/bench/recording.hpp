// Recording: an editing session that was recorded somewhere, as the engine's benchmarks replay it.
//
// Two forms are read (the ones of the public collections of editing traces), gzipped or not:
//   sequential  {"startContent", "endContent", "txns": [{"patches": [[position, removed, inserted],
//               …]}]}
//   concurrent  {"kind": "concurrent", "endContent", "numAgents", "txns": [{"parents": [index, …],
//               "agent", "patches"}]}
// Positions in them count Unicode code points of the author's text at that moment; here they count
// UTF-16 code units, as the engine does.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace syncline::bench {

struct Patch {
  std::size_t position = 0;
  std::size_t removed = 0;
  std::string inserted;
};

/// One transaction of one author. A sequential recording has one patch in each.
struct Edit {
  std::size_t agent = 0;
  std::vector<Patch> patches;
  /// Edits of others that reached the author since its edit before, in the order of the recording.
  std::vector<std::size_t> received;
};

struct Recording {
  std::string name;
  bool concurrent = false;
  std::size_t agents = 1;
  std::string start;
  std::string end;
  std::vector<Edit> edits;
};

/// Reads a file. Throws Error: what is wrong with it, and where.
Recording read_recording(const std::string& path);

}  // namespace syncline::bench
