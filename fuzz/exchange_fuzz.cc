// Exchange, the core of a connection, under any order of events and bytes: no byte leaves before a
// verdict, no secret goes to a host that it is not bound to or back to the client, what piles up is
// bounded, and each question is asked once.
#include <fuzzer/FuzzedDataProvider.h>

#include <string>
#include <vector>

#include "fuzz/pieces.h"
#include "proxy/exchange.h"

using aileron::Secret;
using aileron::fuzz::Expect;
using namespace aileron::proxy;

namespace {

// The input's own bytes have no "~", so that only we can write the secret.
constexpr std::string_view kSecret = "S3CRET~0123456789", kLookAlike = "ail_lookalike";
constexpr std::string_view kBoundHost = "bound.test";

// What real peers send, and beginnings of it; the input's own bytes come between.
constexpr std::string_view kFromClient[] = {
    "GET http://bound.test/a?q=1 HTTP/1.1\r\nHost: bound.test\r\n\r\n",
    "GET http://other.test/ HTTP/1.1\r\nHost: other.test\r\nAuthorization: Bearer "
    "ail_lookalike\r\n\r\n",
    "POST http://bound.test/up HTTP/1.1\r\nHost: bound.test\r\nTransfer-Encoding: chunked\r\n\r\n",
    "PUT http://other.test/up HTTP/1.1\r\nHost: other.test\r\nContent-Length: 5\r\n"
    "Expect: 100-continue\r\n\r\n",
    "GET http://bound.test/ws HTTP/1.1\r\nHost: bound.test\r\nConnection: Upgrade\r\n"
    "Upgrade: websocket\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: bound.test\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: bound.test\r\nContent-Length: 3\r\n\r\nabc",
    "GET / HTTP/1.1\r\nHost: bound.test\r\nCookie: ail_lookalike\r\nAuthorization: Bearer "
    "ail_lookalike\r\n\r\n",
    "GET /ws HTTP/1.1\r\nHost: bound.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "CONNECT other.test:443 HTTP/1.1\r\nHost: other.test:443\r\n\r\n",
    "HEAD / HTTP/1.0\r\nHost: bound.test\r\n\r\n",
    "5\r\nhello\r\n",
    "0\r\n\r\n",
    "\x81\x8d\1\1\1\1`hm^mnnj`mhjd",  // a text message: the look-alike, masked with 1
    "\x82\x83\0\0\0\0abc",
};
constexpr std::string_view kFromUpstream[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "0\r\nX-T: v\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\nuntil the end",
    "HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "plain bytes",
};
// An answer that shows what it got; for exchanges in which it is to be masked.
constexpr std::string_view kEchoes[] = {
    "HTTP/1.1 200 S3CRET~0123456789\r\nX: S3CRET~0123456789\r\nContent-Length: 17\r\n\r\n",
    "S3CRET~0123456789",
    "S3CRET~01",
    "23456789",
};

class Driver {
 public:
  explicit Driver(FuzzedDataProvider& input)
      : input_(input),
        mode_(input.ConsumeBool() ? Exchange::Mode::kProxy : Exchange::Mode::kSite),
        mask_(input.ConsumeBool()),
        exchange_(mode_,
                  mode_ == Exchange::Mode::kSite
                      ? Site{.host = std::string(kBoundHost), .port = 443, .scheme = Scheme::kHttps}
                      : Site{}) {}

  void Play() {
    constexpr int most = 300;
    for (int i = 0; i < most && input_.remaining_bytes() > 0 && !over_; ++i) {
      Event(input_.ConsumeIntegralInRange(0, 13));
      now_ += std::chrono::milliseconds(1);
      exchange_.Advance(now_);
      RunCommands();
      Check();
    }
  }

 private:
  void Event(int kind) {
    switch (kind) {
      case 0:
      case 1:
        if (exchange_.WantsClientBytes())
          Give(input_.PickValueInArray(kFromClient), exchange_.from_client());
        break;
      case 2:
        if (exchange_.WantsClientBytes()) Give(Raw(), exchange_.from_client());
        break;
      case 3:
      case 4:
        if (exchange_.WantsUpstreamBytes())
          Give(input_.PickValueInArray(kFromUpstream), exchange_.from_upstream());
        break;
      case 5:
        if (exchange_.WantsUpstreamBytes()) Give(Raw(), exchange_.from_upstream());
        break;
      case 6:
        if (mask_ && given_ && !exchange_.upgrade_asked() && exchange_.WantsUpstreamBytes())
          Give(input_.PickValueInArray(kEchoes), exchange_.from_upstream());
        break;
      case 7:
        Answer();
        break;
      case 8:
        Drain(exchange_.to_upstream());
        break;
      case 9:
        Drain(exchange_.to_client());
        break;
      case 10:
        if (upstream_ == Upstream::kOpen)
          exchange_.OnUpstreamEnd(input_.ConsumeBool() ? Exchange::End::kClean
                                                       : Exchange::End::kBroken);
        break;
      case 11:
        if (upstream_ == Upstream::kOpen) exchange_.OnUpstreamDeaf();
        break;
      case 12:
        if (input_.ConsumeBool()) {
          exchange_.OnTimeout();
        } else {
          Answer();
        }
        break;
      case 13:
        if (!input_.ConsumeBool()) break;
        if (input_.ConsumeBool()) {
          exchange_.OnClientEnd();
        } else {
          exchange_.OnClientGone();
        }
        break;
    }
  }

  std::string Raw() {
    std::string bytes = input_.ConsumeRandomLengthString(64);
    std::ranges::replace(bytes, '~', '-');
    return bytes;
  }

  void Give(std::string_view bytes, aileron::ByteBuffer& buffer) {
    buffer.Append(bytes.substr(0, buffer.Room()));
  }

  // Whatever was asked last, if anything.
  void Answer() {
    if (asked_ == Exchange::Command::kAskVerdict) {
      asked_.reset();
      Verdict verdict{.reason = "no", .code = "host_not_allowed"};
      bound_ = exchange_.site().host == kBoundHost;
      allowed_ = input_.ConsumeBool();
      if (allowed_) verdict.action = Action::kAllow;
      if (allowed_ && bound_) verdict.bindings = Bindings();
      passed_ = input_.ConsumeIntegralInRange(0, 3) != 0;
      if (!passed_) verdict.requests = Requests::kAsked;
      exchange_.OnVerdict(std::make_shared<const Verdict>(std::move(verdict)));
    } else if (asked_ == Exchange::Command::kAskRequest) {
      asked_.reset();
      const Seen seen = exchange_.request_question().seen;
      RequestAnswer answer{.next = input_.ConsumeBool() ? Next::kSend : Next::kRefuse};
      if (seen == Seen::kNothing && input_.ConsumeBool()) answer.next = Next::kShow;
      passed_ = answer.next == Next::kSend;
      exchange_.OnRequest(answer);
    } else if (asked_ == Exchange::Command::kAskCredential) {
      asked_.reset();
      Expect(bound_ && exchange_.credential_question().host == kBoundHost);
      given_ = input_.ConsumeIntegralInRange(0, 3) != 0;
      exchange_.OnCredential(std::make_shared<const Credential>(
          given_ ? Credential{.secret = Secret(kSecret)}
                 : Credential{.code = "vault_locked", .message = "locked"}));
    } else if (upstream_ == Upstream::kOpening) {
      if (input_.ConsumeIntegralInRange(0, 3) == 0) {
        upstream_ = Upstream::kNone;
        exchange_.OnUpstreamFailed({.status = 502, .code = "upstream_unreachable", .reason = "x"});
      } else {
        upstream_ = Upstream::kOpen;
        upstream_host_ = exchange_.upstream_site().host;
        exchange_.OnUpstreamOpened(input_.ConsumeBool() ? Exchange::Reuse::kFresh
                                                        : Exchange::Reuse::kPooled);
      }
    }
  }

  std::vector<BindingView> Bindings() {
    BindingView binding{.name = "b",
                        .credential = "token/b",
                        .sentinel = std::string(kLookAlike),
                        .echo = mask_ ? Echo::kMask : Echo::kPass};
    if (input_.ConsumeBool()) {
      binding.emit = Emit::kSentinel;
      binding.messages = Messages::kSwap;
    }
    return {binding};
  }

  void RunCommands() {
    while (auto command = exchange_.Next()) {
      switch (*command) {
        case Exchange::Command::kAskVerdict:
          allowed_ = given_ = passed_ = false;
          [[fallthrough]];
        case Exchange::Command::kAskRequest:
        case Exchange::Command::kAskCredential:
          Expect(!asked_);
          asked_ = command;
          break;
        case Exchange::Command::kOpenUpstream:
        case Exchange::Command::kOpenFresh:
          Expect(allowed_ && passed_ && upstream_ == Upstream::kNone);
          upstream_ = Upstream::kOpening;
          break;
        case Exchange::Command::kKeepUpstream:
          // What is kept for others must owe them nothing.
          Expect(upstream_ == Upstream::kOpen && exchange_.to_upstream().empty());
          [[fallthrough]];
        case Exchange::Command::kCloseUpstream:
          upstream_ = Upstream::kNone;
          break;
        case Exchange::Command::kRecord:
          (void)exchange_.TakeRecord();
          break;
        case Exchange::Command::kEnterTunnel:
        case Exchange::Command::kCloseClient:
        case Exchange::Command::kCutClient:
          over_ = true;
          break;
        case Exchange::Command::kEndUpstream:
        case Exchange::Command::kEndClient:
          break;
      }
      if (exchange_.closed()) asked_.reset();  // the answer would find nobody
    }
  }

  void Drain(aileron::ByteBuffer& buffer) {
    if (&buffer == &exchange_.to_upstream() && upstream_ != Upstream::kOpen) return;
    const std::size_t size = input_.ConsumeIntegralInRange<std::size_t>(0, buffer.size());
    std::string& past = &buffer == &exchange_.to_client() ? to_client_ : to_upstream_;
    past += buffer.View().substr(0, size);
    buffer.Consume(size);
  }

  void Check() {
    const std::string_view up = exchange_.to_upstream().View();
    Expect(up.empty() || (allowed_ && upstream_ != Upstream::kNone));
    if (upstream_host_ != kBoundHost)
      Expect(!up.contains(kSecret) && !to_upstream_.contains(kSecret));
    Expect(!exchange_.to_client().View().contains(kSecret));
    Expect(!to_client_.contains(kSecret));
    to_upstream_.clear();
    if (to_client_.size() > 2 * kSecret.size())
      to_client_.erase(0, to_client_.size() - kSecret.size());
  }

  enum class Upstream { kNone, kOpening, kOpen };

  FuzzedDataProvider& input_;
  Exchange::Mode mode_;
  bool mask_;
  Exchange exchange_;
  aileron::Time now_{};
  std::optional<Exchange::Command> asked_;
  Upstream upstream_ = Upstream::kNone;
  std::string upstream_host_;
  std::string to_client_, to_upstream_;
  bool passed_ = false;  // or nobody asks about it
  bool allowed_ = false;
  bool bound_ = false;
  bool given_ = false;  // the credential, for the request in work
  bool over_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  Driver(input).Play();
  return 0;
}
