#include "http/problem.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace aileron::http {

namespace {

using Json = nlohmann::json;

std::string TextOf(const Json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

Code CodeOf(int status) {
  switch (status) {
    case 401:
    case 403:
      return Code::kDenied;
    case 404:
    case 410:
      return Code::kNotFound;
    case 408:
    case 423:
    case 429:
    case 502:
    case 503:
    case 504:
      return Code::kUnavailable;
    case 405:
    case 501:
    case 505:
      return Code::kUnsupported;
    default:
      return status >= 400 && status < 500 ? Code::kInvalid : Code::kInternal;
  }
}

}  // namespace

std::string ProblemBody(const Problem& problem) {
  nlohmann::ordered_json body = {
      {"type", "about:blank"},    {"title", problem.title}, {"status", problem.status},
      {"detail", problem.detail}, {"code", problem.code},
  };
  if (!problem.hint.empty()) body["hint"] = problem.hint;
  for (const auto& [name, value] : problem.more) body[name] = value;
  return body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Problem ReadProblem(int status, std::string_view body) {
  Problem problem{.status = status};
  const Json document = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (document.is_object()) {
    problem.title = TextOf(document, "title");
    problem.detail = TextOf(document, "detail");
    problem.code = TextOf(document, "code");
    problem.hint = TextOf(document, "hint");
  }
  if (problem.detail.empty()) problem.detail = problem.title;
  if (problem.detail.empty())
    problem.detail = fmt::format("the daemon answered with status {}", status);
  return problem;
}

Error ToError(const Problem& problem) {
  std::string message(Trim(problem.detail, " .\r\n"));
  if (!problem.hint.empty()) {
    std::string hint(Trim(problem.hint, " .\r\n"));
    if (!hint.empty() && hint[0] >= 'a' && hint[0] <= 'z')
      hint[0] = static_cast<char>(hint[0] - 32);
    // Some details end with the way out already.
    if (!message.ends_with(hint)) message += ". " + hint;
  }
  return {CodeOf(problem.status), std::move(message)};
}

}  // namespace aileron::http
