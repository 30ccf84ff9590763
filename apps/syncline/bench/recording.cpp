#include "bench/recording.hpp"

#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string_view>

#include "encoding/json.hpp"
#include "encoding/utf16.hpp"
#include "syncline/error.hpp"
#include "syncline/value.hpp"

namespace syncline::bench {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& why) {
  throw Error(Code::kMalformed, path + ": " + why);
}

/// The bytes of a file, unzipped where it is gzipped.
std::string read_file(const std::string& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) fail(path, "cannot be read");
  std::string content;
  std::string block(1 << 20, '\0');
  for (;;) {
    const int count = gzread(file.get(), block.data(), static_cast<unsigned>(block.size()));
    if (count < 0) fail(path, "cannot be read, or is a broken gzip file");
    if (count == 0) return content;
    content.append(block, 0, static_cast<std::size_t>(count));
  }
}

const Value& member(const std::string& path, const Value& of, std::string_view name) {
  const Value* found = of.is_object() ? of.find(name) : nullptr;
  if (found == nullptr)
    fail(path, "is no recording of editing: \"" + std::string(name) + "\" is missing");
  return *found;
}

const Value::Array& list(const std::string& path, const Value& value, const char* what) {
  if (!value.is_array()) fail(path, std::string(what) + " must be an array");
  return value.items();
}

const std::string& text(const std::string& path, const Value& value, const char* what) {
  if (!value.is_string()) fail(path, std::string(what) + " must be a string");
  return value.string();
}

std::size_t count(const std::string& path, const Value& value, const char* what) {
  if (!value.is_number() || value.number() < 0) fail(path, std::string(what) + " must be a count");
  return value.as<std::size_t>();
}

std::vector<Patch> read_patches(const std::string& path, const Value& txn) {
  std::vector<Patch> patches;
  for (const Value& patch : list(path, member(path, txn, "patches"), "patches")) {
    const Value::Array& fields = list(path, patch, "a patch");
    if (fields.size() != 3) fail(path, "a patch is [position, removed, inserted]");
    patches.push_back({count(path, fields[0], "a patch's position"),
                       count(path, fields[1], "what a patch removes"),
                       text(path, fields[2], "what a patch inserts")});
  }
  return patches;
}

bool beyond_bmp(std::string_view text) {
  // The first byte of a code point of four bytes.
  return std::any_of(text.begin(), text.end(),
                     [](char byte) { return static_cast<unsigned char>(byte) >= 0xf0; });
}

/// The code units of each code point of a text that is being edited.
class Widths {
 public:
  explicit Widths(std::string_view text) : widths_(of(text)) {}

  /// Makes a patch's positions count code units, and edits the text.
  void convert(Patch& patch) {
    const auto units = [&](std::size_t from, std::size_t to) {
      std::size_t sum = 0;
      for (std::size_t i = from; i < std::min(to, widths_.size()); ++i)
        sum += static_cast<std::size_t>(widths_[i]);
      return sum;
    };
    const std::size_t position = patch.position;
    const std::size_t removed = patch.removed;
    patch.position = units(0, position);
    patch.removed = units(position, position + removed);
    widths_.replace(std::min(position, widths_.size()), removed, of(patch.inserted));
  }

 private:
  static std::string of(std::string_view text) {
    std::string widths;
    for (std::size_t at = 0; at < text.size();) {
      const encoding::CodePoint point = encoding::decode_at(text, at);
      widths.push_back(point.value >= 0x10000 ? '\2' : '\1');
      at += point.bytes;
    }
    return widths;
  }
  std::string widths_;
};

void read_sequential(const std::string& path, const Value& parsed, Recording& recording) {
  recording.start = text(path, member(path, parsed, "startContent"), "startContent");
  bool wide = beyond_bmp(recording.start);
  for (const Value& txn : list(path, member(path, parsed, "txns"), "txns")) {
    for (Patch& patch : read_patches(path, txn)) {
      wide = wide || beyond_bmp(patch.inserted);
      Edit edit;
      edit.patches.push_back(std::move(patch));
      recording.edits.push_back(std::move(edit));
    }
  }
  if (!wide) return;
  Widths widths(recording.start);
  for (Edit& edit : recording.edits) widths.convert(edit.patches.front());
}

/// Finds out what each author had received before each of its edits.
class Deliveries {
 public:
  Deliveries(const std::string& path, std::size_t agents)
      : path_(path), known_(agents), last_of_(agents, kNoEdit) {}

  /// `parents`: the edits whose results the author saw, all earlier ones of theirs included.
  void add(Edit& edit, std::vector<std::size_t> parents) {
    const std::size_t index = parents_.size();
    auto& known = known_[edit.agent];
    known.resize(index + 1, false);
    bool own_seen = last_of_[edit.agent] == kNoEdit;
    for (std::vector<std::size_t> open = parents; !open.empty();) {
      const std::size_t seen = open.back();
      open.pop_back();
      own_seen = own_seen || seen == last_of_[edit.agent];
      if (known[seen]) continue;
      known[seen] = true;
      edit.received.push_back(seen);
      open.insert(open.end(), parents_[seen].begin(), parents_[seen].end());
    }
    if (!own_seen) fail(path_, "an author did not see its own edit before: it has branches");
    std::sort(edit.received.begin(), edit.received.end());
    known[index] = true;
    last_of_[edit.agent] = index;
    parents_.push_back(std::move(parents));
  }
  std::size_t count() const { return parents_.size(); }

 private:
  static constexpr std::size_t kNoEdit = ~std::size_t{0};
  const std::string& path_;
  std::vector<std::vector<std::size_t>> parents_;
  /// By author: which edits it has.
  std::vector<std::vector<bool>> known_;
  std::vector<std::size_t> last_of_;
};

void read_concurrent(const std::string& path, const Value& parsed, Recording& recording) {
  recording.concurrent = true;
  recording.agents = count(path, member(path, parsed, "numAgents"), "numAgents");
  Deliveries deliveries(path, recording.agents);
  for (const Value& txn : list(path, member(path, parsed, "txns"), "txns")) {
    Edit edit;
    edit.agent = count(path, member(path, txn, "agent"), "agent");
    if (edit.agent >= recording.agents) fail(path, "an author beyond numAgents");
    edit.patches = read_patches(path, txn);
    for (const Patch& patch : edit.patches) {
      if (beyond_bmp(patch.inserted))
        fail(path,
             "concurrent recordings with text beyond the Basic Multilingual Plane are not read");
    }
    std::vector<std::size_t> parents;
    for (const Value& parent : list(path, member(path, txn, "parents"), "parents")) {
      parents.push_back(count(path, parent, "a parent"));
      if (parents.back() >= deliveries.count()) fail(path, "a parent that comes later");
    }
    deliveries.add(edit, std::move(parents));
    recording.edits.push_back(std::move(edit));
  }
}

}  // namespace

Recording read_recording(const std::string& path) {
  auto parsed = encoding::parse_json(read_file(path));
  if (!parsed) fail(path, parsed.error().message());
  Recording recording;
  std::string name = std::filesystem::path(path).filename().string();
  recording.name = name.substr(0, name.find('.'));
  recording.end = text(path, member(path, *parsed, "endContent"), "endContent");
  const Value* kind = parsed->find("kind");
  if (kind != nullptr && kind->is_string() && kind->string() == "concurrent") {
    read_concurrent(path, *parsed, recording);
  } else {
    read_sequential(path, *parsed, recording);
  }
  return recording;
}

}  // namespace syncline::bench
