// Schema: what an object has to look like, as JSON Schema says it: compiled once, checked often.
//
// A documented subset of draft 2020-12 (docs/SCHEMA.md). What is not in it is refused when the
// schema is compiled, not ignored: nobody shall believe that something is checked which is not.
// Schemas come from whoever creates an object, so compiling and checking are bounded (tuning.hpp).
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "syncline/path.hpp"
#include "syncline/value.hpp"

namespace syncline::schema {

/// What does not keep to a schema, and where.
struct Violation {
  /// In the value that was checked.
  Path path = {};
  /// The keyword that says so, and where in the schema: "/properties/title/maxLength".
  std::string keyword = {};
  std::string schema_path = {};
  /// What would be right, and what is there: "must have at most 80 characters, and has 95".
  std::string message = {};
  /// The check took more than tuning allows, so nobody knows.
  bool gave_up = false;

  /// "/title must have at most 80 characters, and has 95 (schema: /properties/title/maxLength)"
  std::string print() const;
  /// kSchema with the reason "schema"; kTooLarge for a check that gave up.
  Error error(const std::string& url) const;
};

/// Which places of an object changed since it was valid, as a tree. A place that is in it neither
/// by itself nor by a place above or below is as it was.
struct Touched {
  /// What is here is another value, or may differ anywhere.
  bool all = false;
  /// The text that is here has other characters.
  bool edited = false;
  /// Members that came, went or changed.
  std::map<std::string, Touched, std::less<>> members = {};
  /// Elements that came or changed, by the index they have now.
  std::map<std::size_t, Touched> elements = {};
  /// Elements came to a list, or went: those behind have other indexes now.
  bool moved = false;
  /// How many came.
  std::size_t inserted = 0;

  bool nothing() const { return !all && !edited && !moved && members.empty() && elements.empty(); }
  /// The node of a place, made if there is none.
  Touched& at(const Path& path);
};

/// Looks at an object that is checked in part, so that nobody has to copy all of it.
class Source {
 public:
  enum class Kind { kObject, kArray, kString, kOther };
  struct Shape {
    Kind kind = Kind::kOther;
    /// Members or elements.
    std::size_t size = 0;
  };

  virtual ~Source() = default;
  /// nullopt where nothing is.
  virtual std::optional<Shape> shape(const Path& path) const = 0;
  /// REQUIRES: something is there.
  virtual Value value(const Path& path) const = 0;
};

/// A compiled schema. Value type; copies share. Immutable, so any thread may check with it.
class Schema {
 public:
  /// kMalformed says what is wrong and where ("/properties/title/minLength must be …"), kTooLarge
  /// past the limits of tuning.hpp.
  static Result<Schema> compile(const Value& schema);

  /// Nothing where the value keeps to it.
  std::optional<Violation> check(const Value& value) const;
  /// The same of an object that was valid, and has changed in the places of `touched` only.
  std::optional<Violation> check(const Touched& touched, const Source& source) const;

  /// As it was given.
  const Value& source() const;

 private:
  struct Compiled;
  friend class Compiler;
  explicit Schema(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace syncline::schema
