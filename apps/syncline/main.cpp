// `syncline`: one command for everything (docs/CLI.md). Each subcommand is a struct of arguments
// and a run() in the file named after it.
#include <exception>

#include "commands.hpp"
#include "syncline/error.hpp"
#include "terminal.hpp"

namespace {

using namespace syncline;

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

int carry_out(const command::Command& command) {
  return std::visit(Overloaded{
                        [](const command::Finished& finished) { return finished.status; },
                        [](const auto& arguments) { return command::run(arguments); },
                    },
                    command);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return carry_out(command::read_command_line(count, arguments));
  } catch (const command::Usage& usage) {
    command::complain(usage.message);
    return command::kWrongUsage;
  } catch (const Error& error) {
    command::complain(error.message());
    return command::kFailed;
  } catch (const std::exception& error) {
    command::complain(error.what());
    return command::kFailed;
  }
}
