// Tested by tests/policy/test_policy_learn.py.
#include "modes/recorded.h"

#include <map>

#include "base/text.h"
#include "modes/api.h"
#include "modes/limits.h"

namespace aileron::modes {

namespace {

constexpr std::uint16_t kHttpPort = 80;

std::optional<policy::Subject> RequestIn(const Json& record) {
  const std::string kind = TextOf(record, "kind");
  const bool tunnel = kind == "tunnel";
  if (!tunnel && kind != "request" && kind != "upgrade") return std::nullopt;
  policy::Request request{.method = tunnel ? "CONNECT" : TextOf(record, "method"),
                          .host = TextOf(record, "host"),
                          .port = static_cast<std::uint16_t>(NumberOf(record, "port"))};
  request.protocol = tunnel                      ? policy::Protocol::kTcp
                     : request.port == kHttpPort ? policy::Protocol::kHttp
                                                 : policy::Protocol::kHttps;
  if (!tunnel) request.path = TextOf(record, "path");
  if (request.host.empty() || request.host == "aileron.internal" || request.port == 0) {
    return std::nullopt;
  }
  return policy::Subject{.request = std::move(request), .command = {}};
}

// A command's line stands in the record as a person reads it; words are told apart by blanks.
std::optional<policy::Subject> CommandIn(const Json& record) {
  const std::string path = TextOf(record, "path");
  if (TextOf(record, "kind") != "command" || path.empty()) return std::nullopt;
  policy::Subject subject;
  const std::string line = TextOf(record, "detail");
  for (const std::string_view word : Split(line.substr(0, line.find(" (")), ' ')) {
    if (!word.empty()) subject.command.emplace_back(word);
  }
  if (subject.command.empty()) subject.command.push_back(path);
  return subject;
}

// What became of it; what a person had to be asked about was asked about, whatever they said.
std::string VerdictIn(const Json& record) {
  const std::string code = TextOf(record, "code"), rule = TextOf(record, "rule");
  if (code.starts_with("approval_") || rule.starts_with("approval ") ||
      rule.starts_with("grant ")) {
    return "ask";
  }
  return TextOf(record, "action");
}

}  // namespace

Result<std::vector<Recorded>> ReadRecorded(control::Client& client, const std::string& session,
                                           const std::string& since) {
  std::vector<Recorded> found;
  std::map<std::string, std::size_t> known;
  std::uint64_t after = 0;
  while (true) {
    std::string query = fmt::format("/v1/audit?after_seq={}&limit={}", after, limits::audit_page);
    if (!session.empty()) query += "&session=" + PercentEncode(session);
    if (!since.empty()) query += "&since=" + PercentEncode(since);
    AILERON_ASSIGN(const Json answer, GetJson(client, query));
    const Json& records = ListOf(answer, "records");
    for (const Json& record : records) {
      after = std::max(after, NumberOf(record, "seq"));
      auto subject = RequestIn(record);
      if (!subject) subject = CommandIn(record);
      if (!subject) continue;
      Recorded one{.subject = *std::move(subject),
                   .opinion = {.verdict = VerdictIn(record), .rule = TextOf(record, "rule")},
                   .credential = TextOf(record, "credential")};
      const std::string key = fmt::format("{}\n{}\n{}", policy::Write(one.subject),
                                          one.opinion.verdict, one.credential);
      const auto [at, fresh] = known.emplace(key, found.size());
      if (fresh) {
        found.push_back(std::move(one));
      } else {
        ++found[at->second].count;
      }
    }
    if (records.size() < limits::audit_page) return found;
  }
}

}  // namespace aileron::modes
