// `syncline engine`: documents over JSON Lines, a line in, a line out (docs/ENGINE.md).
#include <iostream>
#include <string>

#include "commands.hpp"
#include "json_lines/session.hpp"

namespace syncline::command {

int run(const Engine&) {
  std::ios::sync_with_stdio(false);
  json_lines::Session session;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << session.answer(line) << '\n';
    std::cout.flush();
    if (!std::cout) return kFailed;  // nobody reads any more
  }
  return kDone;
}

}  // namespace syncline::command
