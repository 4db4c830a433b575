// A request head: cut anywhere it reads the same; what is accepted is unambiguous, and written out
// it is read as the same message again.
#include <string>

#include "fuzz/pieces.h"
#include "http/h1.h"
#include "http/h1_write.h"
#include "http/url.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::http;

namespace {

void CheckSame(const RequestHead& a, const RequestHead& b) {
  Expect(a.method() == b.method() && a.target() == b.target() && a.body() == b.body());
  Expect(a.host() == b.host() && a.form() == b.form() && a.keep_alive() == b.keep_alive());
  Expect(a.path_and_query() == b.path_and_query() && a.upgrade() == b.upgrade());
  Expect(a.host_match() == b.host_match() && a.headers.size() == b.headers.size());
  for (std::size_t i = 0; i < a.headers.size(); ++i) {
    Expect(a.headers.at(i).name == b.headers.at(i).name);
    Expect(a.headers.at(i).value == b.headers.at(i).value);
  }
}

void CheckAccepted(const RequestHead& head) {
  Expect(IsToken(head.method()) && !head.target().empty());
  Expect(head.target().find_first_of(" \t\r\n#") == std::string_view::npos);
  for (const Headers::Field field : head.headers) {
    Expect(IsToken(field.name) && IsFieldValue(field.value));
  }
  const auto lengths = head.headers.Count("content-length");
  const auto encodings = head.headers.Count("transfer-encoding");
  Expect(lengths + encodings <= 1 && head.headers.Count("host") <= 1);
  Expect(head.version() == Version::k10 || ParseAuthority(head.host()).has_value());
  if (head.form() != TargetForm::kAuthority && head.form() != TargetForm::kAsterisk) {
    Expect(head.path_and_query().starts_with('/') || head.path_and_query() == "*");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  aileron::fuzz::Pieces pieces(data[0]);
  const std::string_view input = AsText(data + 1, size - 1);

  RequestParser parser;
  RequestHead head;
  const HeadStep once = parser.Parse(input, head);

  RequestParser slow_parser;
  RequestHead slow_head;
  HeadStep slow;
  std::size_t at = 0;
  while (slow.outcome == Outcome::kNeedMore && at < input.size()) {
    at += pieces.Next(input.size() - at);
    slow = slow_parser.Parse(std::string(input.substr(0, at)), slow_head);
  }
  Expect(once.outcome == slow.outcome && once.flaw == slow.flaw && once.consumed == slow.consumed);
  if (once.outcome != Outcome::kDone) return 0;

  CheckSame(head, slow_head);
  CheckAccepted(head);
  if (head.version() == Version::k10) return 0;  // is written as 1.1
  std::string written;
  AppendRequestHead(head.method(), head.target(), head.headers, written);
  RequestHead again;
  const HeadStep step = parser.Parse(written, again);
  // ": " may make a head that was just short enough too long.
  if (step.flaw == Flaw::kHeadTooLarge) return 0;
  Expect(step.outcome == Outcome::kDone && step.consumed == written.size());
  CheckSame(head, again);

  RemoveHopByHop(head.headers, KeepUpgrade::kNo);
  SetFraming(head.headers, head.body());
  Expect(head.headers.Count("upgrade") == 0 && head.headers.Count("keep-alive") == 0);
  return 0;
}
