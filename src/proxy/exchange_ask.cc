// Tested by src/proxy/exchange_ask_test.cc.

// Exchange, requests that are asked about: what is told of one, and its body, which is held until
// somebody has said yes and is then what is sent.
//
// A body that is larger than what is held, and one that a client may go on with only when an answer
// has begun (an upgrade, gRPC), is passed on unseen behind what was told; the question says so.
#include "base/text.h"
#include "crypto/hash.h"
#include "http/chars.h"
#include "http/url.h"
#include "proxy/exchange.h"

namespace aileron::proxy {
namespace {

std::string Told(std::string_view text) {
  return std::string(text.substr(0, limits::told_field_max));
}

// All of that name: which of two the site takes, nobody knows.
std::string AllOf(const http::Headers& headers, std::string_view name) {
  std::string all;
  for (const http::Headers::Field field : headers) {
    if (!http::SameName(field.name, name)) continue;
    if (!all.empty()) all += ", ";
    all += field.value;
  }
  return all;
}

// Each part is hashed by itself, so that none can reach into the next.
std::string HashOf(std::initializer_list<std::string_view> parts) {
  crypto::Sha256 hash;
  for (const std::string_view part : parts) hash.Update(crypto::AsText(crypto::Hash(part)));
  return HexEncode(hash.Finish());
}

void AddOverrides(const http::Headers& headers, AskRequest& ask) {
  for (const http::Headers::Field field : headers) {
    const bool method = OverridesMethod(field.name), path = OverridesPath(field.name);
    if (!method && !path) continue;
    ask.overrides_method |= method;
    ask.overrides_path |= path;
    if (!ask.overrides.empty()) ask.overrides += ", ";
    ask.overrides += fmt::format("{}: {}", Told(field.name), Told(field.value));
    ask.overrides.resize(std::min(ask.overrides.size(), limits::told_field_max * 2));
  }
}

}  // namespace

void Exchange::AskRequest() {
  const std::string_view path = http::SplitTarget(request_.path_and_query()).path;
  if (path.size() > kPathMax || request_.method().size() > kMethodMax) {
    return Refuse({.status = 414,
                   .code = "request_too_long",
                   .reason = "the method or the path is too long to be asked about",
                   .hint = "send a shorter one"});
  }
  state_ = State::kAsking;
  Do(Command::kAskRequest);
}

Seen Exchange::SeenOfBody() const {
  if (upgrade_asked()) return Seen::kHead;
  if (up_read_) return Seen::kWhole;
  if (held_) return Seen::kPart;
  const std::string type = ToLower(request_.headers.Find("Content-Type").value_or(""));
  return type.starts_with("application/grpc") ? Seen::kHead : Seen::kNothing;
}

AskRequest Exchange::request_question() const {
  const http::PathAndQuery target = http::SplitTarget(request_.path_and_query());
  const std::string_view query = target.query.value_or("");
  const std::string_view body = held_ ? held_->View() : std::string_view();
  const std::string type = AllOf(request_.headers, "Content-Type");
  const std::string coding = AllOf(request_.headers, "Content-Encoding");
  proxy::AskRequest ask{.ticket = site_.ticket,
                        .host = site_.host,
                        .port = site_.port,
                        .scheme = site_.scheme,
                        .method = std::string(request_.method()),
                        .path = std::string(target.path),
                        .query = static_cast<std::uint32_t>(query.size()),
                        .content_type = Told(type),
                        .content_coding = Told(coding),
                        .seen = SeenOfBody(),
                        .size = body.size()};
  AddOverrides(request_.headers, ask);
  if (ask.seen == Seen::kNothing) return ask;
  if (ask.seen != Seen::kHead) ask.body_hash = HexEncode(crypto::Hash(body));
  ask.same = HashOf({query, target.query ? "?" : "", type, coding, ask.overrides, ask.body_hash});
  if (ask.seen == Seen::kWhole && body.size() <= limits::told_body_max) ask.body = body;
  return ask;
}

void Exchange::OnRequest(const RequestAnswer& answer) {
  if (state_ != State::kAsking) return;
  if (!answer.rule.empty()) record_.rule = answer.rule;
  switch (answer.next) {
    case Next::kSend:
      pass_ = answer.pass;
      return Proceed();
    case Next::kShow:
      return ShowBody();
    case Next::kRefuse:
      return Refuse(RefusalOf(answer));
  }
}

void Exchange::ShowBody() {
  AILERON_CHECK(SeenOfBody() == Seen::kNothing);  // the daemon asks for what was not told alone
  held_ = std::make_unique<HeldBody>();
  state_ = State::kShowing;
  Continue100();
}

bool Exchange::HoldShown() {
  while (!from_client_.empty() && !up_read_ && held_->View().size() < limits::asked_body_max) {
    const std::size_t room =
        std::min(limits::input_max, limits::asked_body_max - held_->View().size());
    const http::BodyReader::Step step = up_reader_.Read(from_client_.View(), room);
    if (step.outcome == http::Outcome::kFailed) {
      FlawedUpload(step.flaw);
      return true;
    }
    if (!held_->Append(step.payload)) {
      Refuse({.status = 503,
              .code = "too_much_held",
              .reason = "too much waits for a person already",
              .hint = "wait for an answer, and try again"});
      return true;
    }
    record_.bytes_up += step.payload.size();
    from_client_.Consume(step.consumed);
    up_read_ = step.outcome == http::Outcome::kDone;
    if (step.consumed == 0) break;
    up_moved_ = true;
  }
  if (up_read_ || held_->View().size() >= limits::asked_body_max) AskRequest();
  return false;
}

}  // namespace aileron::proxy
