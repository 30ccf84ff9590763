// export and import: whole objects out to a file, and in again.
#include "commands.hpp"
#include "connection.hpp"
#include "crdt/update.hpp"
#include "encoding/json.hpp"
#include "forms.hpp"
#include "terminal.hpp"

namespace syncline::command {
namespace {

enum class Format { kJson, kYjs1 };

Format format_of(const std::string& name) {
  if (name == "json") return Format::kJson;
  if (name == "yjs-v1") return Format::kYjs1;
  if (name == "yjs-v2") throw Usage{"--format yjs-v2 is not in this version"};
  throw Usage{"--format " + name + ": there are json and yjs-v1"};
}

Format format_of_file(const std::string& path) {
  for (const char* ending : {".json", ".JSON"})
    if (path.ends_with(ending)) return Format::kJson;
  for (const char* ending : {".yjs", ".yjs-v1", ".update", ".bin"})
    if (path.ends_with(ending)) return Format::kYjs1;
  throw Usage{"what " + path + " holds cannot be told from its name: say --format json or yjs-v1"};
}

/// JSON that a new object begins with.
Value tree_of(const std::string& path, ByteView content) {
  auto tree = encoding::parse_json(text_of(content));
  if (!tree) throw Error(Code::kMalformed, path + ": " + tree.error().message());
  if (!tree->is_object())
    throw Error(Code::kMalformed, path + ": an object's content is a JSON object");
  return std::move(tree).value();
}

}  // namespace

int run(const Export& arguments) {
  const std::string url = object_url(arguments.object);
  const sync::Place place = place_of({arguments.object, "", arguments.root});
  const Format format = format_of(arguments.format);
  const bool binary = format == Format::kYjs1;
  if (binary && !arguments.root.empty())
    throw Usage{"--root is for JSON: a Yjs update holds every root"};
  if (binary && arguments.output.empty() && output_is_terminal())
    throw Usage{"a Yjs update is binary: give it a file with -o FILE"};
  ask_hub(arguments.caller, [&](Client& hub) {
    std::string content;
    if (binary)
      content = text_of(hub.fetch(url));
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
  if (auto update = crdt::decode_update_v1(content); !update)
    throw Error(Code::kMalformed,
                arguments.file + " is not a Yjs update: " + update.error().message());
  ask_hub(arguments.caller, [&](Client& hub) {
    try {
      hub.create_from(url, content, options);
    } catch (const Error& error) {
      if (error.reason() != "exists") throw;
      hub.import(url, content);
    }
  });
  return kDone;
}

}  // namespace syncline::command
