// Tested by tests/shim/test_credential_helpers.py.

#include <unistd.h>

#include "modes/api.h"
#include "modes/terminal.h"
#include "modes/verbs.h"
#include "os/fd.h"
#include "shim/docker_credential.h"
#include "shim/git_credential.h"
#include "shim/limits.h"

namespace aileron::modes {

namespace {

Result<std::string> Input() {
  const os::Fd descriptor(dup(STDIN_FILENO));
  return os::ReadAll(descriptor, "standard input", shim::limits::kCredentialRequestMax);
}

Outcome RunGit(const Invocation& invocation) {
  AILERON_ASSIGN(const std::string request, Input());
  const std::string& operation = invocation.parsed.arguments.at(0);
  if (operation != "get") return 0;  // nothing is kept: whoever tells us has told nobody
  AILERON_ASSIGN(const auto api, SandboxApi());
  AILERON_ASSIGN(const std::string answer, shim::AnswerGit(*api, operation, request));
  AILERON_TRY(Print(answer));
  return 0;
}

// What goes wrong is said where the clients read it.
Outcome RunDocker(const Invocation& invocation) {
  AILERON_ASSIGN(const std::string input, Input());
  const auto api = SandboxApi();
  if (!api) {
    AILERON_TRY(Print(api.error().error.message + "\n"));
    return kExitFailure;
  }
  const shim::DockerAnswer answer =
      shim::AnswerDocker(**api, invocation.parsed.arguments.at(0), input);
  AILERON_TRY(Print(answer.out));
  return answer.exit_code;
}

}  // namespace

Command CredentialVerb() {
  const Argument operation{"OPERATION", "get, store or erase; for docker also list"};
  return {.text =
              "git and clients of registries ask these for a password, each by its own "
              "protocol: as git-credential-aileron and docker-credential-aileron, which a "
              "sandbox has. They answer with look-alikes of the credentials that are bound to "
              "the host, and keep nothing.",
          .commands = {{.name = "git",
                        .summary = "Be a credential helper of git",
                        .arguments = {operation},
                        .run = RunGit},
                       {.name = "docker",
                        .summary = "Be a credential helper of docker, skopeo and their like",
                        .arguments = {operation},
                        .run = RunDocker}}};
}

}  // namespace aileron::modes
