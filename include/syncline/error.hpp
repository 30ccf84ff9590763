// The one error of Syncline: a code from one table, and a message that says what was wrong, where,
// and what to do.
//
// Below the live-object façade functions return Result<T> (src/base/result.hpp) that carries an
// Error; the façade
// (`board["title"] = …`, `.get()`) throws it.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace syncline {

/// What went wrong, HTTP-like: one table for the C++ API, the sync-api, WebSocket closes, REST and
/// the command.
enum class Code : int {
  kMalformed = 400,        ///< bytes, JSON, URL or pointer that cannot be read
  kUnauthenticated = 401,  ///< no valid identity
  kDenied = 403,           ///< the rules forbid it
  kNotFound = 404,         ///< no such object, path or handler
  kTimeout = 408,          ///< no answer in time
  kConflict = 409,         ///< exists already, changed meanwhile, a gap, an id held by someone else
  kGone = 410,             ///< deleted
  kTooLarge = 413,         ///< past a limit
  kSchema = 422,           ///< violates the object's schema or the type of a value
  kTooFast = 429,          ///< past a rate
  kInternal = 500,         ///< our fault, or the disk's
  kUnavailable = 503,      ///< shutting down, disconnected, or nobody there to answer
};

/// The stable name of a code ("denied"), as messages and JSON carry it.
std::string_view name(Code code);

/// The code of a number from the wire; kInternal for a number that is not in the table.
Code code_from(int number);

/// An error, as a value in a Result or as an exception out of the live-object façade.
class Error : public std::exception {
 public:
  Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  /// An error with a narrower reason within its code: {kConflict, "gap"}, {kConflict,
  /// "client_id_taken"}.
  Error(Code code, std::string reason, std::string message)
      : code_(code), reason_(std::move(reason)), message_(std::move(message)) {}

  Code code() const { return code_; }
  /// The narrower reason, a stable word; the code's name where there is none.
  std::string_view reason() const { return reason_.empty() ? name(code_) : reason_; }
  const std::string& message() const { return message_; }
  const char* what() const noexcept override { return message_.c_str(); }

  friend bool operator==(const Error&, const Error&) = delete;

 private:
  Code code_;
  std::string reason_;
  std::string message_;
};

}  // namespace syncline
