// Quoted: the beginning of a stranger's text in quotes, safe to show.
#pragma once

#include <string>
#include <string_view>

#include "base/text.h"
#include "image/limits.h"

namespace aileron::image {

inline std::string Quoted(std::string_view text) {
  return fmt::format("\"{}\"", Printable(BeginningOf(text, limits::kQuotedMax)));
}

}  // namespace aileron::image
