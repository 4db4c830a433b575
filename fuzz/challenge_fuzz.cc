// A registry's challenges: what was read reads as the same when it is written anew.
#include "fuzz/pieces.h"
#include "http/headers.h"
#include "registry/challenge.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::registry;

namespace {

std::string Written(const std::vector<Challenge>& challenges) {
  std::string text;
  for (const Challenge& challenge : challenges) {
    text += (text.empty() ? "" : ", ") + challenge.scheme + " ";
    bool first = true;
    for (const auto& [name, value] : challenge.parameters) {
      text += (first ? "" : ",") + name + "=\"";
      for (const char c : value)
        text += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
      text += '"';
      first = false;
    }
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;  // what is written anew is longer, and still has to fit
  const auto challenges = ParseChallenges(AsText(data, size));
  for (const Challenge& challenge : challenges) {
    Expect(aileron::http::IsToken(challenge.scheme));
    for (const auto& [name, value] : challenge.parameters) Expect(aileron::http::IsToken(name));
  }
  const auto again = ParseChallenges(Written(challenges));
  Expect(again.size() == challenges.size());
  for (std::size_t i = 0; i < again.size(); ++i) {
    Expect(again[i].scheme == challenges[i].scheme);
    Expect(again[i].parameters == challenges[i].parameters);
  }
  return 0;
}
