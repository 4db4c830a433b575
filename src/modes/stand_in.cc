// Tested by tests/mediation/test_commands.py.

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/text.h"
#include "modes/verbs.h"
#include "shim/executable.h"

namespace aileron::modes {

namespace {

// The text was made safe to print by who wrote it.
Outcome RunStandIn(const Invocation& invocation) {
  const std::vector<std::string>& words = invocation.parsed.arguments;
  if (words.size() < 2) return std::unexpected(Failure(kExitUsage, {Code::kInvalid, "no text"}));
  std::fprintf(stderr, "%s\n", words[1].c_str());
  const auto code = ParseInteger<std::uint8_t>(words[0]);
  if (words.size() < 4 || words[2] != "--") return code.value_or(shim::kNotExecutable);
  std::vector<char*> argv;
  for (std::size_t i = 3; i < words.size(); ++i)
    argv.push_back(const_cast<char*>(words[i].c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  const int failed = errno;
  std::fprintf(stderr, "aileron: cannot run %s: %s\n", Printable(argv[0]).c_str(),
               std::strerror(failed));
  return failed == ENOENT ? shim::kCommandNotFound : shim::kNotExecutable;
}

}  // namespace

Command StandInVerb() {
  return {.text =
              "Takes the place of a command that was refused: prints TEXT and exits with CODE, "
              "or runs what is to run instead. Of no use by hand.",
          .arguments = {{"CODE", "The exit code, the text, and after -- what runs instead",
                         Arity::kRest}},
          .run = RunStandIn};
}

}  // namespace aileron::modes
