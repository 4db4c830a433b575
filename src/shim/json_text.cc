#include "shim/json_text.h"

#include "shim/limits.h"

namespace aileron::shim {

namespace {

// Brackets outside of strings, never fewer than the parser will see.
bool TooDeep(std::string_view text) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > limits::kDepthMax) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<nlohmann::json> ParseJson(std::string_view text, std::string_view what) {
  if (TooDeep(text)) {
    return Fail(Code::kInvalid, "{} is nested more than {} deep", what, limits::kDepthMax);
  }
  nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Fail(Code::kInvalid, "{} is not JSON", what);
  return json;
}

}  // namespace aileron::shim
