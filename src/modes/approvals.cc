// Tested by tests/approval/test_approvals.py.

#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "modes/api.h"
#include "modes/approval_calls.h"
#include "modes/approval_edit.h"
#include "modes/approval_text.h"
#include "modes/limits.h"
#include "modes/question_prompt.h"
#include "modes/verbs.h"
#include "os/fd.h"

namespace aileron::modes {

namespace {

// What the argument stands for: it may be the end of an id.
Result<std::string> IdOf(control::Client& client, const std::string& text) {
  AILERON_ASSIGN(const Json all, ListApprovals(client, "all"));
  return FindApproval(all, text);
}

Outcome RunList(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  const bool all = invocation.parsed.Has("--all");
  AILERON_ASSIGN(const Json list, ListApprovals(client, all ? "all" : "pending"));
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(list)));
  } else if (list.empty()) {
    PrintNote(all ? "nothing was asked yet" : "nothing waits; --all lists what was decided");
  } else {
    PrintGrid(all ? ApprovalGrid(list, Now()) : WaitingGrid(list, Now()));
  }
  return 0;
}

Outcome RunShow(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const std::string id, IdOf(client, invocation.parsed.arguments.at(0)));
  AILERON_ASSIGN(const Json approval, GetApproval(client, id));
  AILERON_TRY(
      Print(invocation.parsed.Has("--json")
                ? Pretty(approval)
                : ApprovalText(approval, ColourOf(STDOUT_FILENO), WidthOf(STDOUT_FILENO), Now())));
  return 0;
}

// --session, --always, --times and --for say how far the answer reaches; at most one of them.
std::expected<Json, Failure> ScopeOf(const Parsed& parsed) {
  Json scope;
  const auto set = [&](Json one) -> Status {
    if (!scope.is_null()) {
      return Fail(Code::kInvalid, "give one of --session, --always, --times and --for");
    }
    scope = std::move(one);
    return {};
  };
  if (parsed.Has("--session")) AILERON_TRY(set({{"kind", "session"}}));
  if (parsed.Has("--always")) AILERON_TRY(set({{"kind", "always"}}));
  if (parsed.Has("--times")) {
    const auto times = ParseInteger<std::int64_t>(parsed.Value("--times"));
    if (!times) return std::unexpected(Failure(kExitUsage, {Code::kInvalid, "--times: a number"}));
    AILERON_TRY(set({{"kind", "times"}, {"times", *times}}));
  }
  if (parsed.Has("--for")) {
    if (auto length = ParseDuration(parsed.Value("--for")); !length) {
      return std::unexpected(
          Failure(kExitUsage, {Code::kInvalid, "--for: " + length.error().message}));
    }
    AILERON_TRY(set({{"kind", "until"}, {"for", parsed.Value("--for")}}));
  }
  return scope;
}

// Standard input, or the argument itself.
Result<std::string> ArgumentsText(const std::string& value) {
  if (value != "-") return value;
  const os::Fd input(dup(STDIN_FILENO));
  return os::ReadAll(input, "--args", limits::edited_bytes);
}

// What --args and --set change of the question. Null when neither is given.
std::expected<Json, Failure> EditsOf(control::Client& client, const std::string& id,
                                     const Parsed& parsed) {
  if (!parsed.Has("--args") && !parsed.Has("--set")) return Json();
  AILERON_ASSIGN(const Json approval, GetApproval(client, id));
  if (TextOf(approval, "state") != "pending") return Json();  // the daemon says what it is
  Json edits = Json::object();
  if (parsed.Has("--args")) {
    AILERON_ASSIGN(const std::string text, ArgumentsText(parsed.Value("--args")));
    AILERON_ASSIGN(edits, EditsFromJson(approval, text));
  }
  AILERON_ASSIGN(const Json set, EditsFromFlags(approval, parsed.Values("--set")));
  edits.update(set);
  return edits;
}

Outcome Decide(const Invocation& invocation, std::string_view answer) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(Json scope, ScopeOf(parsed));
  if (parsed.arguments.size() > 1 && (parsed.Has("--args") || parsed.Has("--set"))) {
    return std::unexpected(
        Failure(kExitUsage, {Code::kInvalid, "--set and --args change one question; name one"}));
  }
  AILERON_ASSIGN(control::Client client, Connected());
  for (const std::string& argument : parsed.arguments) {
    AILERON_ASSIGN(const std::string id, IdOf(client, argument));
    AILERON_ASSIGN(Json edits, EditsOf(client, id, parsed));
    AILERON_ASSIGN(const Json decided, SendAnswer(client, id,
                                                  {.verb = answer,
                                                   .scope = scope,
                                                   .arguments = std::move(edits),
                                                   .reason = parsed.Value("--reason"),
                                                   .surface = "command line"}));
    if (parsed.Has("--json")) {
      AILERON_TRY(Print(Pretty(decided)));
    } else {
      PrintNote(fmt::format("{} ({}): {}", TextOf(decided, "state"), TextOf(decided, "scope"),
                            TextOf(decided, "title")));
    }
  }
  return 0;
}

Outcome RunApprove(const Invocation& invocation) { return Decide(invocation, "approve"); }
Outcome RunDeny(const Invocation& invocation) { return Decide(invocation, "deny"); }

Outcome RunWatch(const Invocation& invocation) {
  if (!invocation.parsed.Has("--json") && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
    return AnswerQuestions();
  }
  AILERON_ASSIGN(control::Client client, Connected());
  const std::string after = invocation.parsed.Value("--after");
  AILERON_TRY(client.Events(
      after.empty() ? "/v1/approvals/stream"
                    : fmt::format("/v1/approvals/stream?after_seq={}", PercentEncode(after)),
      [](const control::Event& event) -> Result<control::Flow> {
        AILERON_ASSIGN(const Json change, ParseJson(event.data, "an event of the daemon"));
        AILERON_TRY(Print(Compact(change) + "\n"));
        return control::Flow::kContinue;
      }));
  return 0;
}

Outcome RunGrants(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json answer, GetJson(client, "/v1/grants"));
  const Json& grants = ListOf(answer, "grants");
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(grants)));
  } else if (grants.empty()) {
    PrintNote("no answer is remembered");
  } else {
    PrintGrid(GrantGrid(grants));
  }
  return 0;
}

Outcome RunRevoke(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  const bool cut = invocation.parsed.Has("--cut");
  for (const std::string& id : invocation.parsed.arguments) {
    AILERON_ASSIGN(const Json revoked, CallJson(client, "DELETE",
                                                fmt::format("/v1/grants/{}{}", PercentEncode(id),
                                                            cut ? "?cut=true" : "")));
    PrintNote(fmt::format("revoked{}: {}", cut ? ", and cut what it let through" : "",
                          TextOf(revoked, "explained")));
  }
  return 0;
}

}  // namespace

Command ApprovalsVerb() {
  const Argument one{"APPROVAL", "Its id, or as much of the id's end as no other has"};
  const Argument some{"APPROVAL", "Ids, or as much of each id's end as no other has", Arity::kAny};
  const std::vector<Flag> scope = {
      {"--session", "", "For the rest of this session"},
      {"--always", "", "For every session, until it is revoked"},
      {"--times", "N", "For N such questions in all"},
      {"--for", "DURATION", "For so long, such as 15m"},
      {"--reason", "TEXT", "Told to the agent, and kept"},
      kJsonFlag,
  };
  std::vector<Flag> yes = scope;
  yes.push_back(
      {"--set", "NAME=VALUE", "Change an argument that may be changed first", Repeat::kMany});
  yes.push_back({"--args", "JSON", "Change several: an object, or - for standard input"});
  return {
      .text =
          "An agent that wants what no rule allows or denies is not refused: a person is asked. "
          "Without one of the flags, an answer is for once: for what waits, and for what its "
          "client does in the half minute after. \"aileron grants\" lists what is remembered.",
      .commands = {
          {.name = "list",
           .summary = "List what waits for an answer",
           .flags = {{"--all", "", "What was answered too"}, kJsonFlag},
           .run = RunList},
          {.name = "show",
           .summary = "Show a question whole",
           .flags = {kJsonFlag},
           .arguments = {one},
           .run = RunShow},
          {.name = "approve",
           .summary = "Say yes",
           .text = "\"aileron approvals show\" says which arguments may be changed. What runs is "
                   "what you approve.",
           .flags = yes,
           .arguments = {some},
           .examples = {{"aileron approvals approve K3ZD --session", "Yes, for this session"},
                        {"aileron approvals approve K3ZD --set title='A better one'",
                         "Yes, with another title"}},
           .run = RunApprove},
          {.name = "deny",
           .summary = "Say no",
           .flags = scope,
           .arguments = {some},
           .run = RunDeny},
          {.name = "watch",
           .summary = "Answer questions as they come, with single keys",
           .text = "The key e opens your editor ($VISUAL, $EDITOR or vi) on the arguments that may "
                   "be changed. In a pipe, or with --json, prints each change as a JSON line "
                   "instead.",
           .flags = {{"--json", "", "One JSON object a line"},
                     {"--after", "SEQ", "Begin after this change; those since then come first"}},
           .examples = {{"aileron approvals watch", "Answer with single keys as questions come"}},
           .run = RunWatch},
          WebhookCommand()}};
}

Command GrantsVerb() {
  return {.commands = {
              {.name = "list",
               .summary = "List the answers that are remembered",
               .flags = {kJsonFlag},
               .run = RunGrants},
              {.name = "revoke",
               .summary = "Take remembered answers back",
               .text = "What is asked from now on is a new question. What a yes let through before "
                       "goes on to its end, or ends now with --cut.",
               .flags = {{"--cut", "",
                          "End connections and operations that the answer let through, too"}},
               .arguments = {{"GRANT", "Ids, as \"aileron grants list\" shows them", Arity::kAny}},
               .run = RunRevoke}}};
}

}  // namespace aileron::modes
