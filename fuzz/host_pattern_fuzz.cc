// Hosts and patterns: an accepted one has one spelling, which reads as itself and matches itself.
#include "base/host_pattern.h"

#include "fuzz/pieces.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = AsText(data, size);
  if (const auto host = aileron::ParseHost(input)) {
    Expect(aileron::ParseHost(host->text) == *host);
    const auto exact = aileron::HostPattern::Parse(host->text);
    Expect(exact.has_value() && !exact->wildcard() && exact->Matches(host->text));
    if (host->kind == aileron::HostKind::kName) {
      const auto wildcard = aileron::HostPattern::Parse("*." + host->text);
      Expect(!wildcard || !wildcard->Matches(host->text));
    }
  }
  if (const auto pattern = aileron::HostPattern::Parse(input)) {
    const auto again = aileron::HostPattern::Parse(pattern->ToString());
    Expect(again.has_value() && *again == *pattern);
  }
  if (const auto pair = aileron::ParseHostPort(input)) {
    Expect(pair->port != 0);
    if (pair->port && !pair->pattern.wildcard()) {
      const auto again =
          aileron::ParseHostPort(aileron::FormatHostPort(pair->pattern.host(), *pair->port));
      Expect(again.has_value() && *again == *pair);
    }
  }
  return 0;
}
