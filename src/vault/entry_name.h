// Names of vault entries: <kind>/<service>[/<identity>], as in token/github or token/github/work.
//
//   name = part "/" part ["/" part]      part = [a-z0-9] *[a-z0-9._-]
#pragma once

#include <string_view>

#include "base/result.h"

namespace aileron::vault {

// kInvalid with the grammar when `name` is not one.
Status CheckName(std::string_view name);

// The service of a valid name.
std::string_view ServiceOf(std::string_view name);

}  // namespace aileron::vault
