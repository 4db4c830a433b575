// Injection into any request: what goes out is one request, holds the credential where it belongs
// and nowhere else, and nothing of the client's own in its place.
#include <string>

#include "fuzz/pieces.h"
#include "http/cookie.h"
#include "http/h1.h"
#include "http/h1_write.h"
#include "http/url.h"
#include "proxy/inject.h"

using aileron::ByteBuffer;
using aileron::Contents;
using aileron::Secret;
using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::proxy;
namespace http = aileron::http;

namespace {

constexpr std::string_view kSecret = "S3CR3T:\"value/+=&";
constexpr std::string_view kLookAlike = "lookalike";

BindingView BindingOf(std::uint8_t choice) {
  BindingView binding{.name = "b", .credential = "api/b"};
  binding.scheme = static_cast<BindingScheme>(choice % 5);
  binding.emit = choice / 5 % 2 == 0 ? Emit::kInject : Emit::kSentinel;
  binding.username = choice / 10 % 2 == 0 ? "" : "user";
  binding.header = binding.scheme == BindingScheme::kHeaderTemplate ? "X-Api-Key" : "";
  binding.template_text = "v {secret}.";
  binding.parameter = "key";
  binding.sentinel = kLookAlike;
  return binding;
}

void CheckSent(const BindingView& binding, const Injected& report, std::string_view sent) {
  http::RequestParser parser;
  http::RequestHead head;
  const http::HeadStep step = parser.Parse(sent, head);
  if (step.flaw == http::Flaw::kHeadTooLarge || step.flaw == http::Flaw::kTargetTooLong ||
      step.flaw == http::Flaw::kTooManyHeaders) {
    return;
  }
  Expect(step.outcome == http::Outcome::kDone && step.consumed == sent.size());
  if (binding.emit == Emit::kSentinel) {
    if (!report.injected) Expect(!sent.contains(kSecret));
    return;
  }
  Expect(report.injected);
  if (binding.scheme == BindingScheme::kQueryParam) {
    int found = 0;
    const auto query = http::SplitTarget(head.target()).query;
    Expect(query.has_value());
    http::ForEachParameter(*query, [&](std::string_view name, std::string_view, std::string_view) {
      found += http::ParameterIs(name, "key") ? 1 : 0;
      return true;
    });
    Expect(found == 1);
  } else if (binding.scheme == BindingScheme::kCookie) {
    int found = 0;
    Expect(head.headers.Count("Cookie") == 1);
    http::ForEachCookie(*head.headers.Find("Cookie"),
                        [&](std::string_view name, std::string_view, std::string_view) {
                          found += name == "key" ? 1 : 0;
                          return true;
                        });
    Expect(found == 1);
  } else {
    const std::string_view field =
        binding.header.empty() ? std::string_view("Authorization") : binding.header;
    Expect(head.headers.Count(field) == 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const BindingView binding = BindingOf(data[0]);
  http::RequestParser parser;
  http::RequestHead head;
  const auto step = parser.Parse(AsText(data + 1, size - 1), head);
  if (step.outcome != http::Outcome::kDone || !head.path_and_query().starts_with('/')) return 0;
  if (head.host().empty()) return 0;
  http::RemoveHopByHop(head.headers, http::KeepUpgrade::kNo);
  http::SetFraming(head.headers, head.body());
  // The client may know the shape of a secret, not the secret.
  if (AsText(data, size).contains(kSecret)) return 0;

  static const Secret secret{kSecret};
  const RequestParts request{head.method(), head.path_and_query(), &head.headers};
  const Grant grant{&binding, &secret};
  ByteBuffer out(256 * 1024, Contents::kSecret);
  const auto report = AppendInjectedHead(request, {&grant, 1}, out);
  Expect(report.has_value());
  Expect(NeedsCredential(binding, request) == report->injected);
  CheckSent(binding, *report, out.View());

  // Without a grant the head goes out as it came.
  std::string plain;
  http::AppendRequestHead(request.method, request.target, head.headers, plain);
  ByteBuffer untouched(256 * 1024);
  Expect(AppendInjectedHead(request, {}, untouched).has_value());
  Expect(untouched.View() == plain);
  return 0;
}
