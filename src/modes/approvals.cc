// Tested by tests/approval/test_approvals.py.

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "modes/api.h"
#include "modes/approval_text.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

std::string PathOf(std::string_view id, std::string_view rest = "") {
  return fmt::format("/v1/approvals/{}{}", PercentEncode(id), rest);
}

Result<Json> Approvals(control::Client& client, std::string_view state) {
  AILERON_ASSIGN(const Json answer,
                 GetJson(client, fmt::format("/v1/approvals?state={}&limit=2000", state)));
  return ListOf(answer, "approvals");
}

// What the argument stands for: it may be the end of an id.
Result<std::string> IdOf(control::Client& client, const std::string& text) {
  AILERON_ASSIGN(const Json all, Approvals(client, "all"));
  return FindApproval(all, text);
}

Outcome RunList(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  const bool all = invocation.parsed.Has("--all");
  AILERON_ASSIGN(const Json list, Approvals(client, all ? "all" : "pending"));
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(list)));
  } else if (list.empty()) {
    PrintNote(all ? "nothing was asked yet" : "nothing waits; --all lists what was decided");
  } else {
    PrintGrid(ApprovalGrid(list));
  }
  return 0;
}

Outcome RunShow(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const std::string id, IdOf(client, invocation.parsed.arguments.at(0)));
  AILERON_ASSIGN(const Json approval, GetJson(client, PathOf(id)));
  AILERON_TRY(Print(invocation.parsed.Has("--json")
                        ? Pretty(approval)
                        : ApprovalText(approval, ColourOf(STDOUT_FILENO))));
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

Result<Json> Send(control::Client& client, const std::string& id, std::string_view answer,
                  Json scope, const std::string& reason, std::string_view surface) {
  Json body = {{"surface", surface}};
  if (!scope.is_null()) body["scope"] = std::move(scope);
  if (!reason.empty()) body["reason"] = reason;
  return CallJson(client, "POST", PathOf(id, fmt::format("/{}", answer)), body);
}

Outcome Decide(const Invocation& invocation, std::string_view answer) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(Json scope, ScopeOf(parsed));
  AILERON_ASSIGN(control::Client client, Connected());
  for (const std::string& argument : parsed.arguments) {
    AILERON_ASSIGN(const std::string id, IdOf(client, argument));
    AILERON_ASSIGN(const Json decided,
                   Send(client, id, answer, scope, parsed.Value("--reason"), "command line"));
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

// The terminal without line editing and echo, as long as it lives.
class SingleKeys {
 public:
  SingleKeys() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios now = before_;
    now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    changed_ = tcsetattr(STDIN_FILENO, TCSANOW, &now) == 0;
  }
  ~SingleKeys() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  SingleKeys(const SingleKeys&) = delete;
  SingleKeys& operator=(const SingleKeys&) = delete;

  // Nothing at the end of the terminal.
  static std::optional<char> Read() {
    char key;
    return read(STDIN_FILENO, &key, 1) == 1 ? std::optional(key) : std::nullopt;
  }

 private:
  termios before_{};
  bool changed_ = false;
};

struct Key {
  char key;
  std::string_view answer;
  const char* scope;  // null: once
  std::string_view means;
};
constexpr Key kKeys[] = {
    {'y', "approve", nullptr, "yes, once"},       {'s', "approve", "session", "yes, this session"},
    {'a', "approve", "always", "yes, always"},    {'n', "deny", nullptr, "no"},
    {'d', "deny", "session", "no, this session"},
};

// Asks about one question until a key answers it. False when the person has had enough.
std::expected<bool, Failure> AskKey(control::Client& client, const Json& approval) {
  const Colour colour = ColourOf(STDOUT_FILENO);
  // Keys that were pressed before it was shown answer nothing.
  tcflush(STDIN_FILENO, TCIFLUSH);
  AILERON_TRY(Print("\n" + ApprovalText(approval, colour)));
  std::string choices;
  for (const Key& one : kKeys) {
    choices +=
        fmt::format("{} {}  ", Paint(colour, Style::kBold, std::string(1, one.key)), one.means);
  }
  AILERON_TRY(Print(fmt::format("{}{} quit\n", choices, Paint(colour, Style::kBold, "q"))));
  while (const auto pressed = SingleKeys::Read()) {
    if (*pressed == 'q' || *pressed == 4) return false;
    for (const Key& one : kKeys) {
      if (one.key != *pressed) continue;
      Json scope;
      if (one.scope != nullptr) scope = {{"kind", one.scope}};
      const auto sent =
          Send(client, TextOf(approval, "id"), one.answer, std::move(scope), "", "terminal");
      // Somebody else may have been faster.
      PrintNote(sent ? std::string(one.means) : sent.error().message);
      return true;
    }
  }
  return false;
}

Outcome WatchOnTerminal() {
  const SingleKeys keys;
  while (true) {
    AILERON_ASSIGN(control::Client client, Connected());
    AILERON_ASSIGN(const Json waiting, Approvals(client, "pending"));
    for (const Json& one : waiting) {
      AILERON_ASSIGN(const bool more, AskKey(client, one));
      if (!more) return 0;
    }
    if (!waiting.empty()) continue;
    PrintNote("nothing waits; Ctrl-C ends");
    AILERON_TRY(client.Events("/v1/approvals/stream?after_seq=0",
                              [&](const control::Event& event) -> Result<control::Flow> {
                                if (event.name != "asked") return control::Flow::kContinue;
                                AILERON_ASSIGN(const Json asked, ParseJson(event.data, "an event"));
                                const bool open = TextOf(asked["approval"], "state") == "pending";
                                return open ? control::Flow::kStop : control::Flow::kContinue;
                              }));
  }
}

Outcome RunWatch(const Invocation& invocation) {
  if (!invocation.parsed.Has("--json") && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
    return WatchOnTerminal();
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
           .flags = scope,
           .arguments = {some},
           .examples = {{"aileron approvals approve K3ZD --session", "Yes, for this session"}},
           .run = RunApprove},
          {.name = "deny",
           .summary = "Say no",
           .flags = scope,
           .arguments = {some},
           .run = RunDeny},
          {.name = "watch",
           .summary = "Answer questions as they come, with single keys",
           .text = "In a pipe, or with --json, prints each change as a JSON line instead.",
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
