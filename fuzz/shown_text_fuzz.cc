// ShownText: whatever the bytes, what comes out is bounded, has nothing in it that moves a cursor
// or turns or hides text, and is the same when it is given again.
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
  Expect(ShownText(shown, max, lines) == shown);
  if (text.size() <= max && lines == Lines::kOne && aileron::Printable(text) == text) {
    Expect(shown == text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text = AsText(data + 1, size - 1);
  const std::size_t max = 64 + data[0];
  Check(text, max, Lines::kOne);
  Check(text, max, Lines::kMany);
  return 0;
}
