// Tested by tests/proxy/test_sources.py.

#include "fetch/fetch.h"

#include "base/host_pattern.h"
#include "base/text.h"
#include "fetch/limits.h"
#include "http/headers.h"

namespace aileron::fetch {

std::optional<std::chrono::seconds> Response::RetryAfter() const {
  const auto seconds = ParseInteger<std::uint32_t>(Header("Retry-After"));
  return seconds ? std::optional(std::chrono::seconds(*seconds)) : std::nullopt;
}

Result<std::optional<Proxy>> NoProxy(const ServiceUrl&) { return std::nullopt; }

Fetch::Fetch(net::Loop& loop, Request request, OnDone on_done)
    : loop_(loop),
      request_(std::move(request)),
      on_done_(std::move(on_done)),
      deadline_(loop,
                [this] {
                  GiveUp("{} {}", request_.url.Authority(),
                         since_deadline_ == 0 ? "did not answer in time" : "answers too slowly");
                }),
      tunnel_(limits::kHead, Contents::kSecret),
      output_(limits::kHead + request_.body_max, Contents::kSecret),
      input_(http::limits::head_bytes + ReadSize(),
             request_.sink == nullptr ? Contents::kSecret : Contents::kPlain),
      body_(request_.body_max, Contents::kSecret) {
  deadline_.Set(request_.timeout);
  loop_.Post([this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    if (auto begun = Begin(); !begun) Finish(std::unexpected(std::move(begun.error())));
  });
}

// The resolver may be what is calling: it goes when it has returned.
Fetch::~Fetch() {
  if (resolver_ != nullptr) loop_.Post([last = std::move(resolver_)] {});
}

Status Fetch::Begin() {
  AILERON_TRY(WriteHead());
  if (request_.through) {
    by_data_plane_ = true;
    Speak(std::move(request_.through));
    return {};
  }
  const ServiceUrl& url = request_.url;
  if (url.tls) {
    std::string ca;
    if (!request_.ca.empty()) {
      auto read = os::ReadFile(request_.ca, limits::kCaFile);
      if (!read) return Wrap(std::move(read.error()), "the authority's file cannot be used");
      ca = *std::move(read);
    }
    auto client = net::TlsClient::Make(net::RootBundle::OfSystem(), ca);
    if (!client) return Fail(Code::kInvalid, "{} holds no certificate in PEM", request_.ca);
    tls_ = *std::move(client);
  }
  if (IsTunnelled()) AILERON_TRY(WriteConnect());
  const std::string& host = request_.proxy ? request_.proxy->host : url.host;
  const std::uint16_t port = request_.proxy ? request_.proxy->port : url.port;
  if (const auto address = net::Endpoint::Parse(host, port)) {
    Connect({*address});
    return {};
  }
  AILERON_ASSIGN(resolver_, net::Resolver::Make(loop_));
  resolver_->Resolve(host, port, [this, alive = std::weak_ptr(alive_)](auto answer) {
    if (!alive.expired()) Resolved(std::move(answer));
  });
  return {};
}

bool Fetch::HasHeader(std::string_view name) const {
  return std::ranges::any_of(request_.headers,
                             [&](const auto& one) { return EqualsIgnoreCase(one.first, name); });
}

std::string Fetch::Place() const {
  if (!request_.proxy) return request_.url.Authority();
  return fmt::format("the proxy {} (named by {})",
                     FormatHostPort(request_.proxy->host, request_.proxy->port),
                     request_.proxy->origin);
}

// What the proxy is asked for is no secret; the field that it may want is.
Status Fetch::WriteConnect() {
  const std::string to = FormatHostPort(request_.url.host, request_.url.port);
  const std::string_view credential = request_.proxy->authorization.Reveal();
  const std::string head = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", to);
  constexpr std::string_view kField = "Proxy-Authorization: ";
  if (head.size() + kField.size() + credential.size() + 4 > tunnel_.Room()) {
    return Fail(Code::kInvalid, "{}: the user and password are too long", Place());
  }
  tunnel_.Append(head);
  if (!credential.empty()) {
    tunnel_.Append(kField);
    tunnel_.Append(credential);
    tunnel_.Append("\r\n");
  }
  tunnel_.Append("\r\n");
  return {};
}

Status Fetch::WriteHead() {
  const auto put = [this](std::string_view text) {
    if (text.size() > output_.Room()) return false;
    output_.Append(text);
    return true;
  };
  const bool by_proxy = request_.proxy && !request_.url.tls;
  bool fits = put(request_.method) && put(" ") &&
              (!by_proxy || (put("http://") && put(request_.url.Authority()))) &&
              put(request_.target) && put(" HTTP/1.1\r\nHost: ") && put(request_.url.Authority()) &&
              put("\r\n");
  // GitHub's API, for one, refuses who does not say who it is.
  const std::pair<std::string_view, std::string_view> usual[] = {
      {"Accept", request_.accept}, {"User-Agent", "aileron/" AILERON_VERSION}};
  for (const auto& [name, value] : usual) {
    if (!HasHeader(name)) fits = fits && put(name) && put(": ") && put(value) && put("\r\n");
  }
  for (const auto& [name, value] : request_.headers) {
    fits = fits && put(name) && put(": ") && put(value) && put("\r\n");
  }
  if (by_proxy && !request_.proxy->authorization.empty()) {
    fits = fits && put("Proxy-Authorization: ") && put(request_.proxy->authorization.Reveal()) &&
           put("\r\n");
  }
  for (const auto& [name, value] : request_.secret_headers) {
    // Whatever is kept as a secret: a line end in it would be a header of its own.
    if (!http::IsFieldValue(value.Reveal())) {
      return Fail(Code::kInvalid, "what would be sent to {} cannot stand in a header",
                  request_.url.Authority());
    }
    fits = fits && put(name) && put(": ") && put(value.Reveal()) && put("\r\n");
  }
  if (!request_.body.empty()) {
    fits = fits && put(fmt::format("Content-Length: {}\r\n", request_.body.size()));
  }
  fits = fits && put("Connection: close\r\n\r\n") && put(request_.body.Reveal());
  if (!fits)
    return Fail(Code::kInvalid, "the request to {} is too large", request_.url.Authority());
  return {};
}

// Comes a second time when one family's addresses were late.
void Fetch::Resolved(Result<net::Resolver::Answer> answer) {
  if (stream_) return;
  if (!answer && request_.proxy) return GiveUp("{}: {}", Place(), answer.error().message);
  if (!answer) return GiveUp("{}", answer.error().message);
  if (attempt_) return attempt_->Add(answer->addresses);
  Connect(answer->addresses, answer->rest == net::Resolver::Answer::Rest::kMore
                                 ? net::ConnectAttempt::More::kExpected
                                 : net::ConnectAttempt::More::kNone);
}

void Fetch::Connect(const std::vector<net::Endpoint>& addresses, net::ConnectAttempt::More more) {
  attempt_ = std::make_unique<net::ConnectAttempt>(
      loop_, addresses, request_.timeout,
      [this](Result<net::Connected> connected) { Connected(std::move(connected)); }, more);
}

void Fetch::Connected(Result<net::Connected> connected) {
  const auto attempt = std::move(attempt_);
  if (!connected) return GiveUp("cannot connect to {}: {}", Place(), connected.error().message);
  Speak(std::move(connected->socket));
}

void Fetch::Speak(os::Fd socket) {
  auto stream = net::Stream::Make(loop_, std::move(socket), *this);
  if (!stream) return GiveUp("cannot connect to {}: {}", Place(), stream.error().message);
  stream_ = std::move(*stream);
  if (IsTunnelled() && !by_data_plane_) {
    state_ = State::kTunnelWrite;
  } else if (tls_ != nullptr) {
    return StartTls();
  } else {
    state_ = State::kWriting;
  }
  OnChannel(*stream_);
}

void Fetch::StartTls() {
  state_ = State::kHandshake;
  if (auto started = stream_->StartClient(*tls_, request_.url.host, request_.url.port); !started) {
    return GiveUp("cannot speak TLS with {}: {}", request_.url.Authority(),
                  started.error().message);
  }
  OnChannel(*stream_);
}

void Fetch::OnChannel(net::Channel&) {
  const std::weak_ptr<int> alive = alive_;
  bool more = true;
  while (more && !alive.expired() && on_done_) {
    switch (state_) {
      case State::kTunnelWrite:
        more = StepTunnelWrite();
        break;
      case State::kTunnelRead:
        more = StepTunnelRead();
        break;
      case State::kHandshake:
        more = StepHandshake();
        break;
      case State::kWriting:
        more = StepWrite();
        break;
      case State::kHead:
      case State::kBody:
        more = StepRead();
        break;
    }
  }
}

bool Fetch::StepTunnelWrite() {
  while (!tunnel_.empty()) {
    std::size_t count = 0;
    const net::Io io = stream_->Write(tunnel_.View(), count);
    if (io == net::Io::kBlocked) return false;
    if (io != net::Io::kDone) {
      GiveUp("cannot write to {}: {}", Place(), stream_->error());
      return false;
    }
    tunnel_.Consume(count);
  }
  state_ = State::kTunnelRead;
  return true;
}

bool Fetch::StepTunnelRead() {
  std::size_t count = 0;
  if (input_.Room() < ReadSize()) {
    GiveUp("{} answered with too long a head", Place());
    return false;
  }
  const net::Io io = stream_->Read(input_.Prepare(ReadSize()), count);
  if (io == net::Io::kBlocked) return false;
  if (io != net::Io::kDone) {
    GiveUp("{} closed the connection instead of answering", Place());
    return false;
  }
  input_.Commit(count);
  return TakeTunnel();
}

// Whether to go on: the proxy's answer is not there yet. When it is, TLS has begun, or all is over.
bool Fetch::TakeTunnel() {
  constexpr int kAuthenticationRequired = 407;
  while (true) {
    const auto step = parser_.Parse(input_.View(), {.method = http::MethodKind::kConnect}, head_);
    if (step.outcome == http::Outcome::kNeedMore) return true;
    if (step.outcome == http::Outcome::kFailed) {
      GiveUp("{} answered what is not HTTP: {}", Place(), http::FlawText(step.flaw));
      return false;
    }
    input_.Consume(step.consumed);
    if (!head_.interim()) break;
  }
  const std::string to = FormatHostPort(request_.url.host, request_.url.port);
  if (head_.status() / 100 == 2) {
    stream_->PutBack(input_.View());
    input_.Consume(input_.View().size());
    parser_ = {};
    head_ = {};
    StartTls();
  } else if (head_.status() == kAuthenticationRequired) {
    GiveUp("{} {}", Place(),
           request_.proxy->authorization.empty()
               ? "wants a user and a password: write them before the host, as "
                 "http://USER:PASSWORD@HOST:PORT"
               : "does not take the user and the password that stand there");
  } else {
    GiveUp("{} does not connect to {}: {} {}", Place(), to, head_.status(),
           Printable(BeginningOf(head_.reason(), limits::kReasonShown)));
  }
  return false;
}

bool Fetch::StepHandshake() {
  switch (stream_->Handshake()) {
    case net::Io::kDone:
      state_ = State::kWriting;
      return true;
    case net::Io::kBlocked:
      return false;
    default:
      GiveUp(
          "cannot speak TLS with {}: {}{}", request_.url.Authority(), stream_->error(),
          stream_->untrusted() ? ". If it has an authority of its own, name its file with ca" : "");
      return false;
  }
}

bool Fetch::StepWrite() {
  while (!output_.empty()) {
    std::size_t count = 0;
    switch (stream_->Write(output_.View(), count)) {
      case net::Io::kDone:
        output_.Consume(count);
        break;
      case net::Io::kBlocked:
        return false;
      default:
        GiveUp("cannot write to {}: {}", request_.url.Authority(), stream_->error());
        return false;
    }
  }
  state_ = State::kHead;
  return true;
}

bool Fetch::StepRead() {
  std::size_t count = 0;
  if (input_.Room() < ReadSize()) {
    GiveUp("{} answered with too long a head", request_.url.Authority());
    return false;
  }
  switch (stream_->Read(input_.Prepare(ReadSize()), count)) {
    case net::Io::kDone:
      input_.Commit(count);
      return state_ == State::kHead ? TakeHead() : TakeBody();
    case net::Io::kBlocked:
      return false;
    default:
      break;
  }
  const bool whole = state_ == State::kBody && stream_->clean_end() &&
                     reader_.End().outcome == http::Outcome::kDone;
  if (whole) {
    Succeed();
  } else {
    GiveUp("{} closed the connection before its answer was complete", request_.url.Authority());
  }
  return false;
}

bool Fetch::TakeHead() {
  while (true) {
    const auto exchange = http::Exchange{
        .method = request_.method == "HEAD" ? http::MethodKind::kHead : http::MethodKind::kOther};
    const http::HeadStep step = parser_.Parse(input_.View(), exchange, head_);
    if (step.outcome == http::Outcome::kNeedMore) return true;
    if (step.outcome == http::Outcome::kFailed) {
      GiveUp("{} answered what is not HTTP: {}", request_.url.Authority(),
             http::FlawText(step.flaw));
      return false;
    }
    input_.Consume(step.consumed);
    if (!head_.interim()) break;
  }
  if (head_.body().framing == http::Framing::kTunnel) {
    GiveUp("{} answered what is not HTTP", request_.url.Authority());
    return false;
  }
  if (request_.answer == Request::Answer::kStatusAlone) {
    Succeed();
    return false;
  }
  const bool good = head_.status() >= 200 && head_.status() < 300;
  sinking_ = request_.sink != nullptr && good;
  if (sinking_) {
    if (auto begun = request_.sink->Begin(head_); !begun) {
      Finish(std::unexpected(std::move(begun.error())));
      return false;
    }
  }
  reader_.Start(head_.body());
  state_ = State::kBody;
  return TakeBody();
}

bool Fetch::TakeBody() {
  while (!reader_.done()) {
    const auto step = reader_.Read(input_.View());
    if (step.outcome == http::Outcome::kFailed) {
      GiveUp("{} answered what is not HTTP: {}", request_.url.Authority(),
             http::FlawText(step.flaw));
      return false;
    }
    if (!TakePiece(step.payload)) return false;
    input_.Consume(step.consumed);
    if (step.outcome == http::Outcome::kNeedMore && step.consumed == 0) return true;
  }
  Succeed();
  return false;
}

bool Fetch::TakePiece(std::string_view piece) {
  if (!sinking_) {
    if (piece.size() > body_.Room()) {
      GiveUp("{} answered with more than {} bytes", request_.url.Authority(), request_.body_max);
      return false;
    }
    body_.Append(piece);
    return true;
  }
  if (auto taken = request_.sink->Take(piece); !taken) {
    Finish(std::unexpected(std::move(taken.error())));
    return false;
  }
  since_deadline_ += piece.size();
  if (since_deadline_ >= limits::kSinkLeast) {
    since_deadline_ = 0;
    deadline_.Set(request_.timeout);
  }
  return true;
}

// What stands in the way to the site answers in its place (proxy/refusal.h).
void Fetch::Succeed() {
  if (const auto reason = head_.headers.Find("Aileron-Reason"); reason && by_data_plane_) {
    return GiveUp("{} gave no answer: {}", request_.url.Authority(), Printable(*reason));
  }
  Finish(Response{
      .status = head_.status(), .headers = std::move(head_.headers), .body = Secret(body_.View())});
}

template <typename... Args>
void Fetch::GiveUp(fmt::format_string<Args...> format, Args&&... args) {
  Finish(Fail(Code::kUnavailable, "{}", fmt::format(format, std::forward<Args>(args)...)));
}

void Fetch::Finish(Result<Response> result) {
  deadline_.Cancel();
  stream_.reset();
  const OnDone on_done = std::move(on_done_);
  on_done_ = nullptr;
  if (on_done) on_done(std::move(result));  // may destroy this
}

Result<Response> Await(net::Loop& loop, Request request, const std::atomic<bool>* stop) {
  std::optional<Result<Response>> answer;
  const Fetch fetch(loop, std::move(request),
                    [&](Result<Response> response) { answer = std::move(response); });
  while (!answer) {
    loop.Turn(limits::kStopCheck);
    if (stop != nullptr && *stop) return Fail(Code::kUnavailable, "given up");
  }
  return *std::move(answer);
}

}  // namespace aileron::fetch
