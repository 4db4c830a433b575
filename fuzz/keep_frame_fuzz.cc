// Frames of a keeper: in pieces they are what they are at once, and what was read reads so again.
#include "fuzz/pieces.h"
#include "keep/frame.h"
#include "keep/limits.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::keep;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view stream = AsText(data, size);
  while (true) {
    const std::string_view before = stream;
    const auto frame = NextFrame(stream);
    if (!frame || !*frame) {
      Expect(stream.size() == before.size());
      return 0;
    }
    Expect((*frame)->bytes.size() <= limits::kFrame);
    const std::string again = Encode((*frame)->kind, (*frame)->bytes);
    Expect(before.starts_with(again) && before.size() - stream.size() == again.size());
    const auto terminal = DecodeSize((*frame)->bytes);
    if (terminal) Expect(terminal->rows != 0 && terminal->columns != 0);
  }
}
