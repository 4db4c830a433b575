// The three texts that are made from the table of modes: help, the man page, and what shells know.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "modes/command.h"
#include "modes/terminal.h"

namespace aileron::modes {

// `width` 0: not a terminal; then lines end at 80 columns.
std::string Overview(std::span<const Mode> modes, Colour colour, std::size_t width);
std::string CommandHelp(const Command& command, std::string_view path, Colour colour,
                        std::size_t width);

// aileron(1) in the man macros of groff and mandoc.
std::string ManPage(std::span<const Mode> modes);

// A script for "bash", "zsh" or "fish".
std::string Completion(std::span<const Mode> modes, std::string_view shell);

// "-o, --output=FILE"
std::string Spelled(const Flag& flag);

// Exit codes with their meanings, for help and the man page.
struct ExitMeaning {
  std::string_view code;
  std::string_view meaning;
};
std::span<const ExitMeaning> ExitMeanings();

}  // namespace aileron::modes
