// The command line, read by CLI11: names, help and examples of every command. No other unit
// includes CLI11, which takes seconds to compile.
#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "bus/address.hpp"
#include "commands.hpp"
#include "terminal.hpp"

namespace syncline::command {
namespace {

constexpr const char* kDefaultHub = "ws://127.0.0.1:4455";
constexpr const char* kDefaultListen = "127.0.0.1:4455";

std::string environment(const char* name, std::string fallback) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : std::move(fallback);
}

std::string user_identity() {
  std::string user = environment("USER", "");
  if (user.empty()) {
    const passwd* entry = getpwuid(geteuid());
    user = entry != nullptr ? entry->pw_name : "user";
  }
  return "hyperty://local/" + bus::percent_encode(user);
}

/// Commands of the contract that are still to come.
constexpr const char* kLaterCommands[] = {"token",   "log",    "backup", "check",    "patch",
                                          "invite",  "accept", "kick",   "transfer", "access",
                                          "execute", "event",  "soak"};

/// Options of the contract that are still to come: known, so that using one says what is the
/// matter.
void add_later_option(CLI::App& app, const char* name) {
  app.add_option_function<std::vector<std::string>>(
         name,
         [name](const std::vector<std::string>&) {
           throw Usage{std::string(name) + " is not in this version"};
         })
      ->expected(0, 1)
      ->group("");
}

void add_caller(CLI::App& app, Caller& caller) {
  caller = {environment("SYNCLINE_HUB", kDefaultHub), user_identity(),
            environment("SYNCLINE_TOKEN", ""), environment("SYNCLINE_DATA", "")};
  app.add_option("--hub", caller.hub,
                 "The hub [$SYNCLINE_HUB, else " + std::string(kDefaultHub) + "]")
      ->type_name("URL");
  app.add_option("--identity", caller.identity,
                 "Who asks, hyperty://DOMAIN/NAME [" + caller.identity + "]")
      ->each([&caller](const std::string&) { caller.identity_given = true; })
      ->type_name("ID");
}

/// For commands that also work on a file.
void add_data(CLI::App& app, Caller& caller) {
  app.add_option("--data", caller.data,
                 "A data file to work on, hub or no hub [$SYNCLINE_DATA, else the hub]")
      ->type_name("FILE");
}

void add_object(CLI::App& app, std::string& object) {
  app.add_option("URL", object, "The object's URL, or the name of a Yjs room")
      ->type_name("")
      ->required();
}

void add_root(CLI::App& app, std::string& root) {
  app.add_option(
         "--root", root,
         "Another root of the Yjs document than data: NAME, NAME:map, NAME:array, NAME:text "
         "or NAME:xml")
      ->type_name("NAME[:KIND]");
}

CLI::Option* add_pointer(CLI::App& app, std::string& pointer, const char* what) {
  return app.add_option("POINTER", pointer, what)->type_name("/JSON/POINTER");
}

void add_json(CLI::App& app, bool& json) {
  app.add_flag("--json", json, "Print JSON, one line, also on a terminal");
}

/// All commands, and the arguments that parsing fills.
class CommandLine {
 public:
  CommandLine() {
    app_.set_version_flag("--version", "syncline " SYNCLINE_VERSION);
    app_.require_subcommand(1);
    app_.get_formatter()->column_width(34);
    app_.footer(
        "Examples:\n"
        "  syncline demo                               one object in a program and a browser\n"
        "  syncline hub --data ./board-data            a hub; then, in another terminal:\n"
        "  syncline create comm://local/board --access open\n"
        "  syncline set comm://local/board /title '\"Plan\"'\n"
        "  syncline watch comm://local/board           every change, as it happens\n\n"
        "The hub is $SYNCLINE_HUB, or ws://127.0.0.1:4455. Exit status: 0 done, 1 refused or "
        "failed,\n"
        "2 wrong usage.");
    add_hub();
    add_demo();
    add_create();
    add_get();
    add_set();
    add_delete();
    add_watch();
    add_list();
    add_info();
    add_export();
    add_import();
    add_policy();
    add_parked();
    add_engine();
    add_bench();
  }

  Command read(int count, char** arguments) {
    if (count > 1) {
      const std::string_view first = arguments[1];
      if (std::find(std::begin(kLaterCommands), std::end(kLaterCommands), first) !=
          std::end(kLaterCommands))
        throw Usage{"the command " + std::string(first) + " is not in this version"};
    }
    try {
      app_.parse(count, arguments);
    } catch (const CLI::Success& help_or_version) {
      return Finished{app_.exit(help_or_version)};
    } catch (const CLI::ParseError& error) {
      return complain_about(error, count, arguments);
    }
    return command_;
  }

 private:
  Command complain_about(const CLI::ParseError& error, int count, char** arguments) {
    if (count <= 1) {
      tell(app_.help());
      return Finished{kWrongUsage};
    }
    std::string name = "syncline";
    for (const CLI::App* sub : app_.get_subcommands()) name += " " + sub->get_name();
    if (app_.get_subcommands().empty() && arguments[1][0] != '-')
      throw Usage{"there is no command " + std::string(arguments[1]) + " (see: syncline --help)"};
    std::string why = error.what();
    std::replace(why.begin(), why.end(), '\n', ' ');
    throw Usage{why + " (see: " + name + " --help)"};
  }

  /// A subcommand that, once parsed, makes `arguments` the command to run.
  template <typename Arguments>
  CLI::App& add(Arguments& arguments, const char* name, const char* what, std::string examples) {
    CLI::App* sub = app_.add_subcommand(name, what);
    if (!examples.empty()) sub->footer("Examples:\n" + examples);
    sub->final_callback([this, &arguments] { command_ = arguments; });
    return *sub;
  }

  void add_hub() {
    CLI::App& sub = add(hub_, "hub", "Run a hub: it keeps objects and brings changes to everyone",
                        "  syncline hub\n"
                        "  syncline hub --listen 127.0.0.1:0 --data /var/lib/syncline");
    hub_.listen = kDefaultListen;
    hub_.data = environment("SYNCLINE_HUB_DATA", "./syncline-data");
    sub.add_option("--listen", hub_.listen,
                   "Where to listen; port 0 picks a free one [" + hub_.listen + "]")
        ->type_name("ADDRESS:PORT");
    sub.add_option("--data", hub_.data,
                   "Where objects are kept [$SYNCLINE_HUB_DATA, else ./syncline-data]")
        ->type_name("DIR");
    sub.add_option("--origin", hub_.origins,
                   "A web page's origin that may connect besides loopback's; may be repeated")
        ->type_name("ORIGIN")
        ->allow_extra_args(false);
    add_later_option(sub, "--auth");
    add_later_option(sub, "--config");
  }

  void add_demo() {
    CLI::App& sub =
        add(demo_, "demo", "Show one object in a program, a browser and on the command line",
            "  syncline demo                 then open the page it names\n"
            "  syncline demo --headless      two processes, no browser");
    sub.add_option("--listen", demo_.listen,
                   std::string("Where to listen [") + kDefaultListen + ", or a free port]")
        ->type_name("ADDRESS:PORT");
    sub.add_option("--data", demo_.data, "Where objects are kept [a temporary directory]")
        ->type_name("DIR");
    sub.add_flag("--headless", demo_.headless,
                 "Run the three flows between two processes and print the message sequence");

    CLI::App& partner = add(partner_, "demo-partner", "The second hyperty of demo --headless", "");
    partner.group("");
    partner.add_option("HUB", partner_.hub)->required();
  }

  void add_create() {
    CLI::App& sub =
        add(create_, "create", "Create a data object, owned by the caller",
            "  syncline create comm://local/board --access open --data '{\"title\":\"Plan\"}'\n"
            "  syncline create comm://local/diary --access private --invite hyperty://local/bob");
    add_object(sub, create_.object);
    create_.data = "{}";
    create_.access = "owner";
    sub.add_option("--data", create_.data,
                   "The first content, a JSON object; - reads it from standard input")
        ->type_name("JSON");
    sub.add_option("--access", create_.access,
                   "owner (only the caller writes), open, private, or a file of rules [owner]")
        ->type_name("PRESET|FILE");
    sub.add_option("--invite", create_.invite, "Who may read a private object; may be repeated")
        ->type_name("ID")
        ->allow_extra_args(false);
    sub.add_option("--schema", create_.schema,
                   "A file with the JSON Schema that the object has to keep to")
        ->type_name("FILE");
    add_caller(sub, create_.caller);
  }

  void add_get() {
    CLI::App& sub = add(get_, "get", "Print an object, or what is at a pointer, as JSON",
                        "  syncline get comm://local/board\n"
                        "  syncline get comm://local/board /steps/0/text\n"
                        "  syncline get 'my room' --root notes:text");
    add_object(sub, get_.location.object);
    add_pointer(sub, get_.location.pointer, "What to print [everything]");
    add_root(sub, get_.location.root);
    add_json(sub, get_.json);
    add_caller(sub, get_.caller);
    add_data(sub, get_.caller);
  }

  void add_set() {
    CLI::App& sub = add(
        set_, "set", "Write a value at a pointer",
        "  syncline set comm://local/board /title '\"Plan B\"'\n"
        "  syncline set comm://local/board /steps/- '{\"text\":\"buy timber\",\"done\":false}'\n"
        "  syncline set comm://local/board /notes '\"first line\"' --text");
    add_object(sub, set_.location.object);
    add_pointer(sub, set_.location.pointer, "Where; /- at the end appends to a list")->required();
    sub.add_option("JSON", set_.value, "The value; - reads it from standard input")
        ->type_name("")
        ->required();
    CLI::Option* text =
        sub.add_flag("--text", set_.text, "Write a string as a live text, which merges");
    sub.add_flag("--replace", set_.replace,
                 "Put the value in the place of a live text, instead of editing it")
        ->excludes(text);
    add_root(sub, set_.location.root);
    add_caller(sub, set_.caller);
    add_data(sub, set_.caller);
  }

  void add_delete() {
    CLI::App& sub = add(delete_, "delete", "Remove what is at a pointer, or the whole object",
                        "  syncline delete comm://local/board /steps/0\n"
                        "  syncline delete comm://local/board");
    add_object(sub, delete_.location.object);
    delete_pointer_ =
        add_pointer(sub, delete_.location.pointer, "What to remove [the object itself]");
    add_root(sub, delete_.location.root);
    add_caller(sub, delete_.caller);
    add_data(sub, delete_.caller);
    sub.final_callback([this] {
      delete_.whole = delete_pointer_->count() == 0;
      command_ = delete_;
    });
  }

  void add_watch() {
    CLI::App& sub = add(watch_, "watch", "Print every change as a JSON line, until interrupted",
                        "  syncline watch comm://local/board\n"
                        "  syncline watch comm://local/board /steps");
    add_object(sub, watch_.location.object);
    add_pointer(sub, watch_.location.pointer, "Only changes here or below [everything]");
    add_root(sub, watch_.location.root);
    add_caller(sub, watch_.caller);
  }

  void add_list() {
    CLI::App& sub = add(list_, "ls", "List the objects of the hub",
                        "  syncline ls\n"
                        "  syncline ls 'comm://local/**' --json");
    sub.add_option("GLOB", list_.glob, "Which: * stays within a path segment, ** crosses / [all]")
        ->type_name("");
    add_json(sub, list_.json);
    add_caller(sub, list_.caller);
  }

  void add_info() {
    CLI::App& sub =
        add(info_, "info", "Print an object's owner, access, subscribers, sizes and roots",
            "  syncline info comm://local/board");
    add_object(sub, info_.object);
    add_json(sub, info_.json);
    add_caller(sub, info_.caller);
  }

  void add_export() {
    CLI::App& sub = add(export_, "export", "Write a whole object to a file",
                        "  syncline export comm://local/board > board.json\n"
                        "  syncline export comm://local/board --format yjs-v1 -o board.yjs");
    add_object(sub, export_.object);
    export_.format = "json";
    sub.add_option("--format", export_.format,
                   "json; yjs-v1 or yjs-v2: a Yjs update with all history [json]")
        ->type_name("FORMAT");
    sub.add_option("-o,--output", export_.output, "The file to write [standard output]")
        ->type_name("FILE");
    add_root(sub, export_.root);
    add_caller(sub, export_.caller);
  }

  void add_import() {
    CLI::App& sub =
        add(import_, "import", "Create an object from a file, or merge a Yjs update into one",
            "  syncline import comm://local/board board.json\n"
            "  syncline import comm://local/board board.yjs");
    add_object(sub, import_.object);
    import_.access = "owner";
    sub.add_option("FILE", import_.file, "The file; - reads standard input")
        ->type_name("")
        ->required();
    sub.add_option("--format", import_.format, "json, yjs-v1 or yjs-v2 [by the file's name]")
        ->type_name("FORMAT");
    sub.add_option("--access", import_.access,
                   "owner, open, private, or a file of rules, where the object is new [owner]")
        ->type_name("PRESET|FILE");
    add_caller(sub, import_.caller);
  }

  void add_policy() {
    CLI::App& policy = *app_.add_subcommand("policy", "Ask a file of access rules");
    policy.require_subcommand(1);
    CLI::App& sub =
        *policy.add_subcommand("check", "Say allow or deny, and which rule decided; asks no hub");
    sub.footer(
        "Examples:\n"
        "  syncline policy check rules.json --identity hyperty://local/bob --action change\n"
        "    --object comm://local/board --path /messages/m1 --exists");
    PolicyCheck& to = policy_check_;
    sub.add_option("RULES", to.rules, "A file of rules, or owner, open or private")
        ->type_name("")
        ->required();
    sub.add_option("--identity", to.identity, "Who")->type_name("ID")->required();
    sub.add_option("--action", to.action, "What: read, write, add, execute:METHOD, ...")
        ->type_name("ACTION")
        ->required();
    sub.add_option("--object", to.object, "Of which object")->type_name("URL")->required();
    sub.add_option("--path", to.path, "The node that is written [the root]")
        ->type_name("/JSON/POINTER");
    sub.add_option("--root", to.root, "In which root [data]")->type_name("NAME");
    sub.add_option("--owner", to.owner, "Who owns the object")->type_name("ID");
    sub.add_option("--creator", to.creator, "Who made the node")->type_name("ID");
    sub.add_option("--group", to.groups, "A group of the identity; may be repeated")
        ->type_name("NAME");
    sub.add_option("--role", to.roles, "A role of the identity; may be repeated")
        ->type_name("NAME");
    sub.add_option("--at", to.at, "When, UTC, as 2026-11-23T06:00Z [now]")->type_name("TIME");
    sub.add_flag("--exists", to.exists, "Something is at the path already");
    sub.final_callback([this] { command_ = policy_check_; });
  }

  void add_parked() {
    CLI::App& sub = add(parked_, "parked", "List the edits of a data file that wait for a decision",
                        "  syncline parked --data board.db\n"
                        "  syncline parked comm://local/board --id 1 --resume --data board.db");
    sub.add_option("URL", parked_.object, "Of this object only [all]")->type_name("");
    sub.add_option("--id", parked_.id, "This edit only; 0 is an object that stopped syncing")
        ->type_name("N");
    CLI::Option* resume = sub.add_flag("--resume", parked_.resume, "Make them anew, and send them");
    sub.add_flag("--drop", parked_.drop, "Forget them")->excludes(resume);
    add_caller(sub, parked_.caller);
    add_data(sub, parked_.caller);
    sub.final_callback([this] {
      if (parked_.caller.data.empty())
        throw Usage{"parked looks into a data file: give --data FILE or $SYNCLINE_DATA"};
      command_ = parked_;
    });
  }

  void add_engine() {
    add(engine_, "engine", "Drive documents from any language: JSON lines in, JSON lines out",
        "  echo '{\"id\":1,\"op\":\"doc.new\",\"doc\":\"a\"}' | syncline engine");
  }

  void add_bench() {
    CLI::App& bench = *app_.add_subcommand("bench", "Measure the document engine, or a hub");
    bench.require_subcommand(1);
    bench.footer(
        "Examples:\n"
        "  syncline bench engine --trace automerge-paper.json.gz --job local_update\n"
        "  syncline bench hub --job relay_durable");
    CLI::App& sub =
        *bench.add_subcommand("engine", "One job of the engine on one recorded session");
    sub.footer(
        "Jobs on a recording: local, local_update, remote, live, merge, load_v1, load_v2,\n"
        "encode_v1, encode_v2, memory, b4x100 (the session a hundred times over), hub_update, "
        "diff,\n"
        "diff_loaded, merge_small. Others: tombstones, tombstones_20 (200 and 20 MB of them),\n"
        "small_objects, observed, observed_field, verdict_all, verdict_path, verdict_path_1000, "
        "and\n"
        "of crdt-benchmarks b1.1 to b1.11, b2.1 to b2.4, b3.1 to b3.4.\n"
        "Examples:\n"
        "  syncline bench engine --trace automerge-paper.json.gz --job local_update\n"
        "  syncline bench engine --trace friendsforever.json.gz --job live --repeat 9 --json\n"
        "  syncline bench engine --job b2.4");
    sub.add_option("--trace", bench_engine_.trace, "The recording, gzipped or not")
        ->type_name("FILE");
    sub.add_option("--job", bench_engine_.job, "What to measure")->type_name("JOB")->required();
    sub.add_option("--repeat", bench_engine_.repeat, "How often [5]")
        ->type_name("N")
        ->check(CLI::Range(1, 10000));
    add_json(sub, bench_engine_.json);
    sub.final_callback([this] { command_ = bench_engine_; });
    CLI::App& hub = *bench.add_subcommand("hub", "How fast a hub is for programs that use it");
    hub.footer(
        "Jobs: relay, relay_durable (one change after the other, until somebody else observes "
        "it),\n"
        "updates, creates, subscribes (many at a time). Plain Yjs clients do relay and updates.\n"
        "Examples:\n"
        "  syncline bench hub --job relay_durable\n"
        "  syncline bench hub --job subscribes --operations 100000 --json\n"
        "  syncline bench hub --job updates --framing y-websocket --hub ws://127.0.0.1:4455");
    hub.add_option("--job", bench_hub_.job, "What to measure")->type_name("JOB")->required();
    hub.add_option("--hub", bench_hub_.hub, "A hub that runs already [one of its own]")
        ->type_name("URL");
    hub.add_option("--framing", bench_hub_.framing,
                   "sync-api, or y-websocket: as plain Yjs clients [sync-api]")
        ->type_name("NAME")
        ->check(CLI::IsMember({"sync-api", "y-websocket"}));
    hub.add_option("--operations", bench_hub_.operations, "How many [2000]")
        ->type_name("N")
        ->check(CLI::Range(1, 10'000'000));
    hub.add_option("--in-flight", bench_hub_.in_flight, "How many at a time [64]")
        ->type_name("N")
        ->check(CLI::Range(1, 10'000));
    add_json(hub, bench_hub_.json);
    hub.final_callback([this] { command_ = bench_hub_; });
  }

  CLI::App app_{"Syncline: live data objects, identical in every program that shares them.",
                "syncline"};
  Command command_;
  Hub hub_;
  Demo demo_;
  DemoPartner partner_;
  Create create_;
  Get get_;
  Set set_;
  Delete delete_;
  Watch watch_;
  List list_;
  Info info_;
  Export export_;
  Import import_;
  PolicyCheck policy_check_;
  ParkedEdits parked_;
  Engine engine_;
  BenchEngine bench_engine_;
  BenchHub bench_hub_;
  CLI::Option* delete_pointer_ = nullptr;
};

}  // namespace

Command read_command_line(int count, char** arguments) {
  return CommandLine().read(count, arguments);
}

}  // namespace syncline::command
