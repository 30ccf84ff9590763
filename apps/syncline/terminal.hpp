// The two streams of a command: results on standard output, everything else on standard error;
// colour only where a person looks.
#pragma once

#include <string>
#include <string_view>

#include "base/log.hpp"

namespace syncline::command {

/// Whether standard output is a terminal.
bool output_is_terminal();

enum class Style { kBold, kDim, kGreen, kYellow, kRed, kBlue };
/// The text in a style where `stream` (1 or 2) is a terminal and NO_COLOR is not set.
std::string styled(Style style, std::string_view text, int stream = 1);

/// Writes a result and flushes it. Throws Error where standard output is gone.
void print(std::string_view text);
/// A line of a command's story, on standard error.
void tell(std::string_view line);
/// Why a command did not do what it was asked: one line, `syncline: …`.
void complain(std::string_view why);

/// Sends log lines of this level or worse, with their time, to standard error.
void log_to_stderr(log::Level least = log::Level::kInfo);

}  // namespace syncline::command
