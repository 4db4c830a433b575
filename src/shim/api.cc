#include "shim/api.h"

#include "base/service_url.h"
#include "http/h1_write.h"
#include "http/problem.h"
#include "shim/json_text.h"

namespace aileron::shim {

using nlohmann::json;

namespace {

constexpr std::string_view kAway =
    "api_unavailable";  // the worker's word for a daemon that is away

bool DaemonIsAway(const Answer& answer) {
  const bool bad = answer.status == 502 || answer.status == 503 || answer.status == 504;
  return bad && http::ReadProblem(answer.status, answer.body).code == kAway;
}

Error ErrorOf(const Answer& answer) {
  const http::Problem problem = http::ReadProblem(answer.status, answer.body);
  Error error = http::ToError(problem);
  const bool misnamed = problem.code == "unknown_tool" || problem.code == "unknown_operation";
  if (misnamed) error.code = Code::kInvalid;
  return error;
}

}  // namespace

Result<Place> Place::Make(std::string_view url, std::string_view token) {
  const auto parsed = ServiceUrl::Parse(url);
  if (!parsed) return Wrap(parsed.error(), "AILERON_API_URL cannot be used");
  if (!parsed->tls) return Fail(Code::kInvalid, "AILERON_API_URL cannot be used: it is not https");
  if (token.empty() || !http::IsFieldValue(token)) {
    return Fail(Code::kInvalid, "AILERON_TOKEN holds no token of a session");
  }
  Place place{.host = parsed->host,
              .port = parsed->port,
              .authority = parsed->Authority(),
              .path = parsed->path,
              .token = std::string(token)};
  while (place.path.ends_with('/')) place.path.pop_back();
  return place;
}

std::string WriteRequest(const Place& place, const Request& request) {
  const std::string body = request.body.is_null()
                               ? std::string()
                               : request.body.dump(-1, ' ', false, json::error_handler_t::replace);
  http::Headers headers;
  headers.Add("Host", place.authority);
  headers.Add("Authorization", fmt::format("Bearer {}", place.token));
  headers.Add("User-Agent", "aileron/" AILERON_VERSION);
  headers.Add("Accept", "application/json");
  if (!body.empty()) headers.Add("Content-Type", "application/json");
  if (!body.empty() || request.method != "GET") {
    headers.Add("Content-Length", fmt::format("{}", body.size()));
  }
  std::string bytes;
  http::AppendRequestHead(request.method, place.path + request.path, headers, bytes);
  return bytes + body;
}

Result<bool> AnswerReader::TakeHead(ByteBuffer& input) {
  while (true) {
    const http::HeadStep step = parser_.Parse(input.View(), {}, head_);
    if (step.outcome == http::Outcome::kNeedMore) {
      if (input.Room() > 0) return false;
      return Fail(Code::kInternal, "the head of its answer never ends");
    }
    if (step.outcome == http::Outcome::kFailed) {
      return Fail(Code::kInternal, "its answer cannot be read: {}", http::FlawText(step.flaw));
    }
    input.Consume(step.consumed);
    if (head_.interim()) continue;
    answer_.status = head_.status();
    body_.Start(head_.body());
    return true;
  }
}

Result<AnswerReader::Step> AnswerReader::Take(ByteBuffer& input) {
  if (!in_body_) {
    AILERON_ASSIGN(in_body_, TakeHead(input));
    if (!in_body_) return Step::kMore;
  }
  while (!body_.done()) {
    const http::BodyReader::Step step = body_.Read(input.View());
    if (step.outcome == http::Outcome::kFailed) {
      return Fail(Code::kInternal, "its answer cannot be read: {}", http::FlawText(step.flaw));
    }
    if (answer_.body.size() + step.payload.size() > limits::kAnswerMax) {
      return Fail(Code::kInternal, "its answer is larger than {} MiB", limits::kAnswerMax >> 20);
    }
    answer_.body += step.payload;
    input.Consume(step.consumed);
    if (step.outcome == http::Outcome::kNeedMore && step.consumed == 0) return Step::kMore;
  }
  return Step::kDone;
}

bool AnswerReader::End() {
  return in_body_ && (body_.done() || body_.End().outcome == http::Outcome::kDone);
}

Result<Answer> AskRepeatedly(const std::function<Try()>& ask,
                             const std::function<void(Duration)>& pause) {
  for (int tried = 1;; ++tried) {
    Try outcome = ask();
    const bool again =
        outcome ? DaemonIsAway(*outcome) : outcome.error().again == Broken::Again::kYes;
    if (!again || tried == limits::kTries) {
      if (outcome) return *std::move(outcome);
      return std::unexpected(std::move(outcome.error().error));
    }
    pause(limits::kPauses[tried - 1]);
  }
}

Result<json> AskJson(Api& api, const Request& request) {
  AILERON_ASSIGN(const Answer answer, api.Ask(request));
  if (!answer.ok()) return std::unexpected(ErrorOf(answer));
  auto parsed = ParseJson(answer.body, "the answer of the sandbox's API");
  if (!parsed) return Fail(Code::kInternal, "{}", parsed.error().message);
  return parsed;
}

}  // namespace aileron::shim
