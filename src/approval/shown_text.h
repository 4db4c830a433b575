// ShownText: what a stranger wrote, as a person who decides may see it.
//
// Everything that the approval room shows passes here once, before it is kept: control characters,
// characters that turn or hide their neighbours and invalid UTF-8 are written out (base/text.h),
// and what is too long ends with how much is missing, so that nothing is hidden by length.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aileron::approval {

enum class Lines {
  kOne,   // a line end is written out like any other control character
  kMany,  // line ends and tabs stay: for previews, and for what was shown once and is only cut
};

// At most `max` bytes of text are shown, and a short note behind them when there was more. With
// kOne no two texts give the same: a backslash of the text's own is two. With kMany giving the
// result again changes nothing.
std::string ShownText(std::string_view text, std::size_t max, Lines lines = Lines::kOne);

}  // namespace aileron::approval
