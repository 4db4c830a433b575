#include "shim/json_text.h"

#include "base/json_depth.h"
#include "shim/limits.h"

namespace aileron::shim {

Result<nlohmann::json> ParseJson(std::string_view text, std::string_view what) {
  if (NestsDeeperThan(text, limits::kDepthMax)) {
    return Fail(Code::kInvalid, "{} is nested more than {} deep", what, limits::kDepthMax);
  }
  nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Fail(Code::kInvalid, "{} is not JSON", what);
  return json;
}

}  // namespace aileron::shim
