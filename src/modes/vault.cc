// Tested by tests/vault/test_vault.py.

#include <unistd.h>

#include <cstring>

#include "modes/api.h"
#include "modes/limits.h"
#include "modes/prompt.h"
#include "modes/status_text.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

constexpr std::string_view kBytes = "application/octet-stream";
constexpr std::string_view kFile = "--passphrase-file", kDescriptor = "--passphrase-fd";
constexpr std::string_view kNewFile = "--new-passphrase-file",
                           kNewDescriptor = "--new-passphrase-fd";

// "?auto_lock_s=900", or nothing.
Result<std::string> AutoLockQuery(const Parsed& parsed) {
  if (!parsed.Has("--auto-lock")) return std::string();
  auto duration = ParseDuration(parsed.Value("--auto-lock"));
  if (!duration) return Wrap(std::move(duration).error(), "--auto-lock");
  return fmt::format("?auto_lock_s={}",
                     std::chrono::duration_cast<std::chrono::seconds>(*duration).count());
}

Status Send(control::Client& client, std::string_view path, const Secret& body) {
  AILERON_TRY(client.Call({.method = "POST",
                           .path = path,
                           .body = body.Reveal(),
                           .content_type = kBytes,
                           .deadline = limits::vault_wait}));
  return {};
}

Result<std::string> VaultState(control::Client& client) {
  AILERON_ASSIGN(const Json vault, GetJson(client, "/v1/vault"));
  return TextOf(vault, "state");
}

Outcome RunInit(const Invocation& invocation) {
  AILERON_ASSIGN(const std::string query, AutoLockQuery(invocation.parsed));
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const std::string state, VaultState(client));
  if (state != "absent") {
    return Fail(Code::kInvalid,
                "there is a vault already. Unlock it with \"aileron vault unlock\", or change its "
                "passphrase with \"aileron vault change-passphrase\"");
  }
  AILERON_ASSIGN(std::optional<Secret> given,
                 PassphraseFromFlags(invocation.parsed, kFile, kDescriptor));
  if (!given) {
    AILERON_ASSIGN(given, PromptTwice("Passphrase for the new vault", "The same once more"));
  }
  if (given->empty()) return Fail(Code::kInvalid, "the passphrase is empty");
  AILERON_TRY(Send(client, "/v1/vault/init" + query, *given));
  PrintNote("the vault is made, and unlocked. There is no way back into it without the passphrase");
  return 0;
}

Outcome RunUnlock(const Invocation& invocation) {
  AILERON_ASSIGN(const std::string query, AutoLockQuery(invocation.parsed));
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const std::string state, VaultState(client));
  if (state == "absent") {
    return Fail(Code::kNotFound, "there is no vault yet. Make one with \"aileron vault init\"");
  }
  AILERON_ASSIGN(const std::optional<Secret> given,
                 PassphraseFromFlags(invocation.parsed, kFile, kDescriptor));
  const std::string path = "/v1/vault/unlock" + query;
  if (given) {
    AILERON_TRY(Send(client, path, *given));
    return 0;
  }
  for (std::size_t attempt = 1;; ++attempt) {
    AILERON_ASSIGN(const Secret passphrase, Prompt("Passphrase"));
    const Status sent = Send(client, path, passphrase);
    if (sent) return 0;
    if (sent.error().code != Code::kDenied || attempt == limits::prompt_attempts) {
      return std::unexpected(Failure(sent.error()));
    }
    PrintError(sent.error().message);
  }
}

Outcome RunLock(const Invocation&) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_TRY(client.Call({.method = "POST", .path = "/v1/vault/lock"}));
  return 0;
}

Outcome RunStatus(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json vault, GetJson(client, "/v1/vault"));
  AILERON_TRY(Print(invocation.parsed.Has("--json")
                        ? Pretty(vault)
                        : VaultStatusText(vault, ColourOf(STDOUT_FILENO))));
  return 0;
}

// "old NUL new", as the daemon takes them.
Result<Secret> Both(const Secret& old_one, const Secret& new_one) {
  for (const Secret* one : {&old_one, &new_one}) {
    if (one->Reveal().find('\0') != std::string_view::npos) {
      return Fail(Code::kInvalid, "a passphrase cannot hold a NUL byte");
    }
  }
  Secret both = Secret::OfSize(old_one.size() + 1 + new_one.size());
  char* bytes = both.RevealWritable().data();
  std::memcpy(bytes, old_one.Reveal().data(), old_one.size());
  std::memcpy(bytes + old_one.size() + 1, new_one.Reveal().data(), new_one.size());
  return both;
}

Outcome RunChangePassphrase(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(std::optional<Secret> old_one, PassphraseFromFlags(parsed, kFile, kDescriptor));
  if (!old_one) {
    AILERON_ASSIGN(old_one, Prompt("Passphrase as it is now"));
  }
  AILERON_ASSIGN(std::optional<Secret> new_one,
                 PassphraseFromFlags(parsed, kNewFile, kNewDescriptor));
  if (!new_one) {
    AILERON_ASSIGN(new_one, PromptTwice("New passphrase", "The same once more"));
  }
  if (new_one->empty()) return Fail(Code::kInvalid, "the new passphrase is empty");
  AILERON_ASSIGN(const Secret both, Both(*old_one, *new_one));
  AILERON_TRY(Send(client, "/v1/vault/passphrase", both));
  PrintNote("the passphrase is changed");
  return 0;
}

}  // namespace

Command VaultVerb() {
  const Flag file{.name = kFile,
                  .value = "FILE",
                  .summary = "Read the passphrase from a file (-: standard input)",
                  .completes = Completes::kFile};
  const Flag descriptor{kDescriptor, "N", "Read the passphrase from an open descriptor"};
  const Flag auto_lock{"--auto-lock", "DURATION", "Lock by itself after so long, such as 8h"};
  return {.text =
              "The vault keeps credentials, sealed with a key that only the passphrase opens. A "
              "sandbox never "
              "sees what is in it; the data plane takes one credential at a time, for the host it "
              "is bound to. "
              "Without a flag the passphrase is asked for on the terminal.",
          .commands = {
              {.name = "init",
               .summary = "Make the vault",
               .flags = {file, descriptor, auto_lock},
               .run = RunInit},
              {.name = "unlock",
               .summary = "Unlock it, for every session until it is locked",
               .flags = {file, descriptor, auto_lock},
               .run = RunUnlock},
              {.name = "lock", .summary = "Lock it now", .run = RunLock},
              {.name = "status",
               .summary = "Show whether it is locked",
               .flags = {kJsonFlag},
               .run = RunStatus},
              {.name = "change-passphrase",
               .summary = "Give it another passphrase",
               .flags = {file,
                         descriptor,
                         {.name = kNewFile,
                          .value = "FILE",
                          .summary = "Read the new passphrase from a file",
                          .completes = Completes::kFile},
                         {kNewDescriptor, "N", "Read the new passphrase from an open descriptor"}},
               .run = RunChangePassphrase}}};
}

}  // namespace aileron::modes
