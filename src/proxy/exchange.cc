#include "proxy/exchange.h"

#include "base/text.h"
#include "crypto/hash.h"
#include "http/h1_write.h"
#include "http/url.h"

namespace aileron::proxy {
namespace {

// A head is taken only when a whole one of the answer fits behind what waits to be written.
constexpr std::size_t head_room = limits::input_max + 4096;

Refusal Mismatch(std::string_view asked, const Site& site) {
  return {.status = 400,
          .code = "authority_mismatch",
          .reason = fmt::format("the request is for {} but the connection is for {}",
                                Printable(asked), site.Authority()),
          .hint = "send each request on a connection to its own host"};
}

std::string Cut(std::string_view text) {
  return std::string(text.substr(0, limits::record_text_max));
}

}  // namespace

Exchange::Exchange(Mode mode, Site site, const SyntheticNames* names)
    : mode_(mode), site_(std::move(site)), names_(names) {}

std::optional<Exchange::Command> Exchange::Next() {
  if (next_command_ == commands_.size()) {
    commands_.clear();
    next_command_ = 0;
    return std::nullopt;
  }
  return commands_[next_command_++];
}

AuditRecord Exchange::TakeRecord() {
  AILERON_CHECK(!records_.empty());
  AuditRecord record = std::move(records_.front());
  records_.pop_front();
  return record;
}

void Exchange::ReleaseMemory() {
  from_client_.Release();
  to_client_.Release();
  from_upstream_.Release();
  to_upstream_.Release();
}

bool Exchange::WantsClientBytes() const {
  return state_ != State::kClosed && !client_ended_ && from_client_.Room() > 0;
}

bool Exchange::WantsUpstreamBytes() const {
  if (!upstream_open_ || upstream_end_) return false;
  return (state_ == State::kActive || state_ == State::kTunnel) && from_upstream_.Room() > 0;
}

Exchange::Wait Exchange::wait() const {
  switch (state_) {
    case State::kHead:
      return from_client_.empty() ? Wait::kNextRequest : Wait::kRequestHead;
    case State::kActive:
      if (response_begun_ && !to_client_.empty()) return Wait::kReader;
      if (up_done_) return response_begun_ ? Wait::kMovement : Wait::kResponseHead;
      if (!to_upstream_.empty() || (request_.expects_continue() && !continue_sent_ && !up_moved_)) {
        return response_begun_ ? Wait::kMovement : Wait::kResponseHead;
      }
      return from_client_.empty() ? Wait::kRequestBody : Wait::kNothing;
    case State::kHolding:
    case State::kShowing:
      return Wait::kRequestBody;
    case State::kTunnel:
      if (!to_client_.empty()) return Wait::kReader;
      return tunnel_up_ended_ || tunnel_down_ended_ ? Wait::kRequestBody : Wait::kMovement;
    default:
      return Wait::kNothing;
  }
}

void Exchange::Advance(Time now) {
  now_ = now;
  bool more = true;
  while (more) {
    switch (state_) {
      case State::kHead:
        more = TakeHead();
        break;
      case State::kActive: {
        more = MoveUp();
        if (state_ == State::kActive) more |= response_begun_ ? MoveDown() : TakeResponseHead();
        if (state_ == State::kActive) more |= FinishExchange();
        break;
      }
      case State::kTunnel:
        more = MoveTunnel();
        break;
      case State::kHolding:
        more = HoldBody();
        break;
      case State::kShowing:
        more = HoldShown();
        break;
      default:
        more = false;
    }
  }
}

// --- the request's head

bool Exchange::TakeHead() {
  if (to_client_.Room() < head_room) return false;
  if (from_client_.empty()) {
    if (client_ended_) Close(Command::kCloseClient);
    return false;
  }
  const http::HeadStep step = request_parser_.Parse(from_client_.View(), request_);
  if (step.outcome == http::Outcome::kFailed) {
    RefuseHead(step.flaw);
    return false;
  }
  if (step.outcome == http::Outcome::kNeedMore) {
    if (from_client_.Room() == 0) {
      RefuseHead(http::Flaw::kHeadTooLarge);
    } else if (client_ended_) {
      Close(Command::kCloseClient);
    }
    return false;
  }
  from_client_.Consume(step.consumed);
  BeginRecord();
  verdict_.reset();
  credentials_.clear();
  up_reader_.Start(request_.body());
  up_writer_ = http::BodyWriter(request_.body());
  up_read_ = up_done_ = request_.body().empty();
  up_moved_ = continue_sent_ = response_begun_ = down_done_ = down_read_ = close_after_ = false;
  interims_ = 0;
  pass_ = 0;
  hashed_ = false;
  held_.reset();
  chunks_.reset();
  masker_.reset();
  messages_.reset();
  Route();
  return true;
}

void Exchange::BeginRecord() {
  record_ = AuditRecord{.kind = "request", .action = "allow"};
  record_.time_us = static_cast<std::uint64_t>(now_.time_since_epoch().count());
  record_.method = Cut(request_.method());
  if (request_.method_kind() == http::MethodKind::kConnect) {
    record_.kind = "connect";
  } else {
    record_.path = Cut(http::SplitTarget(request_.path_and_query()).path);
  }
  recording_ = true;
}

void Exchange::EndRecord() {
  if (!recording_) return;
  recording_ = false;
  const auto now = static_cast<std::uint64_t>(now_.time_since_epoch().count());
  record_.duration_us = now > record_.time_us ? now - record_.time_us : 0;
  record_.host = site_.host;
  record_.port = site_.port;
  if (record_.kind != "connect") record_.scheme = site_.scheme == Scheme::kHttp ? "http" : "https";
  records_.push_back(std::move(record_));
  Do(Command::kRecord);
}

void Exchange::Route() {
  if (mode_ == Mode::kProxy && !RouteThroughProxy()) return;
  if (mode_ == Mode::kHost && !RouteByHost()) return;
  if (mode_ == Mode::kSite && !RouteToSite()) return;
  if (refuse_all_) return Refuse(*refuse_all_);
  if (request_.host_match() == http::HostMatch::kDiffers) {
    return Refuse(Mismatch(request_.host(), site_));
  }
  state_ = State::kVerdict;
  Do(Command::kAskVerdict);
}

bool Exchange::RouteThroughProxy() {
  const bool connect = request_.method_kind() == http::MethodKind::kConnect;
  if (!connect && request_.form() != http::TargetForm::kAbsolute) {
    Refuse({.status = 400,
            .code = "not_a_proxy_request",
            .reason = "this port is a proxy: it takes CONNECT and http:// targets",
            .hint = "set HTTP_PROXY to this address, or connect to the site itself"});
    return false;
  }
  if (!connect && !EqualsIgnoreCase(request_.scheme(), "http")) {
    Refuse({.status = 400,
            .code = "scheme_not_supported",
            .reason = "the proxy takes https:// only by CONNECT",
            .hint = "use CONNECT for https"});
    return false;
  }
  const auto authority = http::ParseAuthority(request_.authority());
  auto host = authority ? CanonicalHost(authority->host) : std::nullopt;
  if (!host || (connect && !authority->port)) {
    Refuse({.status = 400,
            .code = "host_invalid",
            .reason = fmt::format("{} is not a host that can be reached",
                                  Printable(Cut(request_.authority()))),
            .hint = ""});
    return false;
  }
  if (names_ != nullptr) {
    if (const auto address = policy::Address::Parse(*host)) {
      if (const std::string* name = names_->NameOf(*address)) host = *name;
    }
  }
  site_ = Site{.host = std::move(*host),
               .port = authority->port.value_or(80),
               .scheme = connect ? Scheme::kTcp : Scheme::kHttp,
               .how = connect ? How::kConnect : How::kAbsolute};
  return true;
}

bool Exchange::RouteToSite() {
  if (request_.method_kind() == http::MethodKind::kConnect) {
    Refuse({.status = 400,
            .code = "protocol_not_supported",
            .reason = "CONNECT inside a connection to a site is not supported",
            .hint = ""});
    return false;
  }
  const std::string_view asked =
      request_.form() == http::TargetForm::kAbsolute ? request_.authority() : request_.host();
  const bool scheme_differs =
      request_.form() == http::TargetForm::kAbsolute &&
      !EqualsIgnoreCase(request_.scheme(), site_.scheme == Scheme::kHttps ? "https" : "http");
  if (asked.empty() && !scheme_differs) return true;  // HTTP/1.0 without Host
  const auto authority = http::ParseAuthority(asked);
  const auto host = authority ? CanonicalHost(authority->host) : std::nullopt;
  if (!scheme_differs && host == site_.host &&
      authority->port.value_or(site_.default_port()) == site_.port) {
    return true;
  }
  Refuse(refuse_all_ ? *refuse_all_ : Mismatch(Cut(asked), site_));
  return false;
}

bool Exchange::RouteByHost() {
  if (!request_.host().empty()) {
    const auto authority = http::ParseAuthority(request_.host());
    const auto host = authority ? CanonicalHost(authority->host) : std::nullopt;
    if (host) site_.host = *host;
  }
  if (!site_.host.empty()) return RouteToSite();
  Refuse({.status = 400,
          .code = "host_invalid",
          .reason = "the request names no host",
          .hint = "send a Host field"});
  return false;
}

// --- verdict and credentials

void Exchange::OnVerdict(std::shared_ptr<const Verdict> verdict) {
  if (state_ != State::kVerdict) return;
  verdict_ = std::move(verdict);
  record_.rule = verdict_->rule;
  constexpr std::uint16_t https_port = 443;
  const bool connect = request_.method_kind() == http::MethodKind::kConnect;
  if (connect && verdict_->action == Action::kAllow && verdict_->opaque) {
    // Nothing can be told inside: the answer says whether the site was reached.
    return Open();
  }
  if (connect && (verdict_->action == Action::kAllow || site_.port == https_port)) {
    return AnswerConnect();  // a refusal is told inside, where clients show it
  }
  if (verdict_->action == Action::kDeny) return Refuse(RefusalOf(*verdict_));
  if (verdict_->requests == Requests::kAsked) return AskRequest();
  Proceed();
}

// Nobody says no to it: what it needs is got together.
void Exchange::Proceed() {
  PrepareHead();
  credentials_.assign(verdict_->bindings.size(), nullptr);
  binding_ = 0;
  NeedNextCredential();
}

// The tunnel's requests are recorded, not the tunnel.
void Exchange::AnswerConnect() {
  recording_ = false;
  to_client_.Append("HTTP/1.1 200 Connection established\r\n\r\n");
  state_ = State::kClosed;
  Do(Command::kEnterTunnel);
}

bool Exchange::upgrade_asked() const {
  // WebSocket alone: h2c would carry requests that nobody checks.
  return EqualsIgnoreCase(request_.upgrade(), "websocket");
}

void Exchange::PrepareHead() {
  const bool upgrade = upgrade_asked();
  http::RemoveHopByHop(request_.headers,
                       upgrade ? http::KeepUpgrade::kYes : http::KeepUpgrade::kNo);
  // Compressed messages could not be looked through.
  if (upgrade && std::ranges::any_of(verdict_->bindings, [&](const BindingView& binding) {
        return SwapsInMessages(binding);
      })) {
    request_.headers.Remove("Sec-WebSocket-Extensions");
  }
  if (request_.body().framing == http::Framing::kChunked)
    http::SetFraming(request_.headers, request_.body());
  if (request_.host().empty()) request_.headers.Add("Host", site_.Authority());
  if (forwarded()) {
    const std::string_view target = request_.path_and_query();
    absolute_target_ = fmt::format("http://{}{}", site_.Authority(), target == "*" ? "" : target);
  }
}

RequestParts Exchange::Parts() const {
  return {.method = request_.method(),
          .target = forwarded() ? std::string_view(absolute_target_) : request_.path_and_query(),
          .headers = &request_.headers};
}

void Exchange::NeedNextCredential() {
  const RequestParts parts = Parts();
  for (; binding_ < verdict_->bindings.size(); ++binding_) {
    const BindingView& binding = verdict_->bindings[binding_];
    if (!NeedsCredential(binding, parts)) continue;
    if (binding.scheme == BindingScheme::kSigV4) {
      if (auto usable = CheckAwsSignature(parts, binding.sentinel); !usable) {
        return Refuse({.status = 400,
                       .code = "signature_unusable",
                       .reason = usable.error().message,
                       .hint = "sign with AWS4-HMAC-SHA256 and an X-Amz-Date"});
      }
    }
    state_ = State::kCredential;
    return Do(Command::kAskCredential);
  }
  HoldOrOpen();
}

void Exchange::Open() {
  state_ = State::kOpening;
  upstream_site_ = site_;
  for (std::size_t i = 0; i < credentials_.size(); ++i) {
    const BindingView& binding = verdict_->bindings[i];
    if (credentials_[i] == nullptr || binding.scheme != BindingScheme::kMtls) continue;
    upstream_site_.certificate = credentials_[i];
    // By what it is, not by its name: a connection of one that was replaced serves nobody.
    upstream_site_.identity = HexEncode(crypto::Hash(credentials_[i]->secret.Reveal()));
  }
  Do(Command::kOpenUpstream);
}

AskCredential Exchange::credential_question() const {
  const BindingView& binding = verdict_->bindings[binding_];
  AskCredential ask{.binding = binding.name, .host = site_.host, .port = site_.port};
  if (binding.scheme == BindingScheme::kSigV4) {
    const auto signature = FindAwsSignature(Parts(), binding.sentinel);
    AILERON_CHECK(signature && *signature);  // NeedNextCredential looked
    ask.date = (*signature)->date;
    ask.region = (*signature)->region;
    ask.service = (*signature)->service;
  }
  ask.ticket = site_.ticket;
  ask.pass = pass_;
  const bool asked =
      verdict_->requests == Requests::kAsked || binding.first_use == FirstUse::kAsked;
  if (binding.scope.everything() && !asked) return ask;
  ask.method = request_.method();
  for (const http::Headers::Field field : request_.headers) {
    ask.overrides_method |= OverridesMethod(field.name);
    ask.overrides_path |= OverridesPath(field.name);
  }
  // One that is longer than any that can be matched is not asked for.
  if (!binding.scope.paths.empty() || asked) {
    ask.path = http::SplitTarget(request_.path_and_query()).path.substr(0, kPathMax);
  }
  return ask;
}

void Exchange::OnCredential(std::shared_ptr<const Credential> credential) {
  if (state_ == State::kTunnel) return OnMessageCredential(std::move(credential));
  if (state_ != State::kCredential) return;
  NoteCredential(verdict_->bindings[binding_].credential);
  if (credential->secret.empty()) return Refuse(RefusalOf(*credential));
  credentials_[binding_++] = std::move(credential);
  NeedNextCredential();
}

void Exchange::NoteCredential(std::string_view reference) {
  if (!record_.credential.empty()) record_.credential += ',';
  record_.credential += reference;
}

void Exchange::SendHead() {
  std::vector<Grant> grants;
  for (std::size_t i = 0; i < credentials_.size(); ++i) {
    if (credentials_[i]) grants.push_back({&verdict_->bindings[i], &credentials_[i]->secret});
  }
  const std::string body_hash = hashed_ && held_ ? held_->Hash() : std::string();
  RequestParts parts = Parts();
  parts.body_hash = body_hash;
  const auto injected = AppendInjectedHead(parts, grants, to_upstream_);
  if (!injected) {
    return Refuse({.status = 502,
                   .code = "credential_unusable",
                   .reason = injected.error().message,
                   .hint = "check the binding and its secret on the host"});
  }
  if (!injected->aws_signature.empty()) BeginChunks(injected->aws_signature);
  // The session's own token, which each request of the sandbox's API carries, is none.
  if (injected->foreign_credential && site_.host != kInternalHost)
    record_.detail = "a credential of the client's own was passed on";
  if (injected->dropped_own) record_.detail = "a credential of the client's own was dropped";
}

// --- refusals and ends

void Exchange::Refuse(const Refusal& refusal) {
  record_.action = "deny";
  UpstreamTrouble(refusal);
}

void Exchange::UpstreamTrouble(const Refusal& refusal) {
  record_.code = refusal.code;
  record_.status = static_cast<std::uint32_t>(refusal.status);
  if (record_.detail.empty()) record_.detail = Cut(refusal.reason);
  const bool keep = request_.keep_alive() && up_read_ && !client_ended_ &&
                    request_.method_kind() != http::MethodKind::kConnect;
  to_client_.Append(RefusalResponse(refusal, site_, &request_,
                                    keep ? AfterRefusal::kKeep : AfterRefusal::kClose));
  EndRecord();
  CloseUpstream();
  held_.reset();
  if (keep) {
    state_ = State::kHead;
  } else {
    Close(Command::kCloseClient);
  }
}

void Exchange::RefuseHead(http::Flaw flaw) {
  record_ =
      AuditRecord{.kind = "refused", .action = "deny", .code = std::string(http::FlawCode(flaw))};
  record_.time_us = static_cast<std::uint64_t>(now_.time_since_epoch().count());
  const Refusal refusal = RefusalOf(flaw);
  record_.status = static_cast<std::uint32_t>(refusal.status);
  record_.detail = Cut(refusal.reason);
  recording_ = true;
  to_client_.Append(RefusalResponse(refusal, site_, nullptr, AfterRefusal::kClose));
  EndRecord();
  Close(Command::kCloseClient);
}

void Exchange::CloseUpstream() {
  const bool opening = state_ == State::kOpening;
  if (upstream_open_ || opening) Do(Command::kCloseUpstream);
  upstream_open_ = false;
  from_upstream_.Consume(from_upstream_.size());
  to_upstream_.Consume(to_upstream_.size());
}

void Exchange::Close(Command how) {
  state_ = State::kClosed;
  verdict_.reset();
  credentials_.clear();
  held_.reset();
  chunks_.reset();
  masker_.reset();
  messages_.reset();
  message_credentials_.clear();
  Do(how);
}

void Exchange::OnClientEnd() {
  client_ended_ = true;
  // A client that has gone is not worth its upstream; one in a tunnel may have ended its half only.
  if (state_ == State::kHead || state_ == State::kTunnel || state_ == State::kClosed) return;
  OnClientGone();
}

void Exchange::OnClientGone() {
  client_ended_ = true;
  if (state_ == State::kClosed) return;
  record_.code = "client_gone";
  EndRecord();
  CloseUpstream();
  Close(Command::kCutClient);
}

void Exchange::OnCut() {
  if (state_ == State::kHead || state_ == State::kVerdict || state_ == State::kClosed) return;
  const Refusal revoked = GrantRevoked();
  if (response_begun_) return CutDownload(revoked.code, revoked.reason);
  Refuse(revoked);
}

void Exchange::OnTimeout() {
  const Refusal late{.status = 408,
                     .code = "client_timeout",
                     .reason = "the request did not arrive in time",
                     .hint = ""};
  switch (wait()) {
    case Wait::kNothing:
      return;
    case Wait::kNextRequest:
      return Close(Command::kCloseClient);
    case Wait::kRequestHead:
      record_ = AuditRecord{.kind = "refused", .action = "deny", .code = late.code, .status = 408};
      record_.time_us = static_cast<std::uint64_t>(now_.time_since_epoch().count());
      recording_ = true;
      to_client_.Append(RefusalResponse(late, site_, nullptr, AfterRefusal::kClose));
      EndRecord();
      return Close(Command::kCloseClient);
    case Wait::kRequestBody:
      if (response_begun_ || state_ == State::kTunnel) return CutDownload(late.code, late.reason);
      return UpstreamTrouble(late);
    case Wait::kReader:
      return CutDownload("reader_timeout",
                         "the client took nothing for longer than --timeout reader allows");
    case Wait::kMovement:
      return CutDownload("idle_timeout", "nothing moved for longer than --timeout idle allows");
    case Wait::kResponseHead:
      return UpstreamTrouble({.status = 504,
                              .code = "upstream_timeout",
                              .reason = fmt::format("{} did not answer in time", site_.Authority()),
                              .hint = "try again later, or wait longer: aileron launch --timeout "
                                      "head=DURATION"});
  }
}

}  // namespace aileron::proxy
