// What a word of a tool's command line can become, for the shell of who types it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connector/connector.h"

namespace aileron::connector {

// The words that the last one of `words` begins, in order: names of operations (where they are too
// many, no further than to the next dot), an operation's flags, or a flag's values. `own` are flags
// that every operation has. No words: none.
std::vector<std::string> Complete(const Connector& connector, const Tool& tool,
                                  std::span<const std::string> words,
                                  std::span<const std::string_view> own);

}  // namespace aileron::connector
