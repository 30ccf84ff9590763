// The commands of `syncline`: what each is told (arguments.cpp reads it from the command line) and
// what it answers (docs/CLI.md is the contract).
//
// A command returns its exit status. It throws Usage for arguments that cannot be meant, before it
// connects to anything, and Error for what was refused or failed; main() says both in one line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace syncline::command {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;

/// Arguments that cannot be meant: status 2.
struct Usage {
  std::string message;
};

/// Who asks which hub.
struct Caller {
  std::string hub;
  std::string identity;
  std::string token;
  /// A data file to work on, hub or no hub; empty: the hub is asked.
  std::string data = {};
  bool identity_given = false;
};

/// What a command that reads or writes in an object is told. `pointer` is a JSON pointer; `root` is
/// NAME or NAME:KIND.
struct Location {
  std::string object;
  std::string pointer;
  std::string root;
};

struct Hub {
  std::string listen;
  std::string data;
  std::vector<std::string> origins;
};
struct Demo {
  std::string listen;
  std::string data;
  bool headless = false;
};
/// The second hyperty of `demo --headless`, in a process of its own. Hidden.
struct DemoPartner {
  std::string hub;
};
struct Create {
  Caller caller;
  std::string object;
  std::string data;
  std::string access;
  std::string schema;
  std::vector<std::string> invite;
};
struct Get {
  Caller caller;
  Location location;
  bool json = false;
};
struct Set {
  Caller caller;
  Location location;
  std::string value;
  bool replace = false;
  bool text = false;
};
struct Delete {
  Caller caller;
  Location location;
  bool whole = false;  ///< no pointer was given: the object itself
};
struct Watch {
  Caller caller;
  Location location;
};
struct List {
  Caller caller;
  std::string glob;
  bool json = false;
};
struct Info {
  Caller caller;
  std::string object;
  bool json = false;
};
struct Export {
  Caller caller;
  std::string object;
  std::string root;
  std::string format;
  std::string output;
};
struct Import {
  Caller caller;
  std::string object;
  std::string file;
  std::string format;
  std::string access;
};
/// What a file of rules says about one act; asks no hub.
struct PolicyCheck {
  std::string rules;
  std::string identity;
  std::string action;
  std::string object;
  std::string path;
  std::string root;
  std::string owner;
  std::string creator;
  std::vector<std::string> groups;
  std::vector<std::string> roles;
  std::string at;
  bool exists = false;
};
/// Lists what waits for a decision in a data file, or decides it.
struct ParkedEdits {
  Caller caller;
  std::string object;
  std::optional<std::uint64_t> id;
  bool resume = false;
  bool drop = false;
};
struct Engine {};
struct BenchEngine {
  std::string trace;
  std::string job;
  int repeat = 5;
  bool json = false;
};

struct BenchHub {
  std::string job;
  /// Empty: one of its own, in this process, with a store in a temporary directory.
  std::string hub;
  std::string framing = "sync-api";
  std::size_t operations = 2000;
  std::size_t in_flight = 64;
  bool json = false;
};

int run(const Hub& arguments);
int run(const Demo& arguments);
int run(const DemoPartner& arguments);
int run(const Create& arguments);
int run(const Get& arguments);
int run(const Set& arguments);
int run(const Delete& arguments);
int run(const Watch& arguments);
int run(const List& arguments);
int run(const Info& arguments);
int run(const Export& arguments);
int run(const Import& arguments);
int run(const PolicyCheck& arguments);
int run(const ParkedEdits& arguments);
int run(const Engine& arguments);
int run(const BenchEngine& arguments);
int run(const BenchHub& arguments);

/// The command line was answered already: help, version, or a complaint.
struct Finished {
  int status = kDone;
};

using Command =
    std::variant<Finished, Hub, Demo, DemoPartner, Create, Get, Set, Delete, Watch, List, Info,
                 Export, Import, PolicyCheck, ParkedEdits, Engine, BenchEngine, BenchHub>;

/// Reads the command line and the environment. Everything of CLI11, which is slow to compile, stays
/// behind this function.
Command read_command_line(int count, char** arguments);

}  // namespace syncline::command
