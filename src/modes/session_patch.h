// The patch of what an agent changed in a copy of its workspace (changes/patch.h), read and printed
// file by file.
#pragma once

#include <expected>
#include <vector>

#include "changes/change.h"
#include "changes/store.h"
#include "modes/command.h"
#include "modes/terminal.h"

namespace aileron::modes {

// To standard output; on a terminal without what it would obey. What is too much for one patch, or
// cannot be read, is said on standard error.
std::expected<void, Failure> PrintPatch(const changes::Opened& opened,
                                        const std::vector<changes::Change>& all, Colour colour);

}  // namespace aileron::modes
