// export and import: whole objects out to a file, and in again.
#include "commands.hpp"
#include "connection.hpp"
#include "crdt/update.hpp"
#include "encoding/json.hpp"
#include "forms.hpp"
#include "terminal.hpp"

namespace syncline::command {
namespace {

enum class Format { kJson, kYjs1, kYjs2 };

Format format_of(const std::string& name) {
  if (name == "json") return Format::kJson;
  if (name == "yjs-v1") return Format::kYjs1;
  if (name == "yjs-v2") return Format::kYjs2;
  throw Usage{"--format " + name + ": there are json, yjs-v1 and yjs-v2"};
}

Format format_of_file(const std::string& path) {
  for (const char* ending : {".json", ".JSON"})
    if (path.ends_with(ending)) return Format::kJson;
  for (const char* ending : {".yjs", ".yjs-v1", ".update", ".bin"})
    if (path.ends_with(ending)) return Format::kYjs1;
  if (path.ends_with(".yjs-v2")) return Format::kYjs2;
  throw Usage{"what " + path +
              " holds cannot be told from its name: say --format json, yjs-v1 or yjs-v2"};
}

/// JSON that a new object begins with.
Value tree_of(const std::string& path, ByteView content) {
  auto tree = encoding::parse_json(text_of(content));
  if (!tree) throw Error(Code::kMalformed, path + ": " + tree.error().message());
  if (!tree->is_object())
    throw Error(Code::kMalformed, path + ": an object's content is a JSON object");
  return std::move(tree).value();
}

/// A Yjs update in format 1, which hubs speak.
Bytes update_of(const std::string& path, const Bytes& content, Format format) {
  Result<Bytes> update = content;
  if (format == Format::kYjs2) update = crdt::convert_update_v2_to_v1(content);
  if (update) {
    const auto decoded = crdt::decode_update_v1(*update);
    if (decoded) return std::move(update).value();
    update = decoded.error();
  }
  throw Error(Code::kMalformed,
              path + " is not a Yjs update of that format: " + update.error().message());
}

}  // namespace

int run(const Export& arguments) {
  const std::string url = object_url(arguments.object);
  const sync::Place place = place_of({arguments.object, "", arguments.root});
  const Format format = format_of(arguments.format);
  const bool binary = format != Format::kJson;
  if (binary && !arguments.root.empty())
    throw Usage{"--root is for JSON: a Yjs update holds every root"};
  if (binary && arguments.output.empty() && output_is_terminal())
    throw Usage{"a Yjs update is binary: give it a file with -o FILE"};
  ask_hub(arguments.caller, [&](Client& hub) {
    std::string content;
    if (format == Format::kYjs1)
      content = text_of(hub.fetch(url));
    else if (format == Format::kYjs2)
      content = text_of(crdt::convert_update_v1_to_v2(hub.fetch(url)).value());
    else
      content = encoding::write_json_pretty(hub.read(url, place)) + "\n";
    if (arguments.output.empty())
      print(content);
    else
      write_file(arguments.output, content);
  });
  return kDone;
}

int run(const Import& arguments) {
  const std::string url = object_url(arguments.object);
  const Format format =
      arguments.format.empty() ? format_of_file(arguments.file) : format_of(arguments.format);
  const CreateOptions options{.access = access_of(arguments.access)};
  const Bytes content = read_file(arguments.file);
  if (format == Format::kJson) {
    const Value tree = tree_of(arguments.file, content);
    ask_hub(arguments.caller, [&](Client& hub) { hub.create(url, tree, options); });
    return kDone;
  }
  const Bytes update = update_of(arguments.file, content, format);
  ask_hub(arguments.caller, [&](Client& hub) {
    try {
      hub.create_from(url, update, options);
    } catch (const Error& error) {
      if (error.reason() != "exists") throw;
      hub.import(url, update);
    }
  });
  return kDone;
}

}  // namespace syncline::command
