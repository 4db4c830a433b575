// Command: the description of one verb of the command line, from which the parser, --help, the man
// page and the shells' completions are made. What is not in it does not exist; what is in it is
// documented.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aileron::modes {

// Exit codes, as sysexits.h and docker have them.
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 64;
inline constexpr int kExitUnavailable = 69;
inline constexpr int kExitPending = 75;
inline constexpr int kExitDenied = 77;
inline constexpr int kExitConfiguration = 78;

// An Error with the exit code it ends the program with.
struct Failure {
  // The exit code that fits the error's Code.
  Failure(Error error);  // NOLINT(google-explicit-constructor): so that AILERON_TRY converts
  Failure(int code, Error why) : exit_code(code), error(std::move(why)) {}
  int exit_code;
  Error error;
};
// What a verb gives back: an exit code, or what failed.
using Outcome = std::expected<int, Failure>;

enum class Repeat : std::uint8_t { kOnce, kMany };  // once: the last one counts
enum class Completes : std::uint8_t { kNothing, kFile, kFolder, kCommand };

struct Flag {
  std::string_view name;   // "--allow"
  std::string_view value;  // "HOST[:PORT]"; empty: a switch
  std::string_view summary;
  Repeat repeat = Repeat::kOnce;
  std::string_view choices = {};  // "auto|native": no other value is taken
  Completes completes = Completes::kNothing;
  std::string_view letter = {};  // "-o"
};

enum class Arity : std::uint8_t {
  kOne,
  kOptional,
  kAny,   // zero or more
  kRest,  // this word and all after it, flags too: a command line of its own
};

struct Argument {
  std::string_view name;  // "NAME"
  std::string_view summary;
  Arity arity = Arity::kOne;
  std::string_view choices = {};
  Completes completes = Completes::kNothing;
};

struct Example {
  std::string_view line;
  std::string_view meaning;
};

enum class Group : std::uint8_t {
  kRun,
  kCredentials,
  kDecisions,
  kEvidence,
  kSelf,
  kSandbox,
  kInside
};
std::string_view GroupTitle(Group group);

struct Command;
// One line of the table in main.cc.
struct Mode {
  std::string_view name;
  Group group;
  std::string_view summary;
  Command (*describe)();
};

// A command line, taken apart.
class Parsed {
 public:
  bool Has(std::string_view flag) const { return flags_.contains(flag); }
  // The last value given, or `otherwise`.
  std::string Value(std::string_view flag, std::string_view otherwise = {}) const;
  std::vector<std::string> Values(std::string_view flag) const;
  void Add(std::string_view flag, std::string value) {
    flags_[std::string(flag)].push_back(std::move(value));
  }

  std::vector<std::string> arguments;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> flags_;
};

struct Invocation {
  Parsed parsed;
  std::span<const Mode> modes;
  std::span<const std::string> words;  // as they were written, behind the mode's name
};

struct Command {
  std::string_view name = {};     // one word; of a mode's own command, the mode's name
  std::string_view summary = {};  // one line, no full stop
  std::string_view text = {};     // paragraphs, separated by empty lines
  std::vector<Flag> flags = {};
  std::vector<Argument> arguments = {};
  std::vector<Example> examples = {};
  // Said instead of the superfluous argument, which may be a secret.
  std::string_view surplus = {};
  std::vector<Command> commands = {};  // then it has no `run` of its own
  Outcome (*run)(const Invocation&) = nullptr;
};

inline constexpr Flag kJsonFlag{"--json", "", "Write JSON instead of a table"};
inline constexpr Flag kHelpFlag{
    .name = "--help", .value = "", .summary = "Show this help", .letter = "-h"};

// The command with its mode's name and summary filled in.
Command Describe(const Mode& mode);
const Mode* FindMode(std::span<const Mode> modes, std::string_view name);
const Command* FindCommand(const Command& command, std::string_view name);

// "aileron session list [--all] [--json]", without line breaks.
std::string Usage(const Command& command, std::string_view path);

}  // namespace aileron::modes
