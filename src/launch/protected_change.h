// What of an agent's changes the host would run later, or take its settings from.
#pragma once

#include <string_view>

namespace aileron::launch {

// Of a path below the workspace, whether a change of it needs a person's word for it: what the
// guard covers in a workspace that an agent writes itself (guard.h), and any repository's settings
// and hooks, however deep.
bool IsProtectedChange(std::string_view path);

}  // namespace aileron::launch
