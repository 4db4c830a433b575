// Tested by tests/vault/test_vault.py.

#include <unistd.h>

#include "base/text.h"
#include "modes/api.h"
#include "modes/limits.h"
#include "modes/prompt.h"
#include "modes/terminal.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

std::string PathOf(const Parsed& parsed) {
  return fmt::format("/v1/secrets/{}", PercentEncode(parsed.arguments.at(0)));
}

Result<Secret> Value(const Parsed& parsed) {
  if (parsed.Has("--from-file"))
    return ReadSecretFile(parsed.Value("--from-file"), limits::secret_bytes);
  if (isatty(STDIN_FILENO) == 0)
    return ReadSecret(STDIN_FILENO, limits::secret_bytes, "standard input");
  AILERON_ASSIGN(Secret typed,
                 Prompt(fmt::format("Value of {}", Printable(parsed.arguments.at(0)))));
  if (typed.empty()) return Fail(Code::kInvalid, "the value is empty");
  return typed;
}

Outcome RunSet(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Secret value, Value(invocation.parsed));
  AILERON_TRY(client.Call({.method = "PUT",
                           .path = PathOf(invocation.parsed),
                           .body = value.Reveal(),
                           .content_type = "application/octet-stream"}));
  return 0;
}

Outcome RunList(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json answer, GetJson(client, "/v1/secrets"));
  const Json& secrets = ListOf(answer, "secrets");
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(secrets)));
    return 0;
  }
  if (secrets.empty()) {
    PrintNote("the vault is empty. Add a credential with \"aileron secret set NAME\"");
    return 0;
  }
  Grid grid({"NAME", "VERSION", "UPDATED"});
  for (const Json& secret : secrets) {
    grid.Add({TextOf(secret, "name"), TextOf(secret, "version"), LocalTime(secret, "updated")});
  }
  PrintGrid(grid);
  return 0;
}

Outcome RunRemove(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_TRY(client.Call({.method = "DELETE", .path = PathOf(invocation.parsed)}));
  return 0;
}

}  // namespace

Command SecretVerb() {
  const Argument name{"NAME", "kind/service or kind/service/identity, such as token/github"};
  return {
      .commands = {
          {.name = "set",
           .summary = "Store a credential, or replace it",
           .text =
               "The value is asked for on the terminal without showing it, or read from standard "
               "input or "
               "a file; a line end at its end is left out. It is never taken from the command "
               "line, which "
               "other users of the machine can read and shells remember. No command gives it back.",
           .flags = {{.name = "--from-file",
                      .value = "FILE",
                      .summary = "Read the value from a file (-: standard input)",
                      .completes = Completes::kFile}},
           .arguments = {name},
           .examples = {{"aileron secret set token/github", "Type or paste it"},
                        {"pass show github | aileron secret set token/github",
                         "Take it from another program"}},
           .surplus = "a value is not taken from the command line, where others can read it. Run "
                      "\"aileron "
                      "secret set NAME\" and type it, or use --from-file=FILE or standard input; "
                      "and treat "
                      "what you typed just now as known to others",
           .run = RunSet},
          {.name = "list",
           .summary = "List the names of stored credentials",
           .flags = {kJsonFlag},
           .run = RunList},
          {.name = "remove",
           .summary = "Remove a credential for good",
           .arguments = {name},
           .run = RunRemove}}};
}

}  // namespace aileron::modes
