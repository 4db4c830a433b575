// Tested by tests/approval/test_webhooks.py.

#include "base/text.h"
#include "modes/api.h"
#include "modes/terminal.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

constexpr int kWell = 299;

std::string EventsOf(const Json& webhook) {
  std::string events;
  for (const Json& event : ListOf(webhook, "events")) {
    if (event.is_string()) events += (events.empty() ? "" : ", ") + event.get<std::string>();
  }
  return events;
}

Outcome RunList(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json surfaces, GetJson(client, "/v1/surfaces"));
  const Json& webhooks = ListOf(surfaces, "webhooks");
  if (const std::string wrong = TextOf(surfaces, "problem"); !wrong.empty()) PrintNote(wrong);
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(webhooks)));
    return 0;
  }
  if (webhooks.empty()) {
    PrintNote(fmt::format("{} names no webhook", TextOf(surfaces, "file")));
    return 0;
  }
  Grid grid({"URL", "STATE", "TOLD", "EVENTS", "PROBLEM"});
  for (const Json& one : webhooks) {
    const std::string problem = TextOf(one, "problem");
    grid.Add({TextOf(one, "url"),
              {TextOf(one, "state"), problem.empty() ? Style::kGreen : Style::kYellow},
              TextOf(one, "delivered"),
              EventsOf(one),
              problem});
  }
  PrintGrid(grid);
  return 0;
}

// The one that is meant when only one is named.
Result<std::string> UrlOf(const Json& webhooks, const Parsed& parsed) {
  if (!parsed.arguments.empty()) return parsed.arguments.front();
  if (webhooks.size() == 1) return TextOf(webhooks.front(), "url");
  return Fail(Code::kInvalid, "{} webhooks are named. Say which: its URL", webhooks.size());
}

Outcome RunTest(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json surfaces, GetJson(client, "/v1/surfaces"));
  AILERON_ASSIGN(const std::string url, UrlOf(ListOf(surfaces, "webhooks"), invocation.parsed));
  AILERON_ASSIGN(const Json answer, CallJson(client, "POST", "/v1/webhooks/test", {{"url", url}}));
  const std::uint64_t status = NumberOf(answer, "status");
  const bool taken = status >= 200 && status <= kWell;
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(answer)));
  } else {
    PrintNote(fmt::format("{} answered with {}{}", Printable(url), status,
                          taken ? "" : ": what it is told would be sent again, and given up"));
  }
  return taken ? 0 : kExitFailure;
}

}  // namespace

Command WebhookCommand() {
  return {.name = "webhook",
          .summary = "List the addresses that are told of questions, and test one",
          .text = "approvals.yaml in the configuration folder names them.",
          .commands = {{.name = "list",
                        .summary = "List webhooks, and how telling them fares",
                        .flags = {kJsonFlag},
                        .run = RunList},
                       {.name = "test",
                        .summary = "Send a signed test message once, and say what came back",
                        .flags = {kJsonFlag},
                        .arguments = {{"URL", "As the file has it; not needed where there is one",
                                       Arity::kOptional}},
                        .run = RunTest}}};
}

}  // namespace aileron::modes
