// CommandRules: which programs may run, by program and arguments.
//
// Deny beats ask beats redirect beats allow, in any order and layer. Where none of them speaks, the
// default does, which is a parameter. Record stands beside that order: a rule that records neither
// allows nor refuses, and whatever is let run then is told as kRecord instead of kAllow.
//
//   pattern.h   the grammar of patterns: "git push --force", "/usr/bin/rm -rf /", "npm publish"
//   wrappers.h  what a command line really runs: env, sudo, xargs, sh -c, find -exec, git -c …
//
// A rule that denies, asks, redirects or records holds for every command that has at least the
// words of its pattern, in any spelling that means the same, under its own name, behind wrappers
// and inside of shell text. One that allows holds for exactly the words of its pattern. A wrapper
// that no rule speaks of is allowed where all that it runs is.
//
// What is not known before it runs ($x, $(…), what xargs adds) may be anything: a rule that denies
// or asks and that it could meet asks. What cannot be read safely is asked, too, as long as there
// is any rule that denies or asks. Both are said in the verdict (`certainty`, `place`), and neither
// is asked about where the default denies: a doubt is no way to a person who may say yes. Who sees
// every execution asks about each by itself (Scope::kItself), and never by dropping a verdict of
// kLater: behind the strongest rule, about what is started, a weaker one may speak of this one.
//
// Compiled once per change, by program name. Pure: no clock, no file, no socket.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "command/execution.h"

namespace aileron::command {

enum class Action : std::uint8_t { kAllow, kRecord, kRedirect, kAsk, kDeny };
enum class Layer : std::uint8_t { kBuiltin, kUser, kProject, kFlag };

std::string_view Name(Action action);  // "allow", "record", "redirect", "ask", "deny"
std::string_view Name(Layer layer);    // "builtin", "user", "project", "flag"
std::optional<Action> ParseAction(std::string_view name);

struct CommandRule {
  Layer layer = Layer::kFlag;
  Action action = Action::kAsk;
  std::string pattern;  // as pattern.h has it
  // Holds only for what this program runs, itself or by others that it started; a pattern, too:
  // "gh", "/usr/bin/make **". Empty: whoever runs it.
  std::string by;
  // Of kRedirect: the command that runs instead, its program first (a path, or a name to be looked
  // up in PATH). A last word "**" stands for the arguments as they were given.
  std::vector<std::string> redirect;
  std::string reason;  // told to who is refused: "force pushes rewrite what others have"
  std::string id;      // how the audit log names it: "deny git push --force"
  std::string source;  // where it is written: "aileron.yaml:12:5". May be empty
  int line = 0;        // the same; 0: none. It stays in its process
  // Written by who may only narrow what others allow: what is denied without it stays denied.
  bool narrows = false;
};

// Whether Compile would take it; the error says what is wrong with it, and not which rule it is.
Status CheckRule(const CommandRule& rule);
// Whether so many are taken.
Status CheckRuleCount(std::size_t count);

// How sure it is that the rule is met.
enum class Certainty : std::uint8_t {
  kMet,      // the command is what the rule names
  kCouldBe,  // words that are not known yet could make it so
  kUnread,   // it could not be read: `reason` says why. There is no rule then
};

// Where the command stands that decided.
enum class Place : std::uint8_t {
  kItself,  // it is this execution, under whatever name
  kLater,   // this execution would start it: as a child, or in its own place. It comes to an
            // execution of its own then, with all its words
};

// Stable codes of verdicts.
inline constexpr std::string_view kCodeDenied = "command_denied";  // a rule
inline constexpr std::string_view kCodeAsks = "command_asks";      // a rule, met or could be
inline constexpr std::string_view kCodeNotAllowed = "command_not_allowed";  // no rule: the default
inline constexpr std::string_view kCodeUnread = "command_not_understood";
inline constexpr std::string_view kCodeRedirected = "command_redirected";

// What a verdict is about.
enum class Scope : std::uint8_t {
  kWhole,   // the line with all that it would start: for who sees no execution but this one
  kItself,  // of rules that deny, ask, redirect or record only what they say of kItself: for who
            // sees every execution, and judges the others when they come
};

struct CommandVerdict {
  Action action = Action::kDeny;
  const CommandRule* rule = nullptr;      // that decided; null: the default, or nothing was read
  const CommandRule* recorded = nullptr;  // that wants it recorded, whatever was decided
  Certainty certainty = Certainty::kMet;
  Place place = Place::kItself;
  std::string_view code;              // empty when it is let run
  std::string reason;                 // one line; empty when it is let run
  std::string hint;                   // what to do about it; empty when it is let run
  std::vector<std::string> redirect;  // of kRedirect: the argv that runs instead
  // The command that decided, as it was understood, safe to show: "git push --force" of
  // "sh -c 'git push -f'". What is not known is "?". Empty when it is let run by no rule.
  std::string command;
};

class CommandRules {
 public:
  // `rules` in any order, at most limits::kRules. `otherwise` is what holds where no rule speaks:
  // kAllow, kAsk or kDeny. kInvalid names the rule, where it is written, and what is wrong.
  static Result<CommandRules> Compile(std::vector<CommandRule> rules,
                                      Action otherwise = Action::kAllow);
  CommandRules(CommandRules&&) noexcept;
  CommandRules& operator=(CommandRules&&) noexcept;
  ~CommandRules();

  // Borrows from these rules: the verdict must not outlive them.
  CommandVerdict Decide(const Execution& execution, Scope scope = Scope::kWhole) const;

  const std::vector<CommandRule>& rules() const;
  Action otherwise() const;

 private:
  struct Index;
  explicit CommandRules(std::unique_ptr<Index> index);
  std::unique_ptr<Index> index_;
};

}  // namespace aileron::command
