#include "daemon/questions.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "approval/body_fields.h"
#include "base/host_pattern.h"
#include "base/path_pattern.h"
#include "base/text.h"
#include "daemon/approvals.h"
#include "proxy/site.h"

namespace aileron::daemon {

using approval::Subject;

namespace {

// Each once, in their order.
std::string CredentialsOf(const std::vector<vault::Binding>& bindings) {
  std::vector<std::string> names;
  for (const vault::Binding& binding : bindings) {
    if (std::ranges::find(names, binding.credential) == names.end()) {
      names.push_back(binding.credential);
    }
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string With(std::string_view credentials) {
  return credentials.empty() ? "" : fmt::format(" with {}", credentials);
}

// The program that is asked about; empty: whichever.
std::string ProgramOf(const About& about) {
  if (about.by.empty()) return {};
  return fmt::format("{}{}", Printable(about.by),
                     about.by_unsure ? " or another, which cannot be told" : "");
}

std::string Only(const About& about) {
  return about.by.empty() ? "" : fmt::format(" by {}", ProgramOf(about));
}

// Which requests a binding is for: "GET,HEAD /a/**", or "every request".
std::string ScopeText(const RequestScope& scope) {
  if (scope.everything()) return "every request";
  std::vector<std::string> paths;
  for (const PathPattern& path : scope.paths) paths.push_back(path.ToString());
  return fmt::format("{} {}",
                     scope.methods.empty() ? "*" : fmt::format("{}", fmt::join(scope.methods, ",")),
                     paths.empty() ? "/**" : fmt::format("{}", fmt::join(paths, " ")));
}

std::string RequestUrl(const proxy::AskRequest& request) {
  return UrlOf(request.scheme, request.host, request.port, request.path);
}

void AboutHost(const About& about, approval::Question& question) {
  const std::string place = FormatHostPort(about.host, about.port);
  const std::string credentials = CredentialsOf(about.bindings);
  question.title = fmt::format("connect to {}", place);
  question.fields = {{"host", about.host}, {"port", fmt::format("{}", about.port)}};
  if (!about.by.empty()) question.fields.push_back({"program", ProgramOf(about)});
  question.opens =
      fmt::format("every request to {}, {}", place,
                  credentials.empty() ? std::string("with no credential")
                                      : fmt::format("with the credential {}", credentials));
}

std::string SizeText(const proxy::AskRequest& request) {
  switch (request.seen) {
    case proxy::Seen::kPart:
      return fmt::format(
          "more than {} bytes: the first {} were read, and the rest is passed on unseen",
          request.size, request.size);
    case proxy::Seen::kHead:
      return "passed on unseen: it comes as the answer does";
    case proxy::Seen::kNothing:
    case proxy::Seen::kWhole:
      break;
  }
  return fmt::format("{} byte{}", request.size, request.size == 1 ? "" : "s");
}

// What cannot be read is told; the site may be able to.
std::vector<approval::Field> BodyOf(const proxy::AskRequest& request) {
  if (request.size == 0) return {};
  if (request.seen != proxy::Seen::kWhole || request.body.size() != request.size) {
    return {{"body", "not shown: it is too large"}};
  }
  if (!request.content_coding.empty()) return {{"body", "not shown: it is compressed"}};
  return approval::BodyFields(request.content_type, request.body);
}

void AboutRequest(const About& about, approval::Question& question) {
  const proxy::AskRequest& request = about.request;
  const std::string credentials = CredentialsOf(about.bindings);
  question.title = about.What();
  question.fields = {{"method", request.method}, {"host", about.host}, {"path", request.path}};
  const auto add = [&](std::string name, std::string value) {
    if (!value.empty()) question.fields.push_back({std::move(name), std::move(value)});
  };
  if (!NormalPath(request.path)) {
    add("path is doubtful", "two programs could read it as different paths");
  }
  if (request.query > 0) add("query", fmt::format("{} bytes, not shown", request.query));
  add("overrides", request.overrides);
  add("content type", request.content_type);
  add("content coding", request.content_coding);
  add("body size", SizeText(request));
  add(request.seen == proxy::Seen::kPart ? "SHA-256 of what was read" : "body SHA-256",
      request.size == 0 ? "" : request.body_hash);
  for (approval::Field& field : BodyOf(request)) question.fields.push_back(std::move(field));
  add("rule", about.rule);
  add("program", ProgramOf(about));
  question.opens =
      fmt::format("this request, {}; a yes for more than once: each {}, whatever its body",
                  credentials.empty() ? std::string("with no credential")
                                      : fmt::format("with the credential {}", credentials),
                  question.title);
  question.arguments = nlohmann::json{{"same", request.same}}.dump();
}

void AboutCredential(const About& about, approval::Question& question) {
  const vault::Binding& binding = about.bindings.front();
  const std::string place = FormatHostPort(about.host, about.port);
  question.title = fmt::format("use the credential {} at {}", binding.credential, place);
  question.fields = {{"credential", binding.credential},
                     {"binding", binding.name},
                     {"host", about.host},
                     {"port", fmt::format("{}", about.port)},
                     {"first request", fmt::format("{} {}", about.method, about.path)}};
  question.opens = fmt::format("{} to {}, with the credential {}", ScopeText(binding.scope), place,
                               binding.credential);
}

}  // namespace

std::string UrlOf(proxy::Scheme scheme, const std::string& host, std::uint16_t port,
                  std::string_view path) {
  const proxy::Site site{.host = host, .port = port, .scheme = scheme};
  return fmt::format("{}://{}{}", scheme == proxy::Scheme::kHttp ? "http" : "https",
                     site.Authority(), path);
}

std::string About::Key() const {
  const std::string place = FormatHostPort(host, port);
  switch (subject) {
    case Subject::kHttpRequest:
      return fmt::format("request {} {}{}{}", request.method, RequestUrl(request),
                         With(CredentialsOf(bindings)), Only(*this));
    case Subject::kCredential: {
      const vault::Binding& binding = bindings.front();
      return fmt::format("credential {} for {} to {} (binding {})", binding.credential,
                         ScopeText(binding.scope), place, binding.name);
    }
    default:
      break;
  }
  // Of the credentials only those that would be asked about by themselves.
  std::vector<vault::Binding> first_use;
  std::ranges::copy_if(bindings, std::back_inserter(first_use), [](const vault::Binding& binding) {
    return binding.approval == vault::Approval::kFirstUse;
  });
  return fmt::format("host {}{}{}", place, With(CredentialsOf(first_use)), Only(*this));
}

std::string About::What() const {
  switch (subject) {
    case Subject::kHttpRequest:
      return fmt::format("{} {}", request.method, RequestUrl(request));
    case Subject::kCredential:
      return fmt::format("the credential {} at {}", bindings.front().credential,
                         FormatHostPort(host, port));
    default:
      return FormatHostPort(host, port);
  }
}

approval::Question QuestionOn(const session::Session& session, const About& about) {
  approval::Question question = QuestionOf(session, about.subject);
  question.key = about.Key();
  question.credential = CredentialsOf(about.bindings);
  switch (about.subject) {
    case Subject::kHttpRequest:
      AboutRequest(about, question);
      break;
    case Subject::kCredential:
      AboutCredential(about, question);
      break;
    default:
      AboutHost(about, question);
  }
  return question;
}

}  // namespace aileron::daemon
