// Names of vault entries: <kind>/<service>[/<identity>], as in token/github or token/github/work.
//
//   name = part "/" part ["/" part]      part = [a-z0-9] *[a-z0-9._-]
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace aileron {

inline constexpr std::size_t kEntryNameMax = 200;

// kInvalid with the grammar when `name` is not one.
Status CheckEntryName(std::string_view name);

}  // namespace aileron
