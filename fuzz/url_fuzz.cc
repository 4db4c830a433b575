// Authorities and queries: an accepted authority has one reading; a replaced parameter stands once.
#include <string>

#include "base/text.h"
#include "fuzz/pieces.h"
#include "http/url.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = AsText(data, size);
  if (const auto authority = ParseAuthority(input)) {
    Expect(authority->host.find_first_of("/\\@?#%[] \t\r\n") == std::string_view::npos);
    std::string again = authority->literal ? "[" + std::string(authority->host) + "]"
                                           : std::string(authority->host);
    if (authority->port) again += ":" + std::to_string(*authority->port);
    Expect(SameAuthority(input, again, 1));
    Expect(ParseAuthority(again)->host == authority->host);
  }

  const std::size_t cut = input.find('\n');
  const std::string_view name = input.substr(0, cut);
  const std::string_view target =
      cut == std::string_view::npos ? std::string_view() : input.substr(cut + 1);
  if (name.empty()) return 0;
  const std::string replaced = ReplaceParameter(target, name, input);
  Expect(SplitTarget(replaced).path == SplitTarget(target).path);
  int found = 0;
  ForEachParameter(*SplitTarget(replaced).query,
                   [&](std::string_view parameter, std::string_view value, std::string_view) {
                     if (ParameterIs(parameter, name)) {
                       ++found;
                       Expect(aileron::PercentDecode(value) == input);
                     }
                     return true;
                   });
  Expect(found == 1);
  Expect(ReplaceParameter(replaced, name, input) == replaced);
  return 0;
}
