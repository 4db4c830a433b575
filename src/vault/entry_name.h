// Names of vault entries (base/entry_name.h), and what they say.
#pragma once

#include <string_view>

#include "base/result.h"

namespace aileron::vault {

// kInvalid with the grammar when `name` is not one.
Status CheckName(std::string_view name);

// The service of a valid name.
std::string_view ServiceOf(std::string_view name);

}  // namespace aileron::vault
