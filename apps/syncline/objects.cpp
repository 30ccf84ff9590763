// create, get, set, delete, ls, info: one question to the hub each.
#include <algorithm>
#include <array>
#include <ctime>

#include "commands.hpp"
#include "connection.hpp"
#include "encoding/json.hpp"
#include "forms.hpp"
#include "kept.hpp"
#include "terminal.hpp"

namespace syncline::command {
namespace {

/// JSON for whoever reads: indented on a terminal, one line elsewhere.
std::string shown(const Value& value, bool one_line) {
  const bool pretty = output_is_terminal() && !one_line;
  return (pretty ? encoding::write_json_pretty(value) : encoding::write_json(value)) + "\n";
}

/// A cell of a table: strings as they are, everything else as JSON.
std::string cell(const Value* value) {
  if (value == nullptr) return "";
  return value->is_string() ? value->string() : encoding::write_json(*value);
}

/// Rows in columns, two spaces apart; the first row is the heading.
std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  for (std::size_t n = 0; n < rows.size(); ++n) {
    std::string line;
    for (std::size_t i = 0; i < rows[n].size(); ++i) {
      line += rows[n][i];
      if (i + 1 < rows[n].size()) line.append(widths[i] - rows[n][i].size() + 2, ' ');
    }
    out += (n == 0 ? styled(Style::kBold, line) : line) + "\n";
  }
  return out;
}

std::string access_name(const Value* access) {
  return access != nullptr && !access->is_string() ? "rules" : cell(access);
}

std::string date(const Value* created_ms) {
  if (created_ms == nullptr || !created_ms->is_number()) return "";
  const auto seconds = static_cast<std::time_t>(created_ms->number() / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> out{};
  std::strftime(out.data(), out.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return out.data();
}

void only_data_root(const Location& location) {
  if (!location.root.empty())
    throw Usage{"--root is not in this version for a data file: leave out --data"};
}

void edit(const Caller& caller, const Location& location, const char* op, Value value) {
  const std::string url = object_url(location.object);
  const sync::Place place = place_of(location);
  ask_hub(caller, [&](Client& hub) {
    hub.edit(url, place, {{.op = op, .pointer = place.pointer, .value = std::move(value)}});
  });
}

}  // namespace

int run(const Create& arguments) {
  const std::string url = object_url(arguments.object);
  const Value data = json_of("--data", arguments.data);
  if (!data.is_object()) throw Usage{"--data must be a JSON object: {\"title\":\"Plan\"}"};
  const CreateOptions options{.access = access_of(arguments.access),
                              .invite = identities_of(arguments.invite),
                              .schema = schema_of(arguments.schema)};
  if (is_kept(arguments.caller)) {
    create_kept(arguments.caller, url, data, options);
  } else {
    ask_hub(arguments.caller, [&](Client& hub) { hub.create(url, data, options); });
  }
  return kDone;
}

int run(const Get& arguments) {
  const std::string url = object_url(arguments.location.object);
  const sync::Place place = place_of(arguments.location);
  if (is_kept(arguments.caller)) {
    only_data_root(arguments.location);
    print(shown(get_kept(arguments.caller, url, place.pointer), arguments.json));
    return kDone;
  }
  ask_hub(arguments.caller,
          [&](Client& hub) { print(shown(hub.read(url, place), arguments.json)); });
  return kDone;
}

int run(const Set& arguments) {
  Value value = json_of("the value", arguments.value);
  if (arguments.text && !value.is_string()) throw Usage{"--text takes a JSON string"};
  if (is_kept(arguments.caller)) {
    only_data_root(arguments.location);
    if (arguments.replace) throw Usage{"--replace is not in this version for a data file"};
    set_kept(arguments.caller, object_url(arguments.location.object),
             place_of(arguments.location).pointer, value, arguments.text);
    return kDone;
  }
  edit(arguments.caller, arguments.location,
       arguments.text      ? "text"
       : arguments.replace ? "replace"
                           : "set",
       std::move(value));
  return kDone;
}

int run(const Delete& arguments) {
  if (!arguments.whole && is_kept(arguments.caller)) {
    only_data_root(arguments.location);
    delete_kept(arguments.caller, object_url(arguments.location.object),
                place_of(arguments.location).pointer);
    return kDone;
  }
  if (!arguments.whole) {
    edit(arguments.caller, arguments.location, "delete", nullptr);
    return kDone;
  }
  if (!arguments.location.root.empty())
    throw Usage{"--root needs a pointer: a root itself cannot be deleted"};
  const std::string url = object_url(arguments.location.object);
  ask_hub(arguments.caller, [&](Client& hub) { hub.remove(url); });
  return kDone;
}

int run(const List& arguments) {
  ask_hub(arguments.caller, [&](Client& hub) {
    const std::vector<bus::Entry> entries = hub.list(arguments.glob);
    std::string lines;
    std::vector<std::vector<std::string>> rows{{"URL", "OWNER", "ACCESS"}};
    for (const bus::Entry& entry : entries) {
      Value line = Value::object({{"url", entry.url}});
      if (entry.about.is_object())
        for (const auto& [name, value] : entry.about.members()) line.set(name, value);
      lines += encoding::write_json(line) + "\n";
      rows.push_back(
          {entry.url, cell(entry.about.find("owner")), access_name(entry.about.find("access"))});
    }
    if (arguments.json)
      print(lines);
    else if (entries.empty())
      tell(arguments.glob.empty() ? "no objects yet: syncline create comm://local/board"
                                  : "no object matches " + arguments.glob);
    else
      print(table(rows));
  });
  return kDone;
}

int run(const Info& arguments) {
  const std::string url = object_url(arguments.object);
  ask_hub(arguments.caller, [&](Client& hub) {
    const Value about = hub.describe(url);
    if (arguments.json || !about.is_object()) return print(encoding::write_json(about) + "\n");
    std::size_t width = 0;
    for (const auto& [name, value] : about.members()) width = std::max(width, name.size());
    std::string out;
    for (const auto& [name, value] : about.members()) {
      const bool when = name == "created_ms";
      std::string title = when ? "created" : name;
      std::replace(title.begin(), title.end(), '_', ' ');
      const std::string padding(width - title.size() + 2, ' ');
      out += styled(Style::kBold, title) + padding + (when ? date(&value) : cell(&value)) + "\n";
    }
    print(out);
  });
  return kDone;
}

}  // namespace syncline::command
