// SigV4: whatever a client writes into its signature, what goes out is one request with one
// signature, by the real key, and the look-alike nowhere in its place.
#include <string>

#include "fuzz/pieces.h"
#include "http/h1.h"
#include "http/h1_write.h"
#include "proxy/inject.h"
#include "proxy/sigv4.h"

using aileron::ByteBuffer;
using aileron::Contents;
using aileron::Secret;
using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::proxy;
namespace http = aileron::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const BindingView binding{.name = "b",
                                   .scheme = BindingScheme::kSigV4,
                                   .emit = Emit::kSentinel,
                                   .credential = "aws/b",
                                   .sentinel = "LOOKALIKE"};
  static const Secret key{"REALID\n" + std::string(64, 'a') + "\ntoken"};
  http::RequestParser parser;
  http::RequestHead head;
  const auto step = parser.Parse(AsText(data, size), head);
  if (step.outcome != http::Outcome::kDone || !head.path_and_query().starts_with('/')) return 0;
  if (head.host().empty() || AsText(data, size).contains("REALID")) return 0;
  http::RemoveHopByHop(head.headers, http::KeepUpgrade::kNo);
  http::SetFraming(head.headers, head.body());
  const RequestParts request{head.method(), head.path_and_query(), &head.headers};
  const bool needed = NeedsCredential(binding, request);
  (void)NeedsBodyHash(binding, request);
  const Grant grant{&binding, &key};
  ByteBuffer out(256 * 1024, Contents::kSecret);
  const auto report = AppendInjectedHead(request, {&grant, 1}, out);
  if (!report) {
    Expect(needed && out.empty());
    return 0;
  }
  Expect(report->aws_signature.empty() == !needed);
  Expect(out.View().contains("REALID") == needed);
  http::RequestParser again;
  http::RequestHead sent;
  const auto read = again.Parse(out.View(), sent);
  if (read.outcome == http::Outcome::kFailed && read.flaw != http::Flaw::kHeadTooLarge &&
      read.flaw != http::Flaw::kTargetTooLong && read.flaw != http::Flaw::kTooManyHeaders) {
    std::abort();
  }
  if (read.outcome != http::Outcome::kDone || !needed) return 0;
  // What went out is a signature by the real key, and can be made again as such.
  const RequestParts signed_again{sent.method(), sent.path_and_query(), &sent.headers};
  const auto found = FindAwsSignature(signed_again, "REALID");
  Expect(found.has_value() && found->has_value());
  return 0;
}
