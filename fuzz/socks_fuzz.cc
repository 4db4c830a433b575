// SOCKS: the same bytes in other pieces mean the same, and nothing behind the request is taken.
#include "proxy/socks.h"

#include "fuzz/pieces.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using aileron::fuzz::Pieces;
using aileron::proxy::SocksConversation;

namespace {

struct Seen {
  SocksConversation::Step step = SocksConversation::Step::kNeedMore;
  std::string host;
  std::uint16_t port = 0;
  std::string output;
  std::size_t used = 0;
  bool operator==(const Seen&) const = default;
};

Seen Feed(std::string_view bytes, Pieces* pieces) {
  SocksConversation socks;
  Seen seen;
  std::size_t fed = 0;
  while (fed < bytes.size() && seen.step == SocksConversation::Step::kNeedMore) {
    const std::size_t left = std::min(bytes.size() - fed, socks.input().Room());
    Expect(left > 0);  // no message is longer than its room
    const std::size_t size = pieces != nullptr ? pieces->Next(left) : left;
    socks.input().Append(bytes.substr(fed, size));
    fed += size;
    seen.step = socks.Advance();
  }
  seen.host = socks.host();
  seen.port = socks.port();
  seen.output = socks.output();
  seen.used = fed - socks.input().size();
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Pieces pieces(data[0]);
  const std::string_view bytes = AsText(data + 1, size - 1);
  const Seen whole = Feed(bytes, nullptr);
  Expect(Feed(bytes, &pieces) == whole);
  if (whole.step == SocksConversation::Step::kRequest) {
    Expect(!whole.host.empty() && whole.port != 0);
  }
  return 0;
}
