// Tested by tests/shim/test_tools.py.

#include "base/text.h"
#include "base/ulid.h"
#include "modes/api.h"
#include "modes/approval_text.h"
#include "modes/limits.h"
#include "modes/result_text.h"
#include "modes/terminal.h"
#include "modes/verbs.h"
#include "shim/api_client.h"

namespace aileron::modes {

namespace {

std::unexpected<Failure> Misused(std::string message) {
  return std::unexpected(Failure(kExitUsage, {Code::kInvalid, std::move(message)}));
}

std::expected<shim::Patience, Failure> PatienceOf(const Parsed& parsed) {
  if (!parsed.Has("--timeout")) return PatienceFor(std::nullopt);
  const auto length = ParseDuration(parsed.Value("--timeout"));
  if (!length) return Misused("--timeout: " + length.error().message);
  return PatienceFor(*length);
}

// The first exit code that is not 0 stands for all.
Outcome WaitInside(const Parsed& parsed, const shim::Patience& patience) {
  const RunShape shape = parsed.Has("--json") ? RunShape::kJson : RunShape::kBody;
  for (const std::string& id : parsed.arguments) {
    if (!Ulid::Parse(id)) return Misused(fmt::format("{} is no id of a call", Printable(id)));
  }
  AILERON_ASSIGN(const auto api, SandboxApi());
  int first = 0;
  for (const std::string& id : parsed.arguments) {
    AILERON_ASSIGN(const shim::Run run,
                   shim::AwaitRun(*api, id, patience, [](const shim::Run& open) {
                     PrintNote(OneLine(shim::ComplaintOf(open)));
                   }));
    AILERON_ASSIGN(const int code, PrintRun(run, shape, "aileron"));
    if (first == 0) first = code;
  }
  return first;
}

Result<Json> AwaitApproval(control::Client& client, const std::string& id,
                           const shim::Patience& patience) {
  while (true) {
    const Duration wait = patience.Left(limits::approval_wait);
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    const std::string path = fmt::format("/v1/approvals/{}?wait_s={}", PercentEncode(id), seconds);
    const Duration asked = patience.Now();
    AILERON_ASSIGN(const control::Response response,
                   client.Call({.path = path, .deadline = wait + limits::approval_grace}));
    AILERON_ASSIGN(Json approval, ParseJson(response.body, "the daemon's answer"));
    const bool open = ExitCodeOf(approval) == kExitPending;
    if (!open || wait <= Duration::zero()) return approval;
    if (patience.Now() - asked < limits::approval_pause) patience.Sleep(limits::approval_pause);
  }
}

Outcome WaitOutside(const Parsed& parsed, const shim::Patience& patience) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json all, GetJson(client, "/v1/approvals?state=all&limit=2000"));
  int first = 0;
  for (const std::string& argument : parsed.arguments) {
    AILERON_ASSIGN(const std::string id, FindApproval(ListOf(all, "approvals"), argument));
    AILERON_ASSIGN(const Json approval, AwaitApproval(client, id, patience));
    if (parsed.Has("--json")) {
      AILERON_TRY(Print(Compact(approval) + "\n"));
    } else {
      PrintNote(fmt::format("{}: {}", TextOf(approval, "state"), TextOf(approval, "title")));
    }
    if (first == 0) first = ExitCodeOf(approval);
  }
  return first;
}

Outcome RunWait(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  if (parsed.arguments.empty()) {
    return Misused("\"aileron wait\" needs an ID. A call that waits for a person names its own");
  }
  AILERON_ASSIGN(const shim::Patience patience, PatienceOf(parsed));
  return shim::HasApi() ? WaitInside(parsed, patience) : WaitOutside(parsed, patience);
}

}  // namespace

Command WaitVerb() {
  return {.text =
              "Inside a sandbox the id is that of a tool's call, and what came of it is printed "
              "as the tool would have. On the host it is that of a question, as \"aileron "
              "approvals list\" shows it, and its end is enough.\n\nExits with 75 when the time "
              "was over first, and with 77 when the answer was no.",
          .flags = {{"--timeout", "DURATION", "Wait no longer than that, such as 90s"},
                    {"--json", "", "One JSON object a line"}},
          .arguments = {{"ID", "What to wait for", Arity::kAny}},
          .examples = {{"aileron wait 01KB0S5C8T3V9PAHD0QW6KFZ3M --timeout 10m",
                        "Print the result, if it comes in time"}},
          .run = RunWait};
}

}  // namespace aileron::modes
