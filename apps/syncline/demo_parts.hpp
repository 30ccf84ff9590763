// What both forms of the demo are made of.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "commands.hpp"
#include "syncline/hub_process.hpp"

namespace syncline::command {

/// A directory that goes away with its owner.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// The demo's own hub: in the directory that was asked for, or in a temporary one.
class DemoHub {
 public:
  /// Listens on `listen`. Throws Usage for an address that is none, Error for one in use.
  DemoHub(const Demo& arguments, const std::string& listen);

  /// ws://127.0.0.1:PORT
  std::string url() const { return "ws://" + process_->address(); }
  const std::string& address() const { return process_->address(); }
  HubProcess& process() { return *process_; }

 private:
  std::unique_ptr<TemporaryDirectory> temporary_;
  std::unique_ptr<HubProcess> process_;
};

/// How to call this very program from a shell.
std::string this_program();

/// `demo --headless`: hyperty 1 and the hub here, hyperty 2 in a child process.
int run_headless(const Demo& arguments);

}  // namespace syncline::command
