// StackImage: the input is what lies from the stack pointer upwards. What is read from it lies in
// it, and within the bounds; and the first line of a script, which other strangers write.
#include <algorithm>
#include <cstring>

#include "fuzz/pieces.h"
#include "mediation/limits.h"
#include "mediation/script_line.h"
#include "mediation/stack_image.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron;
using namespace aileron::mediation;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kStack = 0x7000;
  const std::string_view memory = AsText(data, size);
  const auto image = ReadStack(
      [&](std::uint64_t address, std::span<char> into) -> Result<std::size_t> {
        if (address < kStack || address - kStack >= memory.size() || into.empty()) {
          return Fail(Code::kInternal, "nothing there");
        }
        const std::string_view rest = memory.substr(address - kStack);
        const std::size_t count = std::min(into.size(), rest.size());
        std::memcpy(into.data(), rest.data(), count);
        return count;
      },
      kStack);
  if (image) {
    std::string words;
    for (const std::string& word : image->argv) words += word + '\0';
    Expect(memory.find(words) != std::string_view::npos);
    Expect(!image->argv.empty() && image->argv.size() <= limits::kWords);
    Expect(words.size() <= limits::kWordBytes);
    Expect(memory.find(image->name) != std::string_view::npos);
  }
  if (const auto line = ParseScriptLine(memory)) {
    Expect(!line->interpreter.empty());
    Expect(line->interpreter.find_first_of(" \t\n") == std::string::npos);
    Expect(line->argument.find('\n') == std::string::npos);
  }
  return 0;
}
