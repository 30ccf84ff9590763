// bench_engine TRACE.json JOB REPEAT: one job of the document engine on one recorded editing
// session, `repeat` times.
//
// A trace is {"startContent", "endContent", "txns": [{"patches": [[position, deleted, inserted],
// …]}]}; positions count Unicode code points. Jobs:
//   local_update   every patch a transaction of its own, each encoded as a v1 update
//   load_v1        the finished document's v1 update into a fresh document, and its text read
// Prints one JSON line: {"job", "edits", "cpu_ms": [one per repeat], "bytes", "text_ok"}. CPU time
// of the process.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "crdt/doc.hpp"
#include "encoding/json.hpp"
#include "encoding/utf16.hpp"

namespace {

using namespace syncline;

constexpr crdt::ClientId kClient =
    2'917'483'021;  // 32 bits: the size of v1 updates depends on the id

struct Patch {
  std::size_t position = 0;  // UTF-16 code units
  std::size_t removed = 0;
  std::string inserted;
};

struct Trace {
  std::string start;
  std::string end;
  std::vector<Patch> patches;
};

double cpu_ms() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

[[noreturn]] void fail(const std::string& message) {
  std::cerr << "bench_engine: " << message << '\n';
  std::exit(1);
}

Trace read_trace(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  auto parsed = encoding::parse_json(text.str());
  if (!parsed.ok()) fail(path + ": " + parsed.error().message());
  Trace trace;
  trace.start = parsed->find("startContent")->string();
  trace.end = parsed->find("endContent")->string();
  for (const Value& txn : parsed->find("txns")->items())
    for (const Value& patch : txn.find("patches")->items()) {
      const auto& fields = patch.items();
      trace.patches.push_back(
          {fields[0].as<std::size_t>(), fields[1].as<std::size_t>(), fields[2].string()});
    }
  // Code points equal code units in all the recordings we use; refuse others rather than measure
  // something else.
  if (encoding::utf16_length(trace.end) != encoding::to_utf16(trace.end).size())
    fail("text beyond the BMP");
  return trace;
}

struct Typed {
  std::string text;
  std::size_t update_bytes = 0;
  Bytes state;
};

Typed type(const Trace& trace, bool encode_state) {
  crdt::Doc doc({.client = kClient});
  crdt::Text text(*doc.root("text", crdt::TypeKind::kText).value());
  Typed result;
  auto listening = doc.on_update(
      [&](const Bytes& update, crdt::Transaction&) { result.update_bytes += update.size(); });
  if (!trace.start.empty()) text.insert(0, trace.start);
  for (const Patch& patch : trace.patches)
    doc.transact([&](crdt::Transaction&) {
      if (patch.removed > 0) text.remove(patch.position, patch.removed);
      if (!patch.inserted.empty()) text.insert(patch.position, patch.inserted);
    });
  result.text = text.string();
  if (encode_state) result.state = doc.encode_state_as_update_v1();
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: bench_engine TRACE.json local_update|load_v1 REPEAT\n";
    return 2;
  }
  const Trace trace = read_trace(argv[1]);
  const std::string job = argv[2];
  const int repeat = std::atoi(argv[3]);
  const bool load = job == "load_v1";
  if (!load && job != "local_update") fail("unknown job " + job);

  const Bytes state = load ? type(trace, true).state : Bytes{};
  Value::Array times;
  std::size_t bytes = 0;
  bool text_ok = true;
  for (int run = 0; run < repeat; ++run) {
    const double before = cpu_ms();
    if (load) {
      crdt::Doc doc({.client = kClient + 1});
      auto applied = doc.apply_update_v1(state);
      const std::string text =
          crdt::Text(*doc.root("text", crdt::TypeKind::kText).value()).string();
      times.emplace_back(cpu_ms() - before);
      text_ok = text_ok && applied.ok() && text == trace.end;
      bytes = state.size();
    } else {
      const Typed typed = type(trace, false);
      times.emplace_back(cpu_ms() - before);
      text_ok = text_ok && typed.text == trace.end;
      bytes = typed.update_bytes;
    }
  }
  std::cout << encoding::write_json(Value::object({{"job", job},
                                                   {"edits", trace.patches.size()},
                                                   {"cpu_ms", std::move(times)},
                                                   {"bytes", bytes},
                                                   {"text_ok", text_ok}}))
            << '\n';
  return text_ok ? 0 : 1;
}
