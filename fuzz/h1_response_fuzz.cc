// A response head: cut anywhere it reads the same; written out it is read as the same message
// again.
#include <string>

#include "fuzz/pieces.h"
#include "http/h1.h"
#include "http/h1_write.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Exchange exchange{.method = static_cast<MethodKind>(data[0] % 3),
                          .upgrade_asked = data[0] / 3 % 2 == 1};
  aileron::fuzz::Pieces pieces(data[1]);
  const std::string_view input = AsText(data + 2, size - 2);

  ResponseParser parser;
  ResponseHead head;
  const HeadStep once = parser.Parse(input, exchange, head);

  ResponseParser slow_parser;
  ResponseHead slow_head;
  HeadStep slow;
  std::size_t at = 0;
  while (slow.outcome == Outcome::kNeedMore && at < input.size()) {
    at += pieces.Next(input.size() - at);
    slow = slow_parser.Parse(std::string(input.substr(0, at)), exchange, slow_head);
  }
  Expect(once.outcome == slow.outcome && once.flaw == slow.flaw && once.consumed == slow.consumed);
  if (once.outcome != Outcome::kDone) return 0;

  Expect(head.status() >= 100 && head.status() <= 999 && head.body() == slow_head.body());
  Expect(head.headers.Count("content-length") + head.headers.Count("transfer-encoding") <= 1);
  const bool tunnel = head.body().framing == Framing::kTunnel;  // CONNECT and any 2xx
  Expect(tunnel || !(head.interim() || head.status() == 204) || head.body().empty());
  if (exchange.method == MethodKind::kHead && head.status() != 101) Expect(head.body().empty());
  if (head.version() == Version::k10) return 0;
  std::string written;
  AppendResponseHead(head.status(), head.reason(), head.headers, written);
  ResponseHead again;
  const HeadStep step = parser.Parse(written, exchange, again);
  if (step.flaw == Flaw::kHeadTooLarge) return 0;
  Expect(step.outcome == Outcome::kDone && step.consumed == written.size());
  Expect(again.status() == head.status() && again.body() == head.body());
  Expect(again.keep_alive() == head.keep_alive() && again.headers.size() == head.headers.size());
  return 0;
}
