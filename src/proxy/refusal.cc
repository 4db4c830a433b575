#include "proxy/refusal.h"

#include "base/text.h"
#include "base/time.h"
#include "http/h1_write.h"
#include "http/limits.h"
#include "http/problem.h"
#include "proxy/limits.h"

namespace aileron::proxy {

namespace {

// Seconds; a person may take longer, and then the client is told the same again.
constexpr std::string_view kRetryAfter = "10";

// How much a client wants each kind of body, in thousandths; -1 when Accept does not name it.
struct Wishes {
  int json = -1;
  int html = -1;
  int text = -1;
};

// qvalue = "0" [ "." *3DIGIT ] / "1" [ "." *3"0" ], in thousandths; a malformed one counts as 1.
int Weight(std::string_view parameters) {
  for (std::string_view parameter : Split(parameters, ';')) {
    parameter = Trim(parameter, " \t");
    if (parameter.size() < 3 || ToLower(parameter[0]) != 'q' || parameter[1] != '=') continue;
    const std::string_view value = parameter.substr(2);
    if (value[0] != '0') return 1000;
    int weight = 0;
    int unit = 100;
    for (const char c : value.substr(std::min<std::size_t>(value.size(), 2))) {
      if (c < '0' || c > '9' || unit == 0) break;
      weight += unit * (c - '0');
      unit /= 10;
    }
    return weight;
  }
  return 1000;
}

Wishes ReadAccept(const http::Headers& headers) {
  Wishes wishes;
  for (const http::Headers::Field field : headers) {
    if (!EqualsIgnoreCase(field.name, "accept")) continue;
    http::ForEachToken(field.value, [&](std::string_view member) {
      const std::size_t semicolon = std::min(member.find(';'), member.size());
      const std::string type = ToLower(Trim(member.substr(0, semicolon), " \t"));
      const int weight = Weight(member.substr(semicolon));
      if (type.ends_with("/json") || type.ends_with("+json")) {
        wishes.json = std::max(wishes.json, weight);
      } else if (type == "text/html" || type == "application/xhtml+xml") {
        wishes.html = std::max(wishes.html, weight);
      } else if (type == "text/plain") {
        wishes.text = std::max(wishes.text, weight);
      }
      return true;
    });
  }
  return wishes;
}

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string_view MediaType(RefusalBody body) {
  switch (body) {
    case RefusalBody::kJson:
      return http::kProblemType;
    case RefusalBody::kHtml:
      return "text/html; charset=utf-8";
    case RefusalBody::kText:
      break;
  }
  return "text/plain; charset=utf-8";
}

std::string BodyText(const Refusal& refusal, RefusalBody body) {
  const std::string reason = Printable(refusal.reason);
  const std::string hint = Printable(refusal.hint);
  if (body == RefusalBody::kJson) {
    // npm prints "error", many API clients "message": both tell the way out.
    const std::string line = hint.empty() ? reason : fmt::format("{} (hint: {})", reason, hint);
    http::Problem problem{.status = refusal.status,
                          .title = "aileron refused the request",
                          .detail = reason,
                          .code = refusal.code,
                          .hint = hint,
                          .more = {{"error", "aileron: " + line}, {"message", "aileron: " + line}}};
    if (!refusal.approval.empty()) problem.more.emplace_back("approval", refusal.approval);
    return http::ProblemBody(problem);
  }
  if (body == RefusalBody::kHtml) {
    return fmt::format(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<title>aileron: refused</title>\n"
        "<h1>aileron refused the request</h1>\n<p>{}</p>\n{}",
        EscapeHtml(reason), hint.empty() ? "" : fmt::format("<p>hint: {}</p>\n", EscapeHtml(hint)));
  }
  return fmt::format("aileron: {}\n{}", reason,
                     hint.empty() ? "" : fmt::format("hint: {}\n", hint));
}

// The reason and the way out, since many clients show nothing but the phrase. Where both do not
// fit, the reason is cut: it begins with what was refused, and the hint says what to type.
std::string Phrase(const Refusal& refusal) {
  std::string phrase = http::SanitisePhrase(refusal.reason);
  if (refusal.hint.empty()) return phrase;
  const std::string hint = fmt::format(" (hint: {})", http::SanitisePhrase(refusal.hint));
  const std::size_t room = http::limits::reason_phrase_bytes;
  if (hint.size() >= room) return phrase;
  phrase.resize(std::min(phrase.size(), room - hint.size()));
  return phrase + hint;
}

}  // namespace

Refusal RefusalOf(http::Flaw flaw) {
  return {.status = http::FlawStatus(flaw),
          .code = std::string(http::FlawCode(flaw)),
          .reason = fmt::format("{}", http::FlawText(flaw)),
          .hint =
              "the client sent a message that another parser could read differently; "
              "another version of it may not"};
}

namespace {

// 428 when it is worth coming back.
template <typename Answer>
Refusal Denied(const Answer& answer) {
  return {.status = answer.approval.empty() ? 403 : 428,
          .code = answer.code,
          .reason = answer.reason,
          .hint = answer.hint,
          .approval = answer.approval};
}

}  // namespace

Refusal RefusalOf(const Verdict& verdict) { return Denied(verdict); }
Refusal RefusalOf(const RequestAnswer& answer) { return Denied(answer); }

Refusal RefusalOf(const Credential& credential) {
  constexpr int bad_gateway = 502;
  Refusal refusal{.status = credential.approval.empty() ? bad_gateway : 428,
                  .code = credential.code,
                  .reason = credential.message,
                  .hint = credential.hint,
                  .approval = credential.approval};
  if (credential.denied) refusal.status = 403;
  return refusal;
}

Refusal ProxyWantsCredential(ProxyCredential what_it_got) {
  return {.status = 502,
          .code = "upstream_proxy_auth",
          .reason = what_it_got == ProxyCredential::kNone
                        ? "the upstream proxy wants a user and a password"
                        : "the upstream proxy does not accept its user and password",
          .hint =
              "aileron launch --upstream-proxy http://USER@HOST:PORT "
              "--upstream-proxy-credential NAME, a vault entry with the password"};
}

Refusal GrantRevoked() {
  return {.code = "grant_revoked", .reason = "the person's answer that allowed it was taken back"};
}

RefusalBody ChooseBody(const http::RequestHead* request) {
  if (request == nullptr) return RefusalBody::kText;
  const std::string_view agent = request->headers.Find("user-agent").value_or("");
  if (agent.starts_with("git/")) return RefusalBody::kText;  // git prints nothing but text/plain
  const Wishes wishes = ReadAccept(request->headers);
  if (wishes.json > 0 && wishes.json >= wishes.html) return RefusalBody::kJson;
  if (wishes.html > 0 && wishes.html > wishes.text) return RefusalBody::kHtml;
  if (agent.starts_with("npm/")) return RefusalBody::kJson;
  return RefusalBody::kText;
}

std::string RefusalResponse(const Refusal& refusal, const Site& site,
                            const http::RequestHead* request, AfterRefusal after) {
  const RefusalBody kind = site.host == kInternalHost ? RefusalBody::kJson : ChooseBody(request);
  const std::string body = BodyText(refusal, kind);
  const std::string phrase = Phrase(refusal);
  http::Headers headers;
  headers.Add("Content-Type", MediaType(kind));
  headers.Add("Content-Length", std::to_string(body.size()));
  headers.Add("Cache-Control", "no-store");
  headers.Add("Aileron-Code", http::SanitisePhrase(refusal.code));
  headers.Add("Aileron-Reason", http::SanitisePhrase(refusal.reason));
  if (!refusal.hint.empty()) headers.Add("Aileron-Hint", http::SanitisePhrase(refusal.hint));
  if (!refusal.approval.empty()) {
    headers.Add("Aileron-Approval", http::SanitisePhrase(refusal.approval));
    headers.Add("Retry-After", kRetryAfter);
  }
  const bool close = after == AfterRefusal::kClose || request == nullptr || !request->keep_alive();
  if (close) {
    headers.Add("Connection", "close");
  } else if (request->version() == http::Version::k10) {
    headers.Add("Connection", "keep-alive");
  }
  std::string response;
  http::AppendResponseHead(refusal.status,
                           phrase.empty() ? http::StandardReason(refusal.status) : phrase, headers,
                           response);
  const bool head = request != nullptr && request->method_kind() == http::MethodKind::kHead;
  if (!head) response += body;
  return response;
}

AuditRecord RefusedRecord(const Site& site, std::string_view code, std::string_view detail) {
  AuditRecord record{.kind = "refused", .host = site.host, .port = site.port, .action = "deny"};
  record.time_us = static_cast<std::uint64_t>(Now().time_since_epoch().count());
  record.code = code;
  record.detail = Printable(detail.substr(0, limits::record_text_max));
  return record;
}

}  // namespace aileron::proxy
