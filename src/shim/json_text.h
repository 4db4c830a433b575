// JSON that somebody else wrote, read with bounds (base/json_depth.h says why).
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/result.h"

namespace aileron::shim {

// kInvalid for what is no JSON (RFC 8259), not UTF-8, or nested deeper than limits::kDepthMax.
// `what` is for messages: "the answer".
Result<nlohmann::json> ParseJson(std::string_view text, std::string_view what);

}  // namespace aileron::shim
