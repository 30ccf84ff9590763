// A JSON value, plus the three kinds that JavaScript has beyond it: undefined, BigInt and bytes.
//
// Values are what a data object's leaves hold and what lib0's `any` carries on the wire. Objects
// keep the order in which their members were written.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "syncline/error.hpp"

namespace syncline {

/// An immutable-by-convention tree. Copyable, comparable. Strings are UTF-8; a lone UTF-16
/// surrogate, which JavaScript strings may hold, is kept as its three-byte (WTF-8) form and becomes
/// U+FFFD on the wire, as in lib0.
class Value {
 public:
  using Array = std::vector<Value>;
  using Member = std::pair<std::string, Value>;
  /// Members in written order; names are unique.
  using Object = std::vector<Member>;
  struct Undefined {
    friend bool operator==(Undefined, Undefined) = default;
  };
  struct BigInt {
    std::int64_t value = 0;
    friend bool operator==(BigInt, BigInt) = default;
  };
  using Binary = std::vector<std::uint8_t>;

  enum class Kind { kNull, kUndefined, kBool, kNumber, kBigInt, kString, kBinary, kArray, kObject };

  Value() : data_(nullptr) {}
  Value(std::nullptr_t) : data_(nullptr) {}         // NOLINT: implicit, as JSON literals are
  Value(Undefined undefined) : data_(undefined) {}  // NOLINT
  Value(std::same_as<bool> auto flag) : data_(static_cast<bool>(flag)) {}  // NOLINT
  /// Numbers are doubles, as in JavaScript: integers beyond 2^53 lose precision (use BigInt).
  template <typename N>
    requires(std::integral<N> && !std::same_as<N, bool>) || std::floating_point<N>
  Value(N number) : data_(static_cast<double>(number)) {}     // NOLINT
  Value(BigInt big) : data_(big) {}                           // NOLINT
  Value(const char* text) : data_(std::string(text)) {}       // NOLINT
  Value(std::string_view text) : data_(std::string(text)) {}  // NOLINT
  Value(std::string text) : data_(std::move(text)) {}         // NOLINT
  Value(Binary bytes) : data_(std::move(bytes)) {}            // NOLINT
  Value(Array items) : data_(std::move(items)) {}             // NOLINT
  Value(Object members) : data_(std::move(members)) {}        // NOLINT
  /// `{{"title", "Plan"}, {"done", 3}}` makes an object (every element is a pair that starts with a
  /// string), anything else an array; so `{{"a", "b"}}` is an object with one member. Say
  /// Value::array or Value::object where both could be meant. An empty list makes an empty object,
  /// but C++ takes a bare `{}` for the default constructor: null. Of members with one name the last
  /// value wins, at the first one's place.
  Value(std::initializer_list<Value> items);
  static Value array(std::initializer_list<Value> items = {}) { return Value(Array(items)); }
  /// REQUIRES: names are unique.
  static Value object(std::initializer_list<Member> members = {}) { return Value(Object(members)); }

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_null() const { return kind() == Kind::kNull; }
  bool is_undefined() const { return kind() == Kind::kUndefined; }
  bool is_bool() const { return kind() == Kind::kBool; }
  bool is_string() const { return kind() == Kind::kString; }
  bool is_number() const { return kind() == Kind::kNumber; }
  bool is_array() const { return kind() == Kind::kArray; }
  bool is_object() const { return kind() == Kind::kObject; }

  // REQUIRES of each: the kind.
  bool boolean() const { return std::get<bool>(data_); }
  double number() const { return std::get<double>(data_); }
  BigInt bigint() const { return std::get<BigInt>(data_); }
  const std::string& string() const { return std::get<std::string>(data_); }
  const Binary& binary() const { return std::get<Binary>(data_); }
  const Array& items() const { return std::get<Array>(data_); }
  Array& items() { return std::get<Array>(data_); }
  const Object& members() const { return std::get<Object>(data_); }
  Object& members() { return std::get<Object>(data_); }

  /// The member of an object, or nullptr (also for other kinds).
  const Value* find(std::string_view member) const;
  /// Sets or adds a member. REQUIRES: an object.
  void set(std::string_view member, Value value);

  /// The value as a C++ type: bool, integers, floating point, std::string, Value. Throws Error
  /// kSchema for another kind, or a number that the integer type cannot hold exactly.
  template <typename T>
  T as() const;

  /// SameValue of ECMAScript at the leaves: NaN equals NaN, -0 differs from 0. Member order does
  /// not count.
  friend bool operator==(const Value& a, const Value& b);

  /// JSON text as ECMAScript's JSON.stringify writes it; undefined members are left out, and what
  /// JSON cannot say (undefined elsewhere, NaN, bytes) becomes null or an object as JavaScript
  /// would. A BigInt is written as an integer, `undefined` alone as "undefined".
  std::string to_json() const;
  /// Reads JSON as JSON.parse does, nested at most 1000 deep. Throws Error kMalformed, which names
  /// line and column.
  static Value parse(std::string_view json);

 private:
  // The order is that of Kind.
  std::variant<std::nullptr_t, Undefined, bool, double, BigInt, std::string, Binary, Array, Object>
      data_;
};

std::ostream& operator<<(std::ostream& out, const Value& value);

namespace detail {
[[noreturn]] void throw_wrong_kind(const Value& value, const char* wanted);
std::int64_t signed_integer(const Value& value, std::int64_t least, std::int64_t most);
std::uint64_t unsigned_integer(const Value& value, std::uint64_t most);
}  // namespace detail

template <typename T>
T Value::as() const {
  if constexpr (std::same_as<T, Value>) {
    return *this;
  } else if constexpr (std::same_as<T, bool>) {
    if (kind() != Kind::kBool) detail::throw_wrong_kind(*this, "a bool");
    return boolean();
  } else if constexpr (std::signed_integral<T>) {
    return static_cast<T>(detail::signed_integer(*this, std::numeric_limits<T>::min(),
                                                 std::numeric_limits<T>::max()));
  } else if constexpr (std::unsigned_integral<T>) {
    return static_cast<T>(detail::unsigned_integer(*this, std::numeric_limits<T>::max()));
  } else if constexpr (std::floating_point<T>) {
    if (kind() != Kind::kNumber) detail::throw_wrong_kind(*this, "a number");
    return static_cast<T>(number());
  } else {
    static_assert(std::same_as<T, std::string>,
                  "Value::as<T>: bool, a number type, std::string or Value");
    if (kind() != Kind::kString) detail::throw_wrong_kind(*this, "a string");
    return string();
  }
}

}  // namespace syncline
