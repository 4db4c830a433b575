// Tested by tests/launch/test_detach.py.

// aileron keeper: started by "launch --detach", for as long as the launch lasts.
#include "keep/keeper.h"

#include "base/text.h"
#include "modes/api.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

Outcome RunKeeper(const Invocation& invocation) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  keep::KeepOptions options{.paths = paths,
                            .argv = {"aileron", "launch"},
                            .terminal = !invocation.parsed.Has("--no-tty"),
                            .ready = os::Fd(keep::kReadyDescriptor)};
  const auto& words = invocation.parsed.arguments;
  options.argv.insert(options.argv.end(), words.begin(), words.end());
  AILERON_ASSIGN(const int code, keep::Keep(std::move(options)));
  return code;
}

}  // namespace

Command KeeperVerb() {
  return {
      .text =
          "Started by \"aileron launch --detach\", with a pipe to it as descriptor 3: keeps the "
          "terminal of a launch that nobody is at. Of no use by hand.",
      .flags = {{"--no-tty", "", "Pipes instead of a terminal"}},
      .arguments = {{"WORDS", "The command line of the launch", Arity::kRest}},
      .run = RunKeeper};
}

}  // namespace aileron::modes
