// Tested by tests/image/test_check.py.

// aileron sandbox check: whether an agent finds in its sandbox what it needs, before it is started.
#include <cstdio>

#include "base/text.h"
#include "modes/api.h"
#include "modes/capture.h"
#include "modes/findings.h"
#include "modes/terminal.h"
#include "modes/verbs.h"
#include "os/environment.h"
#include "sandbox/spec.h"

namespace aileron::modes {

namespace {

constexpr Duration kPatience = std::chrono::minutes(30);  // an image may have to be pulled
constexpr std::size_t kOutputMax = 1u << 20;

// Flags that a launch has as well.
constexpr const char* kPassedOn[] = {"--image", "--sandbox", "--runtime", "--config",
                                     "--workspace"};
constexpr const char* kSwitches[] = {"--no-devcontainer", "--read-only"};

// The launch whose agent looks around.
std::vector<std::string> LaunchWords(const Parsed& parsed) {
  std::vector<std::string> words = {"aileron", "launch", "--tty=never", "--unattended"};
  // It is about the devcontainer.json.
  if (!parsed.Has("--no-devcontainer")) words.emplace_back("--setup=never");
  for (const char* flag : kPassedOn) {
    if (parsed.Has(flag)) words.push_back(fmt::format("{}={}", flag, parsed.Value(flag)));
  }
  for (const char* flag : kSwitches) {
    if (parsed.Has(flag)) words.emplace_back(flag);
  }
  words.insert(words.end(),
               {"--", fmt::format("{}/bin/aileron", sandbox::kRuntimeFolder), "contract"});
  if (parsed.Has("--read-only")) words.emplace_back("--read-only");
  for (const std::string& name : parsed.Values("--agent")) {
    words.push_back(fmt::format("--program={}", name));
  }
  return words;
}

Outcome RunCheck(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(const Captured ran, RunCaptured({.program = "/proc/self/exe",
                                                  .argv = LaunchWords(parsed),
                                                  .environment = os::Environment(),
                                                  .output_limit = kOutputMax,
                                                  .deadline = kPatience}));
  std::fputs(ran.errors.c_str(), stderr);
  if (ran.exit_code != 0) return ran.exit_code;
  AILERON_ASSIGN(const Json json, ParseJson(ran.output, "what the sandbox's agent has found"));
  AILERON_ASSIGN(const std::vector<sandbox::Capability> found, ReadFindings(json));
  return PrintFindings(found, "FINDING", parsed.Has("--json") ? As::kJson : As::kTable);
}

}  // namespace

Command SandboxCheckCommand() {
  return {
      .name = "check",
      .summary = "Look whether an agent finds what it needs in a sandbox",
      .text =
          "Starts the sandbox that \"aileron launch\" would, with an agent of our own that looks "
          "around: the workspace, the home, who it is, a shell, the session's authority where "
          "programs look for it, and the programs that --agent names, with what they are run "
          "by. What is missing is told with the command that adds it to an image of that "
          "distribution. The exit code is 1 then, and the launch's own when there is no "
          "sandbox. Commands of a devcontainer.json are not run.",
      .flags = {{.name = "--agent",
                 .value = "NAME",
                 .summary = "Look for this agent (claude, codex, gemini, opencode), or for any "
                            "program",
                 .repeat = Repeat::kMany},
                {"--image", "REF", "This image instead of the devcontainer.json's"},
                {.name = "--sandbox",
                 .value = "DRIVER",
                 .summary = "What makes the sandbox, as for a launch",
                 .choices = "auto|native|docker|podman|oci"},
                {.name = "--runtime",
                 .value = "NAME|PATH",
                 .summary = "The OCI runtime of --sandbox=oci, as for a launch",
                 .completes = Completes::kFile},
                {.name = "--config",
                 .value = "FILE",
                 .summary = "The devcontainer.json, where the folder has several or none",
                 .completes = Completes::kFile},
                {"--no-devcontainer", "", "Leave the project's devcontainer.json out"},
                {.name = "--workspace",
                 .value = "FOLDER",
                 .summary = "The folder to work in, instead of the current one",
                 .completes = Completes::kFolder},
                {"--read-only", "", "The workspace is not to be written"},
                kJsonFlag},
      .run = RunCheck};
}

}  // namespace aileron::modes
