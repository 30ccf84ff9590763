#include "page_table.hpp"

#include "pages.hpp"

namespace syncline::command {

std::map<std::string, hub::Page> page_table() {
  std::map<std::string, hub::Page> table;
  for (const EmbeddedFile& file : pages()) {
    hub::Page page{std::string(file.content_type), share({file.bytes.begin(), file.bytes.end()})};
    if (file.path == "/index.html") table.emplace("/", page);
    table.emplace(file.path, std::move(page));
  }
  return table;
}

}  // namespace syncline::command
