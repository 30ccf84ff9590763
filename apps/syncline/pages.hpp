// The web page in the binary: the files of the built demo page, as cmake/embed.cmake put them in.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace syncline::command {

/// One file of the built page. All it views lives as long as the program.
struct EmbeddedFile {
  std::string_view path;  ///< "/index.html", "/assets/index-x1.js"
  std::string_view content_type;
  std::span<const std::uint8_t> bytes;
  std::string_view etag;  ///< of the content, with its quotes
};

/// The files, by path. There is always an "/index.html": a binary that was built without the page
/// has one that says how to build it.
std::span<const EmbeddedFile> pages();

/// What the build embedded; empty where the page was not built. Generated.
std::span<const EmbeddedFile> embedded_files();

}  // namespace syncline::command
