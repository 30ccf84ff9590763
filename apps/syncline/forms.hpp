// What people write on a command line, read into what the hub is asked: objects, pointers, roots,
// JSON, access rules, files. What cannot be meant throws Usage.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "commands.hpp"
#include "sync/syncer.hpp"
#include "syncline/value.hpp"

namespace syncline::command {

/// Runs `read`; a kMalformed of it becomes Usage: an argument cannot be meant.
template <typename Read>
auto must_mean(const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    if (error.code() != Code::kMalformed) throw;
    throw Usage{error.message()};
  }
}

/// The canonical URL of an object, given as one or as the name of a Yjs room.
std::string object_url(const std::string& text);

/// Root, kind and pointer.
sync::Place place_of(const Location& location);

/// A JSON value; "-" reads standard input.
Value json_of(std::string_view what, const std::string& text);

/// "owner", "open", "private", or the rules in a file.
Value access_of(const std::string& text);

/// The JSON Schema in a file; null for no file.
Value schema_of(const std::string& path);

/// The identities of --invite.
std::vector<std::string> identities_of(const std::vector<std::string>& texts);

/// A whole file; "-" is standard input. Throws Error kNotFound.
Bytes read_file(const std::string& path);

/// Writes a file that is either the old one or complete: beside it, then renamed. Throws Error.
void write_file(const std::string& path, std::string_view content);

}  // namespace syncline::command
