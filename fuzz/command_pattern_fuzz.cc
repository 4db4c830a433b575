// Patterns: any text is a pattern or is refused with a reason; what it says of a command does not
// depend on whether a word is known: a word that could be another is met at least as far.
#include "command/pattern.h"

#include "fuzz/pieces.h"

using aileron::command::AnyWords;
using aileron::command::Extent;
using aileron::command::kHole;
using aileron::command::Match;
using aileron::command::Pattern;
using aileron::command::Word;
using aileron::fuzz::AsText;
using aileron::fuzz::Expect;

// A line of pattern, then a line a word.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = AsText(data, size);
  const std::size_t line = std::min(text.find('\n'), text.size());
  const auto pattern = Pattern::Parse(text.substr(0, line));
  text.remove_prefix(line);
  if (!pattern) {
    Expect(!pattern.error().message.empty());
    return 0;
  }
  std::vector<Word> words;
  while (!text.empty() && words.size() < 50) {
    text.remove_prefix(1);
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (text.substr(0, end).find(kHole) == std::string_view::npos) {
      words.push_back({text.substr(0, end)});
    }
    text.remove_prefix(end);
  }
  const Match met = pattern->MatchArguments("git", words, "/work", Extent::kAtLeast);
  const Match exact = pattern->MatchArguments("git", words, "/work", Extent::kExactly);
  Expect(met != Match::kCouldBe);  // every word is known, and so is the folder
  Expect(exact != Match::kCouldBe);
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::vector<Word> less = words;
    less[i] = AnyWords();
    if (met == Match::kMet) {
      Expect(pattern->MatchArguments("git", less, "/work", Extent::kAtLeast) != Match::kNo);
    }
  }
  return 0;
}
