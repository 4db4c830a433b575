// How deep a JSON text goes, before anything reads it: libraries read it in a loop, but copying,
// printing, comparing and freeing the value are recursive.
#pragma once

#include <cstddef>
#include <string_view>

namespace aileron {

// Counts brackets outside of strings, never fewer than a parser will see.
bool NestsDeeperThan(std::string_view json, std::size_t levels);

}  // namespace aileron
