// Commands that work on a data file of their own, with or without a hub in reach.
#pragma once

#include <string>

#include "commands.hpp"
#include "syncline/syncer.hpp"
#include "syncline/value.hpp"

namespace syncline::command {

/// Whether the caller has a data file: then the command works on that.
inline bool is_kept(const Caller& caller) { return !caller.data.empty(); }

void create_kept(const Caller& caller, const std::string& url, const Value& data,
                 const CreateOptions& options);
Value get_kept(const Caller& caller, const std::string& url, const std::string& pointer);
/// `as_text`: a string becomes a live text.
void set_kept(const Caller& caller, const std::string& url, const std::string& pointer,
              const Value& value, bool as_text);
void delete_kept(const Caller& caller, const std::string& url, const std::string& pointer);

}  // namespace syncline::command
