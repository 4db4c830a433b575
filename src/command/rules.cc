#include "command/rules.h"

#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "command/by.h"
#include "command/limits.h"
#include "command/pattern.h"
#include "command/reading.h"
#include "command/wrappers.h"

namespace aileron::command {
namespace {

constexpr std::string_view kNames[] = {"allow", "record", "redirect", "ask", "deny"};
constexpr std::string_view kLayers[] = {"builtin", "user", "project", "flag"};
constexpr std::string_view kRest = "**";
constexpr std::string_view kWayOut =
    "do not try it in another way: tell the person whom you work for, who can allow it";

// Where rules are found: by program, and by the word that stands first behind it. Borrows from the
// compiled patterns.
struct Key {
  std::string_view program;
  std::string_view subcommand;
  bool operator==(const Key&) const = default;
};
struct KeyHash {
  std::size_t operator()(const Key& key) const {
    const std::hash<std::string_view> hash;
    return hash(key.program) * 31 + hash(key.subcommand);
  }
};

struct Compiled {
  const CommandRule* rule = nullptr;
  Pattern pattern;
  std::optional<By> by;
};

bool Protects(Action action) { return action == Action::kDeny || action == Action::kAsk; }

// Among the commands of a reading, the one that is executed; it starts the others.
constexpr std::size_t kExecuted = 0;

// A command of a reading, with what its program is known as.
struct Candidate {
  const Command& command;
  std::size_t index = 0;
  std::vector<Word> names;  // the last `weak` of them are not for rules that allow
  std::size_t weak = 0;
  bool only_allow = false;  // rules that do not allow have no say
};

std::string Told(const CommandRule& rule) {
  return Printable(rule.id.empty() ? rule.pattern : rule.id);
}

// "the rule deny git push of the layer project (aileron.yaml:3)"
std::string Named(const CommandRule& rule) {
  std::string text = fmt::format("the rule \"{}\" of the layer {}", Told(rule), Name(rule.layer));
  if (!rule.source.empty()) text += fmt::format(" ({})", Printable(rule.source));
  return text;
}

Status CheckRedirect(const CommandRule& rule) {
  if (rule.action != Action::kRedirect) {
    if (rule.redirect.empty()) return {};
    return Fail(Code::kInvalid,
                "it names a command to run instead, but its action is {}; write redirect",
                Name(rule.action));
  }
  if (rule.redirect.empty() || rule.redirect.front().empty() || rule.redirect.front() == kRest) {
    return Fail(Code::kInvalid, "a rule that redirects names the command that runs instead");
  }
  for (const std::string& word : rule.redirect) {
    if (word.find('\0') != std::string::npos) {
      return Fail(Code::kInvalid, "the command that runs instead holds a NUL byte");
    }
    if (word == kRest && &word != &rule.redirect.back()) {
      return Fail(Code::kInvalid, "\"**\" stands last in the command that runs instead");
    }
  }
  return {};
}

// What is passed on to who judges, which takes no longer texts (rule_wire.h).
Status CheckSizes(const CommandRule& rule) {
  const auto fits = [](const std::string& text) { return text.size() <= limits::kRuleTextMax; };
  if (!fits(rule.reason)) {
    return Fail(Code::kInvalid, "its reason is longer than {} bytes", limits::kRuleTextMax);
  }
  if (!fits(rule.id) || !fits(rule.source)) {
    return Fail(Code::kInvalid, "its name or the file's path is longer than {} bytes",
                limits::kRuleTextMax);
  }
  if (rule.redirect.size() > limits::kRedirectWords || !std::ranges::all_of(rule.redirect, fits)) {
    return Fail(Code::kInvalid,
                "the command that runs instead has more than {} words, or one of over {} bytes; "
                "write a script and name that",
                limits::kRedirectWords, limits::kRuleTextMax);
  }
  return {};
}

Result<Compiled> CompileRule(const CommandRule& rule) {
  AILERON_TRY(CheckSizes(rule));
  AILERON_ASSIGN(Pattern pattern, Pattern::Parse(rule.pattern));
  if (rule.action == Action::kAllow && pattern.rest_inside()) {
    return Fail(Code::kInvalid,
                "in a rule that allows \"**\" stands last: write the words before it");
  }
  AILERON_TRY(CheckRedirect(rule));
  Compiled compiled{.rule = &rule, .pattern = std::move(pattern)};
  if (!rule.by.empty()) {
    auto by = By::Parse(rule.by);
    if (!by) return Wrap(std::move(by.error()), "its \"by\" \"{}\"", Printable(rule.by));
    compiled.by = std::move(*by);
  }
  return compiled;
}

constexpr std::size_t kShownLine = 256;

// What was found for one execution.
struct Found {
  struct One {
    const CommandRule* rule = nullptr;
    std::size_t index = 0;  // of the command
    Match match = Match::kNo;
  };
  One refused;  // the strongest that denies or asks
  One redirected;
  const CommandRule* recorded = nullptr;
  std::vector<const CommandRule*> allowed;  // by command
};

// What a match makes of a rule that denies or asks.
Action Effect(const CommandRule& rule, Match match) {
  return match == Match::kMet ? rule.action : Action::kAsk;
}

bool Beats(const Found::One& one, const Found::One& other) {
  if (other.rule == nullptr) return true;
  const Action action = Effect(*one.rule, one.match);
  const Action than = Effect(*other.rule, other.match);
  if (action != than) return action > than;
  if (one.match != other.match) return one.match > other.match;
  return other.rule->narrows && !one.rule->narrows;
}

}  // namespace

std::string_view Name(Action action) { return kNames[static_cast<std::size_t>(action)]; }
Status CheckRule(const CommandRule& rule) {
  AILERON_TRY(CompileRule(rule));
  return {};
}

std::string_view Name(Layer layer) { return kLayers[static_cast<std::size_t>(layer)]; }

std::optional<Action> ParseAction(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<Action>(found - std::begin(kNames));
}

struct CommandRules::Index {
  std::vector<CommandRule> rules;  // never changed after compiling: `compiled` points into it
  std::vector<Compiled> compiled;
  Action otherwise = Action::kAllow;
  bool protects = false;  // some rule denies or asks
  using Bucket = std::vector<const Compiled*>;
  std::unordered_map<Key, Bucket, KeyHash> places;        // "": without a subcommand
  std::unordered_map<std::string_view, Bucket> programs;  // all of a program
  Bucket any;

  void Put(const Compiled& one);
  Found Find(const Execution& execution, const Reading& reading, Scope scope) const;
  void Look(const Execution& execution, const Candidate& candidate, Found& found) const;
  void Try(const Compiled& one, const Execution& execution, const Candidate& candidate,
           Found& found) const;
  CommandVerdict Refuse(const Found::One& one, const Reading& reading) const;
  CommandVerdict Unread(const Reading& reading) const;
  CommandVerdict Redirect(const Found::One& one, const Execution& execution,
                          const Reading& reading) const;
  CommandVerdict LetRun(const Found& found, const Reading& reading) const;
};

namespace {

// Whether some process that stands behind the command is the program that `by` names.
bool RunBy(const Compiled& one, const Execution& execution, const Candidate& candidate) {
  const Claim claim = one.rule->action == Action::kAllow ? Claim::kSure : Claim::kLikely;
  if (candidate.command.place == Place::kLater &&
      one.by->Is(execution.executable, execution.origin, execution.argv, claim)) {
    return true;
  }
  return std::ranges::any_of(execution.parents,
                             [&](const Parent& parent) { return one.by->Is(parent, claim); });
}

// How surely the program is the one that the rule means.
Match MatchProgramOf(const Compiled& one, const Execution& execution, const Candidate& candidate) {
  const bool allows = one.rule->action == Action::kAllow;
  std::span<const Word> names = candidate.names;
  if (allows) {
    if (!candidate.command.exact) return Match::kNo;
    names = names.first(names.size() - candidate.weak);
    if (candidate.index == kExecuted && execution.origin != Origin::kSystem &&
        !one.pattern.by_path()) {
      return Match::kNo;
    }
  }
  Match best = Match::kNo;
  for (const Word& name : names) {
    // A path whose end has the name may be anybody's.
    const bool anybody = allows && candidate.index != kExecuted && !one.pattern.by_path() &&
                         name.text.find('/') != std::string_view::npos;
    if (!anybody) best = std::max(best, one.pattern.MatchProgram(name, candidate.command.cwd));
  }
  return best;
}

Candidate MakeCandidate(const Execution& execution, const Command& command, std::size_t index) {
  Candidate candidate{.command = command, .index = index};
  if (index != kExecuted) {
    candidate.names = {command.words.front()};
    return candidate;
  }
  candidate.names.reserve(execution.links.size() + 3);
  candidate.names.push_back({execution.executable});
  for (const std::string& link : execution.links) candidate.names.push_back({link});
  if (!execution.asked.empty() && execution.asked != execution.executable) {
    candidate.names.push_back({execution.asked});
    candidate.weak = 1;
  }
  // A program of theirs may be a copy of one that goes by the name it is called by.
  if (execution.origin == Origin::kSandbox && !BaseName(command.words.front().text).empty()) {
    candidate.names.push_back(command.words.front());
    ++candidate.weak;
  }
  return candidate;
}

// Visits the words that may be the first operand: the first that is no option, and those that may
// be, where the ones before are values. False where one of them is not known.
template <typename Visit>
bool VisitFirstWords(std::span<const Word> words, Visit&& visit) {
  bool value = false;
  bool ended = false;
  for (const Word& word : words) {
    if (!word.known()) return false;
    const bool option = word.text.size() > 1 && word.text.front() == '-';
    if ((!option || ended) && !word.text.empty()) visit(word.text);
    if (!option && !value) return true;
    value = option && !ended && word.text.find('=') == std::string_view::npos;
    ended |= word.text == "--";
  }
  return true;
}

// Which commands of a reading are allowed: by a rule, or since all that they run is.
std::vector<char> AllowedOnes(const Reading& reading, const Found& found) {
  const std::size_t count = reading.commands.size();
  std::vector<char> inside(count, 1);  // whether all that it runs is
  std::vector<char> runs(count, 0);    // whether it runs anything
  std::vector<char> allowed(count, 0);
  for (std::size_t i = count; i-- > 0;) {
    const Command& command = reading.commands[i];
    const Word& program = command.words.front();
    const bool harmless = command.shell != Shells::kNone && program.known() &&
                          IsShellBuiltin(program.text) && !IsWrapper(program.text);
    allowed[i] = found.allowed[i] != nullptr || harmless ||
                 (command.through && runs[i] != 0 && inside[i] != 0);
    if (i == 0) break;
    runs[command.by] = 1;
    if (allowed[i] == 0) inside[command.by] = 0;
  }
  return allowed;
}

}  // namespace

void CommandRules::Index::Put(const Compiled& one) {
  protects |= Protects(one.rule->action);
  const Pattern& pattern = one.pattern;
  if (pattern.key().empty()) {
    any.push_back(&one);
  } else {
    programs[pattern.key()].push_back(&one);
    places[{pattern.key(), pattern.subcommand()}].push_back(&one);
  }
}

void CommandRules::Index::Try(const Compiled& one, const Execution& execution,
                              const Candidate& candidate, Found& found) const {
  const Action action = one.rule->action;
  const Command& command = candidate.command;
  if (candidate.only_allow && action != Action::kAllow) return;
  if (action == Action::kRecord && found.recorded != nullptr) return;
  // What runs instead takes the place of an execution. What this one starts is executed later, and
  // a builtin of a shell never is.
  if (action == Action::kRedirect &&
      (found.redirected.rule != nullptr || candidate.index != kExecuted)) {
    return;
  }
  if (action == Action::kAllow && found.allowed[candidate.index] != nullptr) return;
  const Extent extent = action == Action::kAllow ? Extent::kExactly : Extent::kAtLeast;
  Match match = MatchProgramOf(one, execution, candidate);
  if (match == Match::kNo) return;
  if (command.guessed) match = Match::kCouldBe;
  const Found::One hoped{one.rule, candidate.index, match};
  if (Protects(action) && !Beats(hoped, found.refused)) return;
  const std::span<const Word> words(command.words);
  match = std::min(match, one.pattern.MatchArguments(BaseName(candidate.names.front().text),
                                                     words.subspan(1), command.cwd, extent));
  if (match == Match::kNo || (one.by && !RunBy(one, execution, candidate))) return;
  const Found::One got{one.rule, candidate.index, match};
  if (Protects(action)) {
    if (Beats(got, found.refused)) found.refused = got;
  } else if (action == Action::kRecord) {
    found.recorded = one.rule;
  } else if (match == Match::kMet) {
    if (action == Action::kRedirect) found.redirected = got;
    if (action == Action::kAllow) found.allowed[candidate.index] = one.rule;
  }
}

void CommandRules::Index::Look(const Execution& execution, const Candidate& candidate,
                               Found& found) const {
  const auto try_all = [&](const Bucket& bucket) {
    for (const Compiled* one : bucket) Try(*one, execution, candidate, found);
  };
  try_all(any);
  const bool known = std::ranges::all_of(candidate.names, [](const Word& n) { return n.known(); });
  if (!known) {  // any program it may be: no rule that allows is met, one that could be is enough
    if (candidate.only_allow || found.refused.rule != nullptr) return;
    for (const auto& [name, bucket] : programs) try_all(bucket);
    return;
  }
  for (std::size_t i = 0; i < candidate.names.size(); ++i) {
    const std::string_view name = BaseName(candidate.names[i].text);
    const auto same = [&](const Word& other) { return BaseName(other.text) == name; };
    if (std::ranges::any_of(std::span(candidate.names).first(i), same)) continue;
    const auto program = programs.find(name);
    if (program == programs.end()) continue;
    const auto at = [&](std::string_view subcommand) {
      const auto bucket = places.find({name, subcommand});
      if (bucket != places.end()) try_all(bucket->second);
    };
    if (VisitFirstWords(std::span(candidate.command.words).subspan(1), at)) {
      at("");
    } else {
      try_all(program->second);
    }
  }
}

Found CommandRules::Index::Find(const Execution& execution, const Reading& reading,
                                Scope scope) const {
  Found found;
  found.allowed.assign(reading.commands.size(), nullptr);
  std::size_t unknown = 0;
  for (std::size_t i = 0; i < reading.commands.size(); ++i) {
    // The reading is unread then: each would be compared with all rules.
    unknown += reading.commands[i].words.front().known() ? 0 : 1;
    if (unknown > limits::kUnknownPrograms) break;
    Candidate candidate = MakeCandidate(execution, reading.commands[i], i);
    candidate.only_allow = scope == Scope::kItself && candidate.command.place == Place::kLater;
    Look(execution, candidate, found);
  }
  return found;
}

CommandVerdict CommandRules::Index::Refuse(const Found::One& one, const Reading& reading) const {
  const Command& command = reading.commands[one.index];
  CommandVerdict verdict{
      .action = Effect(*one.rule, one.match),
      .rule = one.rule,
      .certainty = one.match == Match::kMet ? Certainty::kMet : Certainty::kCouldBe,
      .place = command.place,
      .command = Shown(command.words)};
  const bool denied = verdict.action == Action::kDeny;
  verdict.code = denied ? kCodeDenied : kCodeAsks;
  const std::string own =
      one.rule->reason.empty() ? "" : fmt::format(": {}", Printable(one.rule->reason));
  if (verdict.certainty == Certainty::kCouldBe) {
    verdict.reason = fmt::format(
        "\"{}\" has words that are not known before it runs, and could be what {} is about{}",
        verdict.command, Named(*one.rule), own);
    verdict.hint = "write these words out, so that it can be told what runs";
  } else {
    verdict.reason =
        fmt::format("\"{}\" {} by {}{}", verdict.command,
                    denied ? "is denied" : "is to be asked about", Named(*one.rule), own);
    verdict.hint = denied ? kWayOut : "it waits until a person has answered";
  }
  return verdict;
}

CommandVerdict CommandRules::Index::Unread(const Reading& reading) const {
  return {.action = Action::kAsk,
          .certainty = Certainty::kUnread,
          .place = reading.unread_place,
          .code = kCodeUnread,
          .reason =
              fmt::format("it cannot be told what the command runs: {}", Printable(reading.unread)),
          .hint = "write it in a plainer way, or put it into a script",
          .command = Shown(reading.commands.front().words)};
}

CommandVerdict CommandRules::Index::Redirect(const Found::One& one, const Execution& execution,
                                             const Reading& reading) const {
  const CommandRule& rule = *one.rule;
  CommandVerdict verdict{.action = Action::kRedirect,
                         .rule = &rule,
                         .code = kCodeRedirected,
                         .redirect = rule.redirect,
                         .command = Shown(reading.commands[one.index].words)};
  if (rule.redirect.back() == kRest) {
    verdict.redirect.pop_back();
    if (!execution.argv.empty()) {
      verdict.redirect.insert(verdict.redirect.end(), execution.argv.begin() + 1,
                              execution.argv.end());
    }
  }
  verdict.reason =
      fmt::format("\"{}\" runs instead, by {}{}",
                  Printable(BeginningOf(Join(verdict.redirect, " "), kShownLine)), Named(rule),
                  rule.reason.empty() ? "" : fmt::format(": {}", Printable(rule.reason)));
  verdict.hint = "call that yourself";
  return verdict;
}

// Where no rule denies, asks or redirects.
CommandVerdict CommandRules::Index::LetRun(const Found& found, const Reading& reading) const {
  CommandVerdict verdict{.action = otherwise, .rule = found.allowed.front()};
  const bool unread = !reading.unread.empty() && verdict.rule == nullptr;
  if (otherwise != Action::kAllow &&
      (verdict.rule != nullptr || (!unread && AllowedOnes(reading, found).front() != 0))) {
    verdict.action = Action::kAllow;
    // Allowed for what it runs: the first rule of those stands for all.
    const auto first =
        std::ranges::find_if(found.allowed, [](auto* rule) { return rule != nullptr; });
    if (first != found.allowed.end()) verdict.rule = *first;
  }
  if (verdict.action == Action::kAllow) return verdict;
  verdict.rule = nullptr;
  verdict.code = kCodeNotAllowed;
  verdict.command = Shown(reading.commands.front().words);
  verdict.reason = fmt::format("no rule allows \"{}\"", verdict.command);
  verdict.hint = otherwise == Action::kAsk ? "it waits until a person has answered" : kWayOut;
  return verdict;
}

CommandRules::CommandRules(std::unique_ptr<Index> index) : index_(std::move(index)) {}
CommandRules::CommandRules(CommandRules&&) noexcept = default;
CommandRules& CommandRules::operator=(CommandRules&&) noexcept = default;
CommandRules::~CommandRules() = default;

const std::vector<CommandRule>& CommandRules::rules() const { return index_->rules; }
Action CommandRules::otherwise() const { return index_->otherwise; }

Status CheckRuleCount(std::size_t count) {
  if (count <= limits::kRules) return {};
  return Fail(Code::kInvalid, "{} rules about commands are too many; at most {} are taken", count,
              limits::kRules);
}

Result<CommandRules> CommandRules::Compile(std::vector<CommandRule> rules, Action otherwise) {
  AILERON_TRY(CheckRuleCount(rules.size()));
  if (otherwise != Action::kAllow && !Protects(otherwise)) {
    return Fail(Code::kInvalid,
                "where no rule speaks a command is allowed, asked or denied, not \"{}\"",
                Name(otherwise));
  }
  auto index = std::make_unique<Index>();
  index->rules = std::move(rules);
  index->otherwise = otherwise;
  index->compiled.reserve(index->rules.size());
  for (const CommandRule& rule : index->rules) {
    auto compiled = CompileRule(rule);
    if (!compiled) {
      const std::string where = rule.source.empty() ? "" : Printable(rule.source) + ": ";
      return Wrap(std::move(compiled.error()), "{}the rule \"{}\"", where, Told(rule));
    }
    index->compiled.push_back(std::move(*compiled));
  }
  for (const Compiled& one : index->compiled) index->Put(one);
  return CommandRules(std::move(index));
}

CommandVerdict CommandRules::Decide(const Execution& execution, Scope scope) const {
  const Index& index = *index_;
  if (index.rules.empty() && index.otherwise == Action::kAllow) return {.action = Action::kAllow};
  const Reading reading = Read(execution);
  const Found found = index.Find(execution, reading, scope);
  const bool unread = !reading.unread.empty() && index.protects &&
                      (scope == Scope::kWhole || reading.unread_place == Place::kItself);
  const bool met = found.refused.rule != nullptr && found.refused.match == Match::kMet;
  const bool narrows = met && Effect(*found.refused.rule, Match::kMet) == Action::kAsk &&
                       found.refused.rule->narrows;
  const auto decide = [&] {
    if (met && !narrows) return index.Refuse(found.refused, reading);
    if (index.otherwise == Action::kDeny && (unread || found.refused.rule != nullptr)) {
      CommandVerdict without = index.LetRun(found, reading);
      if (without.action == Action::kDeny) return without;
    }
    if (unread && !met) return index.Unread(reading);
    if (found.refused.rule != nullptr) return index.Refuse(found.refused, reading);
    if (found.redirected.rule != nullptr)
      return index.Redirect(found.redirected, execution, reading);
    return index.LetRun(found, reading);
  };
  CommandVerdict verdict = decide();
  verdict.recorded = found.recorded;
  if (verdict.action == Action::kAllow && found.recorded != nullptr)
    verdict.action = Action::kRecord;
  return verdict;
}

}  // namespace aileron::command
