// Tested by src/proxy/proxy_route_test.cc.

#include "proxy/proxy_tunnel.h"

#include "base/host_pattern.h"
#include "base/text.h"
#include "proxy/inject.h"
#include "proxy/limits.h"

namespace aileron::proxy {

ProxyTunnel::ProxyTunnel(net::Loop& loop, PermitClient& permits, const UpstreamProxy& proxy,
                         std::string to, std::unique_ptr<net::Stream> stream,
                         net::Interval patience, OnDone on_done)
    : permits_(permits),
      proxy_(proxy),
      to_(std::move(to)),
      stream_(std::move(stream)),
      patience_(patience),
      on_done_(std::move(on_done)),
      deadline_(loop,
                [this] {
                  Fail("upstream_proxy_timeout",
                       fmt::format("the upstream proxy {} did not answer in time", Name()),
                       "try again later", 504);
                }),
      request_(limits::output_max, Contents::kSecret),
      answer_(limits::proxy_answer_max) {
  stream_->set_owner(*this);
}

std::string ProxyTunnel::Name() const { return FormatHostPort(proxy_.host, proxy_.port); }

void ProxyTunnel::Begin() {
  deadline_.Set(patience_);
  if (proxy_.credential.empty()) return Send(nullptr);
  permits_.AskCredential(
      {.binding = std::string(kUpstreamProxyBinding), .host = proxy_.host, .port = proxy_.port},
      [this, alive = std::weak_ptr(alive_)](const std::shared_ptr<const Credential>& credential) {
        if (alive.expired()) return;
        if (credential->secret.empty()) return Finish(std::unexpected(RefusalOf(*credential)));
        Send(credential);
      });
}

void ProxyTunnel::Send(const std::shared_ptr<const Credential>& credential) {
  http::Headers headers;
  headers.Add("Host", to_);
  const BindingView binding{.name = std::string(kUpstreamProxyBinding),
                            .scheme = BindingScheme::kBasic,
                            .username = proxy_.username,
                            .header = "Proxy-Authorization"};
  std::vector<Grant> grants;
  if (credential) grants.push_back({&binding, &credential->secret});
  const auto written = AppendInjectedHead({.method = "CONNECT", .target = to_, .headers = &headers},
                                          grants, request_);
  if (!written) {
    return Fail("credential_unusable", written.error().message,
                "check the credential of --upstream-proxy on the host");
  }
  sent_ = true;
  OnChannel(*stream_);
}

void ProxyTunnel::OnChannel(net::Channel&) {
  if (!sent_ || !Write()) return;
  if (Read()) Judge();
}

// Whether all of the request has left.
bool ProxyTunnel::Write() {
  while (!request_.empty()) {
    std::size_t count = 0;
    const net::Io io = stream_->Write(request_.View(), count);
    if (io == net::Io::kBlocked) return false;
    if (io != net::Io::kDone) {
      Fail("upstream_proxy_unreachable",
           fmt::format("the upstream proxy {}: {}", Name(), stream_->error()), "try again");
      return false;
    }
    request_.Consume(count);
  }
  return true;
}

// Whether the head of the final answer is there.
bool ProxyTunnel::Read() {
  while (true) {
    std::string_view wrong;
    const http::HeadStep step =
        parser_.Parse(answer_.View(), {.method = http::MethodKind::kConnect}, head_);
    if (step.outcome == http::Outcome::kDone) {
      answer_.Consume(step.consumed);
      if (!head_.interim()) return true;
      continue;
    }
    if (step.outcome == http::Outcome::kFailed) wrong = http::FlawText(step.flaw);
    if (wrong.empty() && answer_.Room() == 0) wrong = "the head is too large";
    if (!wrong.empty()) {
      Fail(
          "upstream_proxy_invalid",
          fmt::format("the upstream proxy {} sent what is no answer to CONNECT: {}", Name(), wrong),
          "check that --upstream-proxy names an HTTP proxy");
      return false;
    }
    const auto room = answer_.Prepare(std::min(answer_.Room(), limits::proxy_answer_max / 4));
    std::size_t count = 0;
    const net::Io io = stream_->Read(room, count);
    if (io == net::Io::kBlocked) return false;
    if (io != net::Io::kDone) {
      Fail("upstream_proxy_refused",
           fmt::format("the upstream proxy {} closed the connection instead of answering", Name()),
           "check that --upstream-proxy names an HTTP proxy that this host may use");
      return false;
    }
    answer_.Commit(count);
  }
}

void ProxyTunnel::Judge() {
  constexpr int authentication_required = 407;
  if (head_.status() / 100 == 2) {
    stream_->PutBack(answer_.View());
    return Finish(std::move(stream_));
  }
  if (head_.status() == authentication_required) {
    return Finish(std::unexpected(ProxyWantsCredential(
        proxy_.credential.empty() ? ProxyCredential::kNone : ProxyCredential::kSent)));
  }
  const std::string_view words = head_.reason();
  Fail("upstream_proxy_refused",
       fmt::format("the upstream proxy {} does not connect to {}: {} {}", Name(), to_,
                   head_.status(), Printable(words.substr(0, limits::record_text_max))),
       "the proxy's administrator decides that; --no-proxy names hosts that need none");
}

void ProxyTunnel::Fail(std::string code, std::string reason, std::string hint, int status) {
  Finish(std::unexpected(Refusal{.status = status,
                                 .code = std::move(code),
                                 .reason = std::move(reason),
                                 .hint = std::move(hint)}));
}

void ProxyTunnel::Finish(Outcome outcome) {
  deadline_.Cancel();
  const OnDone on_done = std::move(on_done_);
  on_done(std::move(outcome));  // may destroy this
}

}  // namespace aileron::proxy
