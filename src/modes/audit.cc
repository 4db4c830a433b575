// Tested by tests/audit/test_audit.py.

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "base/text.h"
#include "modes/api.h"
#include "modes/limits.h"
#include "modes/recorded.h"
#include "modes/session_text.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

Result<std::string> Query(const Parsed& parsed) {
  std::string query;
  const auto add = [&query](std::string_view name, const std::string& value) {
    query += fmt::format("{}{}={}", query.empty() ? "?" : "&", name, PercentEncode(value));
  };
  if (parsed.Has("--session")) add("session", parsed.Value("--session"));
  if (parsed.Has("--since")) {
    AILERON_ASSIGN(const std::string since, SinceOf(parsed.Value("--since")));
    add("since", since);
  }
  if (parsed.Has("--after")) add("after_seq", parsed.Value("--after"));
  if (parsed.Has("--limit")) add("limit", parsed.Value("--limit"));
  return query;
}

Outcome RunList(const Invocation& invocation) {
  AILERON_ASSIGN(const std::string query, Query(invocation.parsed));
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json answer, GetJson(client, "/v1/audit" + query));
  const Json& records = ListOf(answer, "records");
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(records)));
  } else if (records.empty()) {
    PrintNote("no record fits");
  } else {
    PrintGrid(AuditGrid(records));
  }
  return 0;
}

Outcome RunShow(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json record,
                 GetJson(client, fmt::format("/v1/audit/{}",
                                             PercentEncode(invocation.parsed.arguments.at(0)))));
  AILERON_TRY(Print(invocation.parsed.Has("--json") ? Pretty(record)
                                                    : FieldsText(record, ColourOf(STDOUT_FILENO))));
  return 0;
}

Outcome RunTail(const Invocation& invocation) {
  AILERON_ASSIGN(const std::string query, Query(invocation.parsed));
  AILERON_ASSIGN(control::Client client, Connected());
  const bool json = invocation.parsed.Has("--json");
  const Colour colour = ColourOf(STDOUT_FILENO);
  AILERON_TRY(client.Events(
      "/v1/audit/stream" + query, [&](const control::Event& event) -> Result<control::Flow> {
        if (event.name == "end") return control::Flow::kStop;
        AILERON_ASSIGN(const Json record, ParseJson(event.data, "an event of the daemon"));
        AILERON_TRY(Print(json ? Compact(record) + "\n" : AuditLine(record, colour)));
        return control::Flow::kContinue;
      }));
  return 0;
}

Outcome RunVerify(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const control::Response response,
                 client.Call({.path = "/v1/audit/verify", .deadline = limits::verify_wait}));
  AILERON_ASSIGN(const Json report, ParseJson(response.body, "the daemon's answer"));
  const bool ok = TextOf(report, "ok") == "true";
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(report)));
    return ok ? 0 : kExitFailure;
  }
  const Colour colour = ColourOf(STDOUT_FILENO);
  std::string text = fmt::format(
      "{}  {} records, {} signed checkpoints\n",
      ok ? Paint(colour, Style::kGreen, "intact") : Paint(colour, Style::kRed, "BROKEN"),
      NumberOf(report, "records"), NumberOf(report, "checkpoints"));
  for (const Json& problem : ListOf(report, "problems")) {
    const std::uint64_t seq = NumberOf(problem, "seq");
    text += fmt::format("  {}  {}\n", seq == 0 ? "the log" : fmt::format("record {}", seq),
                        Printable(TextOf(problem, "what")));
  }
  AILERON_TRY(Print(text));
  return ok ? 0 : kExitFailure;
}

// Writes beside `path` first, so that a half export never looks like a whole one.
Status ExportTo(control::Client& client, const control::Request& request, const std::string& path) {
  const std::string fresh = fmt::format("{}.{}.new", path, getpid());
  const os::Fd file(
      open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return os::FailErrno("cannot create {}", fresh);
  Status done;
  if (auto written = client.StreamTo(request, file.get()); !written) {
    done = Wrap(std::move(written).error(), "cannot write {}", path);
  } else if (fsync(file.get()) != 0 || std::rename(fresh.c_str(), path.c_str()) != 0) {
    done = os::FailErrno("cannot write {}", path);
  }
  if (!done) unlink(fresh.c_str());
  return done;
}

Outcome RunExport(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(std::string query, Query(parsed));
  query += fmt::format("{}format={}", query.empty() ? "?" : "&", parsed.Value("--format", "jsonl"));
  AILERON_ASSIGN(control::Client client, Connected());
  const std::string path = "/v1/audit/export" + query;
  if (parsed.Has("--output") && parsed.Value("--output") != "-") {
    AILERON_TRY(ExportTo(client, {.path = path}, parsed.Value("--output")));
  } else {
    AILERON_TRY(client.StreamTo({.path = path}, STDOUT_FILENO));
  }
  return 0;
}

}  // namespace

Command AuditVerb() {
  const Flag session{"--session", "ID", "Only of this session"};
  const Flag since{"--since", "TIME", "Only from this time on, or from so long ago (2h)"};
  return {.text =
              "The audit log says what every sandbox reached or was refused, and which credential "
              "went along. Each "
              "record is chained to the last, and the chain is signed, so that a record that is "
              "changed, missing or "
              "in the wrong place is found. It never holds a secret, a query string, a header or a "
              "body.",
          .commands = {{.name = "list",
                        .summary = "List records",
                        .flags = {session,
                                  since,
                                  {"--limit", "N", "At most so many"},
                                  {"--after", "SEQ", "Only those behind this record"},
                                  kJsonFlag},
                        .run = RunList},
                       {.name = "show",
                        .summary = "Show all of one record",
                        .flags = {kJsonFlag},
                        .arguments = {{"SEQ", "The record's number"}},
                        .run = RunShow},
                       {.name = "tail",
                        .summary = "Follow the log",
                        .flags = {session, {"--json", "", "One JSON object a line"}},
                        .run = RunTail},
                       {.name = "verify",
                        .summary = "Check that nothing was changed or removed",
                        .text = "Exits with 0 when the log is whole, with 1 when it is not; then "
                                "the records are named.",
                        .flags = {kJsonFlag},
                        .run = RunVerify},
                       {.name = "export",
                        .summary = "Write the log out",
                        .flags = {{.name = "--format",
                                   .value = "FORMAT",
                                   .summary = "jsonl: one JSON object a line",
                                   .choices = "jsonl"},
                                  {.name = "--output",
                                   .value = "FILE",
                                   .summary = "Where to; standard output if not given",
                                   .completes = Completes::kFile,
                                   .letter = "-o"},
                                  session,
                                  since},
                        .run = RunExport}}};
}

}  // namespace aileron::modes
