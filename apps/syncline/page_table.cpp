#include "page_table.hpp"

#include "pages.hpp"

namespace syncline::command {

std::map<std::string, hub::Page> page_table() {
  std::map<std::string, hub::Page> table;
  for (const EmbeddedFile& file : pages()) {
    hub::Page page{.content_type = std::string(file.content_type),
                   .body = share({file.bytes.begin(), file.bytes.end()}),
                   .etag = std::string(file.etag)};
    if (file.path == "/index.html") table.emplace("/", page);
    table.emplace(file.path, std::move(page));
  }
  return table;
}

}  // namespace syncline::command
