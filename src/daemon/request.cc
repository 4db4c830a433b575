// Tested by src/daemon/control_server_test.cc.

#include "daemon/request.h"

#include <nlohmann/json.hpp>

#include "base/json_members.h"
#include "base/text.h"
#include "base/ulid.h"
#include "daemon/limits.h"
#include "http/h1_write.h"
#include "http/problem.h"

namespace aileron::daemon {

const std::string& Request::parameter(std::string_view name) const {
  const auto found = parameters.find(name);
  AILERON_CHECK(found != parameters.end());  // the route's pattern names it
  return found->second;
}

std::optional<std::string_view> Request::Query(std::string_view name) const {
  const auto found = query.find(name);
  if (found == query.end()) return std::nullopt;
  return found->second;
}

std::string JsonText(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Reply JsonReply(int status, const nlohmann::json& body) {
  Reply reply{.status = status};
  reply.body = JsonText(body);
  reply.body.push_back('\n');
  return reply;
}

namespace {

// Where the refusal itself does not say what to do.
std::string_view UsualHint(int status) {
  switch (status) {
    case 400:
      return "correct what it names, and send it again; api/openapi.yaml tells what is taken";
    case 403:
      return "ask the person whose daemon this is";
    case 404:
      return "list what there is, and look at the name or id";
    case 405:
      return "use one of those; api/openapi.yaml tells what each does";
    case 409:
      return "look at it as it is now, and decide again";
    case 429:
    case 503:
      return "try again in a moment";
    default:
      return "look into daemon.log in the state folder";
  }
}

}  // namespace

Reply Problem(const Refusal& refusal) {
  Reply reply{.status = refusal.status, .content_type = std::string(http::kProblemType)};
  reply.body = http::ProblemBody(
      {.status = refusal.status,
       .title = std::string(http::StandardReason(refusal.status)),
       .detail = refusal.detail,
       .code = refusal.code,
       .hint = refusal.hint.empty() ? std::string(UsualHint(refusal.status)) : refusal.hint});
  return reply;
}

Reply Problem(const Error& error) {
  Refusal refusal{.detail = error.message};
  switch (error.code) {
    case Code::kInvalid:
      refusal.status = 400;
      refusal.code = "invalid";
      break;
    case Code::kDenied:
      refusal.status = 403;
      refusal.code = "denied";
      break;
    case Code::kNotFound:
      refusal.status = 404;
      refusal.code = "not_found";
      break;
    case Code::kUnavailable:
      refusal.status = 503;
      refusal.code = "unavailable";
      break;
    case Code::kUnsupported:
      refusal.status = 501;
      refusal.code = "unsupported";
      break;
    case Code::kInternal:
      refusal.status = 500;
      refusal.code = "internal";
      break;
  }
  // Messages of ours end in a sentence that says what to do: `… is locked. Run "aileron …".`
  if (const std::size_t stop = error.message.find(". "); stop != std::string::npos) {
    refusal.detail = error.message.substr(0, stop);
    refusal.hint = std::string(Trim(std::string_view(error.message).substr(stop + 2), ". "));
  }
  return Problem(refusal);
}

void Responder::Send(Reply reply) const {
  if (!*sink_) return;
  const Sink sink = std::move(*sink_);
  *sink_ = nullptr;
  sink(std::move(reply));
}

Result<std::optional<std::uint64_t>> NumberIn(const Request& request, std::string_view name) {
  const auto text = request.Query(name);
  if (!text) return std::nullopt;
  const auto number = ParseInteger<std::uint64_t>(*text);
  if (!number) return Fail(Code::kInvalid, "the parameter \"{}\" must be a number", name);
  return number;
}

Result<std::size_t> LimitIn(const Request& request, std::size_t otherwise, std::size_t most) {
  AILERON_ASSIGN(const auto limit, NumberIn(request, "limit"));
  if (!limit) return otherwise;
  if (*limit < 1 || *limit > most) {
    return Fail(Code::kInvalid, "the parameter \"limit\" must be between 1 and {}", most);
  }
  return *limit;
}

Result<std::optional<std::string>> SessionIn(const Request& request) {
  const std::string session(request.Query("session").value_or(""));
  if (session.empty()) return std::nullopt;
  if (!Ulid::Parse(session)) {
    return Fail(Code::kInvalid, "the parameter \"session\" must be an id, such as {}",
                "01ARZ3NDEKTSV4RRFFQ69G5FAV");
  }
  return session;
}

Result<std::optional<std::uint64_t>> PlaceIn(const Request& request) {
  if (request.last_event_id.empty()) return NumberIn(request, "after_seq");
  const auto number = ParseInteger<std::uint64_t>(request.last_event_id);
  if (!number) return Fail(Code::kInvalid, "Last-Event-ID must be a number");
  return number;
}

Duration WaitOf(std::uint64_t seconds) {
  constexpr auto longest =
      static_cast<std::uint64_t>(std::chrono::seconds(limits::kApiWait).count());
  return std::chrono::seconds(std::min(seconds, longest));
}

Result<Duration> WaitIn(const Request& request) {
  AILERON_ASSIGN(const auto seconds, NumberIn(request, "wait_s"));
  return WaitOf(seconds.value_or(0));
}

Result<nlohmann::json> ObjectIn(std::string_view body) {
  nlohmann::json object = nlohmann::json::parse(body, nullptr, false);
  if (!object.is_object()) return Fail(Code::kInvalid, "the body must be a JSON object");
  if (const auto name = RepeatedMember(body)) {
    return Fail(Code::kInvalid, "the body names \"{}\" twice in one object", Printable(*name));
  }
  return object;
}

}  // namespace aileron::daemon
