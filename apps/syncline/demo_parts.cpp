#include "demo_parts.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "forms.hpp"
#include "page_table.hpp"

namespace syncline::command {

TemporaryDirectory::TemporaryDirectory() {
  std::error_code error;
  std::filesystem::path parent = std::filesystem::temp_directory_path(error);
  if (error) parent = "/tmp";
  std::string made = (parent / "syncline-demo-XXXXXX").string();
  if (mkdtemp(made.data()) == nullptr) {
    throw Error(Code::kInternal, "cannot make a directory in " + parent.string() + ": " +
                                     std::strerror(errno) + "; say --data DIR");
  }
  path_ = made;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

namespace {

HubProcessOptions options_of(const std::string& data, const std::string& listen) {
  HubProcessOptions options;
  options.hub.listen = listen;
  options.hub.pages = page_table();
  options.data = data;
  return options;
}

}  // namespace

DemoHub::DemoHub(const Demo& arguments, const std::string& listen)
    : temporary_(arguments.data.empty() ? std::make_unique<TemporaryDirectory>() : nullptr),
      process_(must_mean([&] {
        return std::make_unique<HubProcess>(
            options_of(temporary_ ? temporary_->path() : arguments.data, listen));
      })) {}

std::string this_program() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return "syncline";
  const std::filesystem::path here = std::filesystem::current_path(error);
  const std::filesystem::path relative = program.lexically_relative(here);
  if (error || relative.empty() || *relative.begin() == "..") return program.string();
  return relative.has_parent_path() ? relative.string() : "./" + relative.string();
}

}  // namespace syncline::command
