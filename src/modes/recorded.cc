#include "modes/recorded.h"

#include <algorithm>

#include "base/text.h"
#include "base/time.h"
#include "command/rules.h"
#include "modes/limits.h"
#include "modes/shell_words.h"
#include "modes/terminal.h"

namespace aileron::modes {

namespace {

constexpr std::string_view kMore = "...";

// A record from before schemes were kept has none: its port tells.
policy::Protocol ProtocolOf(const Json& record, std::uint16_t port) {
  const std::string scheme = TextOf(record, "scheme");
  const bool plain = scheme.empty() ? port == policy::kHttpPort : scheme == "http";
  return plain ? policy::Protocol::kHttp : policy::Protocol::kHttps;
}

std::optional<policy::Subject> RequestIn(const Json& record) {
  const std::string kind = TextOf(record, "kind");
  const bool tunnel = kind == "tunnel";
  if (!tunnel && kind != "request" && kind != "upgrade") return std::nullopt;
  policy::Request request{.method = tunnel ? "CONNECT" : TextOf(record, "method"),
                          .host = TextOf(record, "host"),
                          .port = static_cast<std::uint16_t>(NumberOf(record, "port"))};
  request.protocol = tunnel ? policy::Protocol::kTcp : ProtocolOf(record, request.port);
  if (!tunnel) request.path = TextOf(record, "path");
  if (request.host.empty() || request.host == "aileron.internal" || request.port == 0) {
    return std::nullopt;
  }
  return policy::Subject{.request = std::move(request), .command = {}};
}

// A command's line stands in the record as a shell would read it; then "..." where there are more
// words, and in parentheses what it was understood as. Words that hold such marks are quoted.
std::optional<Recorded> CommandIn(const Json& record) {
  const std::string path = TextOf(record, "path");
  // Of what was killed the detail says why.
  if (TextOf(record, "kind") != "command" || path.empty() || TextOf(record, "action") == "kill") {
    return std::nullopt;
  }
  Recorded one;
  one.subject.executable = path;
  const std::string detail = TextOf(record, "detail");
  std::string_view line = detail;
  while (!line.empty() && !line.starts_with('(')) {
    one.whole = line != kMore && !line.starts_with("... ");
    if (!one.whole) break;
    auto word = TakeShellWord(line);
    one.whole = word.has_value();
    if (!word) break;
    one.subject.command.push_back(*std::move(word));
  }
  if (one.subject.command.empty()) one.subject.command.push_back(path);
  return one;
}

// What was said of it: what a person had to be asked about was asked about, whatever they said.
std::string VerdictIn(const Json& record) {
  const std::string code = TextOf(record, "code"), rule = TextOf(record, "rule");
  const bool unattended = code == command::kCodeAsks || code == "request_not_allowed";
  if (unattended || code.starts_with("approval_") || rule.starts_with("approval ") ||
      rule.starts_with("grant ")) {
    return "ask";
  }
  return TextOf(record, "action");
}

std::string KeyOf(const Recorded& one) {
  std::string key = policy::KeyOf(one.subject);
  for (const std::string* text : {&one.opinion.verdict, &one.action, &one.credential}) {
    (key += '\0') += *text;
  }
  return key;
}

}  // namespace

std::optional<Recorded> RecordedIn(const Json& record) {
  std::optional<Recorded> found;
  if (auto request = RequestIn(record)) {
    found.emplace().subject = *std::move(request);
  } else {
    found = CommandIn(record);
  }
  if (!found) return std::nullopt;
  found->opinion = {.verdict = VerdictIn(record), .rule = TextOf(record, "rule")};
  found->action = TextOf(record, "action");
  found->credential = TextOf(record, "credential");
  return found;
}

bool Agrees(const Recorded& before, const policy::Opinion& after) {
  const auto outcome = [](const std::string& verdict) {
    return verdict == "record" ? std::string_view("allow") : std::string_view(verdict);
  };
  if (outcome(before.opinion.verdict) != outcome(after.verdict)) return false;
  return !after.credentials || before.credential.empty() ||
         std::ranges::find(*after.credentials, before.credential) != after.credentials->end();
}

void Recording::Add(Recorded one) {
  std::string key = KeyOf(one);
  if (const auto found = known_.find(key); found != known_.end()) {
    ++things_[found->second].count;
    return;
  }
  complete_ = complete_ && things_.size() < limits::recorded_kept;
  if (things_.size() >= limits::recorded_kept) return;
  known_.emplace(std::move(key), things_.size());
  things_.push_back(std::move(one));
}

Result<Recording> ReadRecorded(control::Client& client, const std::string& session,
                               const std::string& since) {
  Recording recording;
  std::uint64_t after = 0;
  while (true) {
    std::string query = fmt::format("/v1/audit?after_seq={}&limit={}", after, limits::audit_page);
    if (!session.empty()) query += "&session=" + PercentEncode(session);
    if (!since.empty()) query += "&since=" + PercentEncode(since);
    AILERON_ASSIGN(const Json answer, GetJson(client, query));
    const Json& records = ListOf(answer, "records");
    for (const Json& record : records) {
      after = std::max(after, NumberOf(record, "seq"));
      if (auto one = RecordedIn(record)) recording.Add(*std::move(one));
    }
    if (records.size() < limits::audit_page) break;
  }
  if (!recording.complete()) {
    PrintNote(
        fmt::format("only the first {} different requests and commands are looked at: name a "
                    "session, or a later --since",
                    limits::recorded_kept));
  }
  return recording;
}

Result<std::vector<Recorded>> ReadWhole(control::Client& client, const std::string& session,
                                        const std::string& since) {
  AILERON_ASSIGN(const Recording recording, ReadRecorded(client, session, since));
  std::vector<Recorded> whole = recording.things();
  const std::size_t cut = std::erase_if(whole, [](const Recorded& one) { return !one.whole; });
  if (cut != 0) {
    PrintNote(fmt::format("{} recorded command{} too long to be kept whole, and left out", cut,
                          cut == 1 ? " was" : "s were"));
  }
  return whole;
}

Result<std::string> SinceOf(const std::string& text) {
  if (ParseTime(text)) return text;
  const auto ago = ParseDuration(text);
  if (!ago) {
    return Fail(Code::kInvalid,
                "--since: \"{}\" is neither a time such as 2026-11-23T23:15:09Z nor a length of "
                "time such as 2h",
                Printable(text));
  }
  return FormatTime(Now() - *ago);
}

}  // namespace aileron::modes
