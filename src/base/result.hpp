// Result<T>: a value or the Error that kept it from being made. What the outside world can cause
// comes back as one.
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "base/check.hpp"
#include "syncline/error.hpp"

namespace syncline {

/// A value or an Error. REQUIRES for value(): ok(); for error(): !ok().
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit on purpose
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit on purpose

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & {
    SYNCLINE_CHECK(ok(), "Result::value() of an error");
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    SYNCLINE_CHECK(ok(), "Result::value() of an error");
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    SYNCLINE_CHECK(ok(), "Result::value() of an error");
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    SYNCLINE_CHECK(!ok(), "Result::error() of a value");
    return *std::get_if<1>(&state_);
  }
  /// The value, or the error thrown: for the façade only.
  T take_or_throw() && {
    if (!ok()) throw error();
    return std::move(*std::get_if<0>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

/// Done, or the Error that prevented it.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit on purpose

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    SYNCLINE_CHECK(!ok(), "Result::error() of a success");
    return *error_;
  }
  void or_throw() const {
    if (error_) throw Error(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace syncline

/// Leaves the function with the error of `expression`, a Result, if it has one.
#define SYNCLINE_TRY(expression)                                    \
  do {                                                              \
    if (auto syncline_result = (expression); !syncline_result.ok()) \
      return syncline_result.error();                               \
  } while (false)

/// Defines `name` from the value of `expression`, a Result, or leaves the function with its error.
#define SYNCLINE_TRY_ASSIGN(name, expression)            \
  auto name##_result = (expression);                     \
  if (!name##_result.ok()) return name##_result.error(); \
  auto& name = name##_result.value()
