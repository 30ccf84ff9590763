// Commands that are being written.
#include "commands.hpp"

namespace syncline::command {
namespace {
[[noreturn]] int later(const char* name) {
  throw Usage{std::string("the command ") + name + " is not in this version"};
}
}  // namespace
int run(const Hub&) { later("hub"); }
int run(const Demo&) { later("demo"); }
int run(const DemoPartner&) { later("demo"); }
int run(const Create&) { later("create"); }
int run(const Get&) { later("get"); }
int run(const Set&) { later("set"); }
int run(const Delete&) { later("delete"); }
int run(const Watch&) { later("watch"); }
int run(const List&) { later("ls"); }
int run(const Info&) { later("info"); }
int run(const Export&) { later("export"); }
int run(const Import&) { later("import"); }
}  // namespace syncline::command
