// Parse: words of a command line into flags and arguments, as a Command describes them (CLI11 does
// the work, and is seen by parse.cc alone).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "modes/command.h"

namespace aileron::modes {

// `words` are those after the command's own name. kInvalid says what is wrong, with the nearest
// word that is right, and how to get help; `path` is "aileron session list". --help is a flag of
// every command; when it is there, nothing else is checked.
Result<Parsed> Parse(const Command& command, std::string_view path,
                     std::span<const std::string> words);

// `, did you mean "x"` when a candidate is near enough, else nothing.
std::string DidYouMean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace aileron::modes
