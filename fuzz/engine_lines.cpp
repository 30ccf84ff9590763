// Fuzzes the line protocol of `syncline engine`: every line gets one answer of the documented
// shape, whatever it says, and a refused update leaves its document as it was.
//
// The first byte chooses: below 0x80 the rest is lines as they are; otherwise it is a program, from
// which requests are composed that get past JSON and past each other: they name documents that are
// there, and use updates, snapshots and positions that were answered, some of them damaged.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.hpp"
#include "encoding/base64.hpp"
#include "encoding/json.hpp"
#include "json_lines/session.hpp"

namespace {

using namespace syncline;

constexpr std::uint8_t kProgram = 0x80;
constexpr std::size_t kLinesMax = 64;

constexpr std::string_view kCodes[] = {"bad_request",  "unknown_doc",   "unknown_target",
                                       "out_of_range", "type_mismatch", "malformed_update",
                                       "not_supported"};

/// Decisions from the fuzzer's bytes; 0 once they are used up.
class Choices {
 public:
  explicit Choices(ByteView bytes) : bytes_(bytes) {}
  bool any() const { return !bytes_.empty(); }
  std::size_t below(std::size_t bound) {
    if (bytes_.empty() || bound == 0) return 0;
    const std::size_t byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte % bound;
  }
  template <typename List>
  const auto& pick(const List& list) {
    return list[below(std::size(list))];
  }

 private:
  ByteView bytes_;
};

/// A session whose every answer is looked at.
class Checked {
 public:
  Value ask(const std::string& line) {
    const std::string text = session_.answer(line);
    SYNCLINE_CHECK(text.find('\n') == std::string::npos, "an answer is one line");
    auto answer = encoding::parse_json(text);
    SYNCLINE_CHECK(answer.ok() && answer->is_object(), "an answer is a JSON object");
    const Value* ok = answer->find("ok");
    SYNCLINE_CHECK(answer->find("id") != nullptr && ok != nullptr && ok->is_bool(),
                   "an answer has id and ok");
    if (!ok->boolean()) {
      const Value* error = answer->find("error");
      SYNCLINE_CHECK(error != nullptr && error->is_object(), "a refusal has an error");
      const std::string& code = error->find("code")->string();
      bool known = false;
      for (const std::string_view one : kCodes) known = known || one == code;
      SYNCLINE_CHECK(known && error->find("message")->is_string(), "a refusal says why");
    }
    return std::move(answer).value();
  }

  /// As ask; where an update is refused its document must be as before.
  Value request(const std::string& line) {
    std::string doc;
    if (auto request = encoding::parse_json(line); request.ok() && request->is_object()) {
      const Value* op = request->find("op");
      const Value* name = request->find("doc");
      if (op != nullptr && *op == Value("doc.apply") && name != nullptr && name->is_string())
        doc = encoding::write_json(*name);
    }
    if (doc.empty()) return ask(line);
    const Value before = state(doc);
    Value answer = ask(line);
    const Value* error = answer.find("error");
    if (error != nullptr)
      SYNCLINE_CHECK(state(doc) == before, "a refused update changed its document");
    return answer;
  }

 private:
  Value state(const std::string& doc) {
    const Value* update = nullptr;
    const Value answer = ask(R"({"id":0,"op":"doc.encode","doc":)" + doc + "}");
    update = answer.find("update");
    return update != nullptr ? *update : Value();
  }

  json_lines::Session session_;
};

constexpr std::string_view kDocs[] = {"a", "b", "c"};
constexpr std::string_view kKeys[] = {"k", "b", "0", ""};
constexpr std::string_view kTexts[] = {"a", "abcd", "é€", "x😀y", "😀😀", "", "\\ud83d"};
constexpr std::string_view kMarks[] = {R"({"bold":true})", R"({"bold":null})",
                                       R"({"color":"red","bold":true})", "{}",
                                       R"({"color":{"x":[1]}})"};
constexpr std::string_view kRoots[] = {
    R"("root":"t","type":"text")",        R"("root":"a","type":"array")",
    R"("root":"m","type":"map")",         R"("root":"x","type":"xml-fragment")",
    R"("root":"e","type":"xml-element")", R"("root":"y","type":"xml-text")",
    R"("root":"h","type":"xml-hook")",    R"("root":"t","type":"map")"};
constexpr std::string_view kSteps[] = {"0", "1", R"("k")", R"("b")", "-1", "5"};
constexpr std::string_view kOrigins[] = {"null", R"("x")", "7", R"({"a":1})"};
constexpr std::string_view kPlain[] = {"1",
                                       R"("é😀")",
                                       "null",
                                       "true",
                                       "1.5",
                                       R"({"k":[1,{}]})",
                                       "[]",
                                       R"({"$bytes":"AQI="})",
                                       R"({"$undefined":true})",
                                       R"({"$bigint":"-5"})",
                                       R"({"$float":"-0"})",
                                       R"({"$float":"NaN"})",
                                       R"({"$float":"no"})"};

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

class Programmer {
 public:
  explicit Programmer(ByteView bytes) : choices_(bytes) {}
  bool any() const { return choices_.any(); }

  std::string next() {
    switch (choices_.below(24)) {
      case 0:
        return line("doc.new", R"(,"client":)" + number() + maybe(R"(,"gc":false)") +
                                   maybe(R"(,"cleanup":false)"));
      case 1:
      case 2:
      case 3:
        return line("doc.apply", bytes("update", updates_) + format() + origin());
      case 4:
        return line("doc.encode", maybe(bytes("since", vectors_)) + format());
      case 5:
        return line("doc.json", R"(,"targets":[)" + target() + "," + target() + "]");
      case 6:
        return line("doc.delta", R"(,"target":)" + target() + maybe(bytes("snapshot", snapshots_)) +
                                     maybe(bytes("previous", snapshots_)));
      case 7:
        return line(choices_.below(2) == 0 ? "doc.snapshot" : "doc.state_vector", "");
      case 8:
        return line("doc.from_snapshot",
                    bytes("snapshot", snapshots_) + R"(,"as":)" + quoted(choices_.pick(kDocs)));
      case 9:
        return line(choices_.below(4) == 0 ? "doc.unobserve" : "doc.observe",
                    R"(,"target":)" + target() + maybe(R"(,"deep":true)"));
      case 10:
        return line("update.merge", R"(,"updates":[)" + chosen(updates_) + "," + chosen(updates_) +
                                        "," + chosen(updates_) + "]" + format());
      case 11:
        return line("update.diff", bytes("update", updates_) + bytes("since", vectors_) + format());
      case 12:
        return line("update.convert", bytes("update", updates_) + R"(,"from":)" + one_or_two() +
                                          R"(,"to":)" + one_or_two());
      case 13:
        return line(choices_.below(2) == 0 ? "update.inspect" : "update.state_vector",
                    bytes("update", updates_) + format());
      case 14:
        return line("snapshot.contains",
                    bytes("snapshot", snapshots_) + bytes("update", updates_) + format());
      case 15:
        return line("undo.new",
                    R"(,"undo":"u","scope":)" +
                        (choices_.below(2) == 0 ? quoted("doc") : "[" + target() + "]") +
                        R"(,"capture_timeout":)" + number());
      case 16:
      case 17: {
        constexpr std::string_view kOps[] = {"undo.undo", "undo.redo", "undo.stack",
                                             "undo.stop_capturing", "undo.clear"};
        return line(choices_.pick(kOps), R"(,"undo":"u")");
      }
      case 18:
        return line("position.create", R"(,"target":)" + target() + R"(,"index":)" + number() +
                                           maybe(R"(,"assoc":-1)"));
      case 19:
        return line("position.resolve",
                    bytes("position", positions_) + maybe(R"(,"follow_undone":false)"));
      case 20: {
        constexpr std::string_view kOps[] = {"doc.roots", "doc.pending", "doc.drop", "no.op"};
        return line(choices_.pick(kOps), "");
      }
      default:
        return transact();
    }
  }

  /// What an answer holds can be used from then on.
  void hear(const Value& answer) {
    const auto take = [&](const char* name, std::vector<std::string>& into) {
      const Value* found = answer.find(name);
      if (found != nullptr && found->is_string()) into.push_back(found->string());
    };
    take("update", updates_);
    take("update_v2", updates_);
    take("snapshot", snapshots_);
    take("state_vector", vectors_);
    take("position", positions_);
  }

 private:
  std::string line(std::string_view op, const std::string& fields) {
    return R"({"id":1,"op":)" + quoted(op) + R"(,"doc":)" + quoted(choices_.pick(kDocs)) + fields +
           "}";
  }
  std::string maybe(std::string text) { return choices_.below(3) == 0 ? text : std::string(); }
  std::string number() { return std::to_string(choices_.below(10)); }
  std::string one_or_two() { return choices_.below(2) == 0 ? "1" : "2"; }
  std::string format() { return choices_.below(2) == 0 ? "" : R"(,"format":2)"; }
  std::string origin() {
    return choices_.below(3) != 0 ? "" : R"(,"origin":)" + std::string(choices_.pick(kOrigins));
  }

  std::string target() {
    std::string text = "{" + std::string(choices_.pick(kRoots));
    if (const std::size_t steps = choices_.below(4); steps > 1) {
      text += R"(,"path":[)" + std::string(choices_.pick(kSteps));
      for (std::size_t i = 2; i < steps; ++i) text += "," + std::string(choices_.pick(kSteps));
      text += "]";
    }
    return text + "}";
  }

  /// Base64 of something that was answered, now and then with one byte changed.
  std::string chosen(const std::vector<std::string>& known) {
    if (known.empty()) return quoted("AAA=");
    const std::string& text = known[known.size() - 1 - choices_.below(known.size())];
    if (choices_.below(4) != 0) return quoted(text);
    Bytes bytes = encoding::from_base64(text).value();
    if (bytes.empty()) return quoted(text);
    const std::size_t at = choices_.below(bytes.size());
    bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ (1U << choices_.below(8)));
    return quoted(encoding::to_base64(bytes));
  }
  std::string bytes(std::string_view name, const std::vector<std::string>& known) {
    return "," + quoted(name) + ":" + chosen(known);
  }

  std::string delta() {
    std::string text = "[";
    for (std::size_t left = 1 + choices_.below(4); left > 0; --left) {
      const std::size_t kind = choices_.below(4);
      text += kind == 0   ? R"({"retain":)" + number()
              : kind == 1 ? R"({"delete":)" + number()
              : kind == 2 ? R"({"insert":)" + quoted(choices_.pick(kTexts))
                          : R"({"insert":)" + value(2);
      if (choices_.below(2) == 0) text += R"(,"attributes":)" + std::string(choices_.pick(kMarks));
      text += left > 1 ? "}," : "}";
    }
    return text + "]";
  }

  std::string values(int depth) {
    std::string text = "[";
    for (std::size_t left = choices_.below(4); left > 0; --left)
      text += value(depth) + (left > 1 ? "," : "");
    return text + "]";
  }

  std::string value(int depth = 0) {
    const std::size_t kind = depth > 3 ? 0 : choices_.below(10);
    const std::string entries =
        "{" + quoted(choices_.pick(kKeys)) + ":" + (kind > 3 ? value(depth + 1) : "1") + "}";
    switch (kind) {
      case 4:
        return R"({"$type":"map","entries":)" + entries + "}";
      case 5:
        return R"({"$type":"array","values":)" + values(depth + 1) + "}";
      case 6:
        return R"({"$type":"text","delta":)" + delta() + "}";
      case 7:
        return R"({"$type":"xml-element","name":"p","attributes":)" + entries + R"(,"children":)" +
               values(depth + 1) + "}";
      case 8:
        return R"({"$type":"xml-text","text":)" + quoted(choices_.pick(kTexts)) + "}";
      case 9: {
        constexpr std::string_view kOthers[] = {
            R"({"$type":"doc","guid":"g","options":{"autoLoad":true}})",
            R"({"$type":"xml-hook","name":"h","entries":{"k":1}})",
            R"({"$type":"xml-fragment","children":[{"$type":"xml-text"}]})", R"({"$type":"no"})"};
        return std::string(choices_.pick(kOthers));
      }
      default:
        return std::string(choices_.pick(kPlain));
    }
  }

  std::string attributes() {
    return choices_.below(2) == 0 ? "" : R"(,"attributes":)" + std::string(choices_.pick(kMarks));
  }

  std::string operation() {
    const auto op = [&](std::string_view name, const std::string& fields) {
      return R"({"op":)" + quoted(name) + R"(,"target":)" + target() + fields + "}";
    };
    const auto at = [&] { return R"(,"at":)" + number(); };
    const auto span = [&] { return at() + R"(,"length":)" + number(); };
    const auto key = [&] { return R"(,"key":)" + quoted(choices_.pick(kKeys)); };
    const auto name = [&] { return R"(,"name":)" + quoted(choices_.pick(kKeys)); };
    switch (choices_.below(16)) {
      case 0:
        return op("text.insert",
                  at() + R"(,"text":)" + quoted(choices_.pick(kTexts)) + attributes());
      case 1:
        return op("text.embed", at() + R"(,"value":)" + value() + attributes());
      case 2:
        return op("text.format", span() + R"(,"attributes":)" + std::string(choices_.pick(kMarks)));
      case 3:
        return op("text.delete", span());
      case 4:
        return op("text.apply_delta", R"(,"delta":)" + delta());
      case 5:
        return op("array.insert", at() + R"(,"values":)" + values(0));
      case 6:
        return op("array.push", R"(,"values":)" + values(0));
      case 7:
        return op("array.delete", span());
      case 8:
        return op("map.set", key() + R"(,"value":)" + value());
      case 9:
        return op("map.delete", key());
      case 10:
        return op("map.clear", "");
      case 11:
        return op("xml.insert", at() + R"(,"values":)" + values(0));
      case 12:
        return op("xml.push", R"(,"values":)" + values(0));
      case 13:
        return op("xml.delete", span());
      case 14:
        return op("xml.set_attribute", name() + R"(,"value":)" + value());
      default:
        return op("xml.remove_attribute", name());
    }
  }

  std::string transact() {
    std::string ops = operation();
    for (std::size_t more = choices_.below(4); more > 0; --more) ops += "," + operation();
    return line("doc.transact", R"(,"ops":[)" + ops + "]" + origin());
  }

  Choices choices_;
  std::vector<std::string> updates_;
  std::vector<std::string> snapshots_;
  std::vector<std::string> vectors_;
  std::vector<std::string> positions_;
};

void run_lines(Checked& session, std::string_view text) {
  for (std::size_t lines = 0; lines < kLinesMax && !text.empty(); ++lines) {
    const std::size_t end = text.find('\n');
    session.request(std::string(text.substr(0, end)));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
}

void run_program(Checked& session, ByteView bytes) {
  Programmer programmer(bytes);
  session.ask(R"({"id":0,"op":"doc.new","doc":"a","client":1})");
  session.ask(R"({"id":0,"op":"doc.new","doc":"b","client":2,"gc":false})");
  for (std::size_t lines = 0; lines < kLinesMax && programmer.any(); ++lines)
    programmer.hear(session.request(programmer.next()));
  // Everything that is left can be read and handed on.
  for (const std::string_view doc : kDocs) {
    const std::string of = R"(,"doc":)" + quoted(doc) + "}";
    session.ask(R"({"id":0,"op":"doc.roots")" + of);
    const Value state = session.ask(R"({"id":0,"op":"doc.encode")" + of);
    const Value* update = state.find("update");
    if (update == nullptr) continue;
    const Value inspected =
        session.ask(R"({"id":0,"op":"update.inspect","update":)" + quoted(update->string()) + "}");
    SYNCLINE_CHECK(*inspected.find("ok") == Value(true), "a document that cannot be handed on");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Checked session;
  // Undo asks for the time; it stands still, so that runs are the same.
  session.ask(R"({"id":0,"op":"clock.set","ms":1000})");
  if ((data[0] & kProgram) != 0) {
    run_program(session, ByteView(data + 1, size - 1));
  } else {
    run_lines(session, std::string_view(reinterpret_cast<const char*>(data + 1), size - 1));
  }
  return 0;
}
