#include "forms.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "bus/address.hpp"
#include "encoding/json.hpp"
#include "schema/schema.hpp"
#include "syncline/path.hpp"

namespace syncline::command {
namespace {

constexpr std::string_view kStandardInput = "-";

Error file_error(const std::string& what, const std::string& path) {
  return Error(Code::kNotFound, "cannot " + what + " " + path + ": " + std::strerror(errno));
}

std::string read_all(std::istream& in) { return {std::istreambuf_iterator<char>(in), {}}; }

}  // namespace

std::string object_url(const std::string& text) {
  return must_mean([&] { return bus::room_url(text).take_or_throw(); });
}

sync::Place place_of(const Location& location) {
  sync::Place place;
  place.pointer = location.pointer;
  must_mean([&] { return parse_pointer(location.pointer); });
  if (location.root.empty()) return place;
  const std::size_t colon = location.root.rfind(':');
  place.root = location.root.substr(0, colon);
  if (colon == std::string::npos) return place;
  place.kind = location.root.substr(colon + 1);
  if (place.kind != "map" && place.kind != "array" && place.kind != "text" && place.kind != "xml") {
    throw Usage{"--root " + location.root +
                ": the kind of a root is map, array, text or xml, not " + place.kind};
  }
  return place;
}

Value json_of(std::string_view what, const std::string& text) {
  auto value = encoding::parse_json(text == kStandardInput ? read_all(std::cin) : text);
  if (value) return std::move(value).value();
  std::string hint;
  if (text != kStandardInput && !text.empty() &&
      text.find_first_of("\"{}[]:'") == std::string::npos)
    hint = R"( (a string is written '")" + text + R"("'))";
  throw Usage{std::string(what) + " is not JSON: " + value.error().message() + hint};
}

Value access_of(const std::string& text) {
  if (text == "owner" || text == "open" || text == "private") return text;
  std::error_code unreadable;
  if (!std::filesystem::is_regular_file(text, unreadable))
    throw Usage{"--access " + text + ": neither owner, open or private, nor a file of rules"};
  const Bytes content = read_file(text);
  try {
    return Value::parse(text_of(content));
  } catch (const Error& error) {
    throw Usage{"the rules in " + text + ": " + error.message()};
  }
}

Value schema_of(const std::string& path) {
  if (path.empty()) return {};
  const Bytes content = read_file(path);
  try {
    const Value schema = Value::parse(text_of(content));
    return schema::Schema::compile(schema).take_or_throw().source();
  } catch (const Error& error) {
    throw Usage{path + ": " + error.message()};
  }
}

std::vector<std::string> identities_of(const std::vector<std::string>& texts) {
  std::vector<std::string> identities;
  identities.reserve(texts.size());
  for (const std::string& text : texts)
    identities.push_back(must_mean([&] { return bus::identity_url(text).take_or_throw(); }));
  return identities;
}

Bytes read_file(const std::string& path) {
  std::string content;
  if (path == kStandardInput) {
    content = read_all(std::cin);
  } else {
    std::error_code error;
    if (std::filesystem::is_directory(path, error))
      throw Error(Code::kNotFound, "cannot read " + path + ": it is a directory");
    std::ifstream in(path, std::ios::binary);
    if (!in) throw file_error("read", path);
    content = read_all(in);
    if (in.bad()) throw file_error("read", path);
  }
  const ByteView bytes = view_of(content);
  return {bytes.begin(), bytes.end()};
}

void write_file(const std::string& path, std::string_view content) {
  const std::string beside = path + ".part-" + std::to_string(getpid());
  std::ofstream out(beside, std::ios::binary | std::ios::trunc);
  if (!out) throw file_error("write", path);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(beside, path, error);
  if (!out || error) {
    const std::string why = error ? error.message() : std::strerror(errno);
    std::filesystem::remove(beside, error);
    throw Error(Code::kInternal, "cannot write " + path + ": " + why);
  }
}

}  // namespace syncline::command
