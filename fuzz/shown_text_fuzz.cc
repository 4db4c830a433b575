// ShownText: whatever the bytes, what comes out is bounded, has nothing in it that moves a cursor
// or turns or hides text, is the same when it is only cut again, and stands for one text alone.
#include <algorithm>
#include <string>
#include <string_view>

#include "approval/shown_text.h"
#include "base/text.h"
#include "fuzz/pieces.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::approval;

namespace {

constexpr std::string_view kNeverShown[] = {
    "\x1b",         "\x7f",         "\r",           "\xc2\x9b",     "\xe2\x80\x8b",
    "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xaa", "\xe2\x80\xae", "\xe2\x81\xa6",
    "\xe2\x81\xa9", "\xef\xbb\xbf", "\xff",         "\xc0",         "\xed\xa0",
};

void Check(std::string_view text, std::size_t max, Lines lines) {
  const std::string shown = ShownText(text, max, lines);
  Expect(shown.size() <= max);
  for (const std::string_view bad : kNeverShown) Expect(!shown.contains(bad));
  Expect(lines == Lines::kMany || !shown.contains('\n'));
  Expect(ShownText(shown, max, Lines::kMany) == shown);
  const bool plain = aileron::Printable(text) == text && !text.contains('\\');
  if (text.size() <= max && plain) Expect(shown == text);
}

// What Printable wrote begins with one backslash, the text's own are pairs.
void CheckBackslashes(std::string_view text) {
  const std::string shown = ShownText(text, 64 + 10 * text.size());
  std::size_t pairs = 0;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (shown[i] != '\\') continue;
    Expect(i + 1 < shown.size() && std::string_view("\\xuU").contains(shown[i + 1]));
    if (shown[++i] == '\\') ++pairs;
  }
  Expect(pairs == static_cast<std::size_t>(std::ranges::count(text, '\\')));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text = AsText(data + 1, size - 1);
  const std::size_t max = 64 + data[0];
  Check(text, max, Lines::kOne);
  Check(text, max, Lines::kMany);
  CheckBackslashes(text);
  return 0;
}
