// Tested by tests/shim/test_signatures.py.

#include <unistd.h>

#include "base/text.h"
#include "crypto/limits.h"
#include "crypto/minisign.h"
#include "modes/api.h"
#include "modes/session_text.h"
#include "modes/terminal.h"
#include "modes/verbs.h"
#include "os/fd.h"

namespace aileron::modes {

namespace {

std::string PathOf(const Parsed& parsed) {
  return fmt::format("/v1/keyring/{}", PercentEncode(parsed.arguments.at(0)));
}

// The key itself, or a file with it.
Result<crypto::MinisignKey> ReadKey(const std::string& word) {
  if (auto key = crypto::ParseMinisignKey(word)) return *key;
  auto text = os::ReadFile(word, crypto::limits::kMinisignMax);
  if (!text) {
    return Wrap(std::move(text.error()),
                "the key is neither a line of minisign (RW…) nor a file with one");
  }
  auto key = crypto::ParseMinisignKey(*text);
  if (!key) return Wrap(std::move(key.error()), "{}", word);
  return *key;
}

Outcome RunAdd(const Invocation& invocation) {
  const std::vector<std::string>& words = invocation.parsed.arguments;
  AILERON_ASSIGN(const crypto::MinisignKey key, ReadKey(words.at(1)));
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json added, CallJson(client, "POST", "/v1/keyring",
                                            {{"name", words.at(0)}, {"key", key.Line()}}));
  PrintNote(
      fmt::format("connectors signed by {}, key {}, are installed from now on without a "
                  "question",
                  TextOf(added, "name"), TextOf(added, "id")));
  return 0;
}

Outcome RunList(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json answer, GetJson(client, "/v1/keyring"));
  const Json& keys = ListOf(answer, "keys");
  if (const std::string problem = TextOf(answer, "problem"); !problem.empty()) PrintError(problem);
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(keys)));
    return 0;
  }
  if (keys.empty()) {
    PrintNote("the keyring is empty; \"aileron keyring add NAME KEY\" adds a key");
    return 0;
  }
  Grid grid({"NAME", "KEY ID", "ADDED", "CONNECTORS"});
  for (const Json& key : keys) {
    std::vector<std::string> connectors;
    for (const Json& one : ListOf(key, "connectors")) {
      if (one.is_string()) connectors.push_back(one.get<std::string>());
    }
    grid.Add(
        {TextOf(key, "name"), TextOf(key, "id"), LocalTime(key, "added"), Join(connectors, " ")});
  }
  PrintGrid(grid);
  return 0;
}

Outcome RunShow(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json key, GetJson(client, PathOf(invocation.parsed)));
  AILERON_TRY(Print(invocation.parsed.Has("--json") ? Pretty(key)
                                                    : FieldsText(key, ColourOf(STDOUT_FILENO))));
  return 0;
}

Outcome RunRemove(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json removed, CallJson(client, "DELETE", PathOf(invocation.parsed)));
  for (const Json& one : ListOf(removed, "connectors")) {
    if (!one.is_string()) continue;
    PrintNote(
        fmt::format("{}, which it signed, stays installed; \"aileron connector remove {}\" "
                    "removes it",
                    one.get<std::string>(), one.get<std::string>()));
  }
  return 0;
}

}  // namespace

Command KeyringVerb() {
  const Argument name{"NAME", "How you call the key's owner"};
  return {
      .text =
          "The keyring holds the public keys of those whose connectors you trust. A connector with "
          "a good signature by one of them is installed without a question; one whose signature "
          "is by another key, or bad, is refused. Keys and signatures are those of minisign, which "
          "makes a key with \"minisign -G\" and signs with \"minisign -S -m FILE\". Get a key from "
          "its owner, and compare its whole line by another way than the one it came by: a key's "
          "id is chosen by who makes it.",
      .commands = {
          {.name = "add",
           .summary = "Trust a key",
           .arguments = {name,
                         {.name = "KEY",
                          .summary = "A public key: a file (minisign.pub), or its line (RW…)",
                          .completes = Completes::kFile}},
           .examples = {{"aileron keyring add alice minisign.pub", "From a file"},
                        {"aileron keyring add alice "
                         "RWQWHTmLLW5z51a2JjDNq/d4ZWswEEEggXDpnsF+jKsoCEntihCPUOhM",
                         "As it is written on a web page"}},
           .run = RunAdd},
          {.name = "list",
           .summary = "List the keys, with what they signed",
           .flags = {kJsonFlag},
           .run = RunList},
          {.name = "show",
           .summary = "Show one key",
           .flags = {kJsonFlag},
           .arguments = {name},
           .run = RunShow},
          {.name = "remove",
           .summary = "Trust a key no more",
           .text = "What it signed stays installed, and is listed as signed by a key that is no "
                   "longer there.",
           .arguments = {name},
           .run = RunRemove}}};
}

}  // namespace aileron::modes
