// EditText: text in the person's editor ($VISUAL, $EDITOR or vi), and back.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "os/paths.h"

namespace aileron::modes {

// The text as it was saved. It lies in a file (mode 0600) of a folder of its own (0700) below the
// runtime folder, with what the editor puts beside it, and all of that is gone when this returns.
// kUnavailable when the editor cannot be started or fails.
Result<std::string> EditText(const os::Paths& paths, std::string_view text);

}  // namespace aileron::modes
