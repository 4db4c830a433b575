#include "modes/parse.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/text.h"

namespace aileron::modes {

namespace {

// How many arguments CLI11 takes at most; the kernel's own bound on argv is lower in practice.
constexpr int kArgumentsMax = 100'000;

std::string SeeHelp(std::string_view path) { return fmt::format("See \"{} --help\"", path); }

const Flag* FindFlag(const Command& command, std::string_view name) {
  if (name == kHelpFlag.name || name == kHelpFlag.letter) return &kHelpFlag;
  for (const Flag& flag : command.flags) {
    if (name == flag.name || (!flag.letter.empty() && name == flag.letter)) return &flag;
  }
  return nullptr;
}

// Where the command line of its own begins: behind the first "--", or at the first word that is
// neither a flag nor the value of one, nor an argument that comes before it. Only for commands that
// have a kRest argument.
std::size_t RestBegins(const Command& command, std::span<const std::string> words) {
  std::size_t before = command.arguments.size() - 1;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--") return i;
    if (!word.starts_with('-') || word == "-") {
      if (before-- == 0) return i;
      continue;
    }
    const Flag* flag = FindFlag(command, word);
    if (flag != nullptr && !flag->value.empty()) ++i;
  }
  return words.size();
}

bool HasRest(const Command& command) {
  return !command.arguments.empty() && command.arguments.back().arity == Arity::kRest;
}

Status CheckChoice(std::string_view choices, std::string_view what, std::string_view value,
                   std::string_view path) {
  if (choices.empty()) return {};
  const auto known = Split(choices, '|');
  if (std::ranges::find(known, value) != known.end()) return {};
  return Fail(Code::kInvalid, "{} cannot be \"{}\"{}: it is one of {}. {}", what, Printable(value),
              DidYouMean(value, known), fmt::join(known, ", "), SeeHelp(path));
}

Status CheckArguments(const Command& command, std::string_view path, const Parsed& parsed) {
  std::size_t least = 0, most = 0;
  for (const Argument& argument : command.arguments) {
    if (argument.arity == Arity::kOne) ++least;
    most =
        argument.arity == Arity::kAny || argument.arity == Arity::kRest ? kArgumentsMax : most + 1;
  }
  const auto& given = parsed.arguments;
  if (given.size() < least) {
    return Fail(Code::kInvalid, "\"{}\" needs {}. {}", path, command.arguments[given.size()].name,
                SeeHelp(path));
  }
  if (given.size() > most && !command.surplus.empty())
    return Fail(Code::kInvalid, "{}", command.surplus);
  if (given.size() > most) {
    return Fail(Code::kInvalid, "\"{}\" does not take \"{}\". {}", path, Printable(given[most]),
                SeeHelp(path));
  }
  for (std::size_t i = 0; i < given.size() && i < command.arguments.size(); ++i) {
    const Argument& argument = command.arguments[i];
    AILERON_TRY(CheckChoice(argument.choices, argument.name, given[i], path));
  }
  return {};
}

Error UnknownFlag(const Command& command, std::string_view path, std::string_view word) {
  std::vector<std::string_view> names = {kHelpFlag.name};
  for (const Flag& flag : command.flags) names.push_back(flag.name);
  const std::string_view name = word.substr(0, word.find('='));
  return {Code::kInvalid, fmt::format("\"{}\" has no flag {}{}. {}", path, Printable(name),
                                      DidYouMean(name, names), SeeHelp(path))};
}

// Tells CLI11 of one flag; what it finds goes into `parsed`.
CLI::Option* Teach(CLI::App& app, const Flag& flag, Parsed& parsed) {
  const std::string names =
      flag.letter.empty() ? std::string(flag.name) : fmt::format("{},{}", flag.letter, flag.name);
  const auto take = [&parsed, &flag](const CLI::results_t& values) {
    for (const std::string& value : values) parsed.Add(flag.name, value);
    return true;
  };
  CLI::Option* option = app.add_option(names, take);
  if (flag.value.empty())
    return option->expected(0)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

}  // namespace

std::string DidYouMean(std::string_view word, std::span<const std::string_view> candidates) {
  const auto nearest = NearestWord(word, candidates);
  return nearest ? fmt::format(", did you mean \"{}\"", *nearest) : "";
}

Result<Parsed> Parse(const Command& command, std::string_view path,
                     std::span<const std::string> words) {
  Parsed parsed;
  const std::size_t own = HasRest(command) ? RestBegins(command, words) : words.size();
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  Teach(app, kHelpFlag, parsed);
  for (const Flag& flag : command.flags) Teach(app, flag, parsed);
  std::vector<std::string> arguments;
  app.add_option("arguments", CLI::callback_t([&arguments](const CLI::results_t& values) {
                   arguments = values;
                   return true;
                 }))
      ->expected(kArgumentsMax)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  try {
    // CLI11 takes the words from the back.
    app.parse(
        std::vector<std::string>(words.rend() - static_cast<std::ptrdiff_t>(own), words.rend()));
  } catch (const CLI::ParseError&) {
    // Nothing but a flag at the end without its value: the rest is checked here.
    const Flag* flag = own > 0 ? FindFlag(command, words[own - 1]) : nullptr;
    if (flag != nullptr && !flag->value.empty()) {
      return Fail(Code::kInvalid, "{} needs a value: {}={}. {}", flag->name, flag->name,
                  flag->value, SeeHelp(path));
    }
    return Fail(Code::kInvalid, "\"{}\" cannot be read. {}",
                Printable(fmt::format("{}", fmt::join(words, " "))), SeeHelp(path));
  }
  parsed.arguments = std::move(arguments);
  if (parsed.Has(kHelpFlag.name)) return parsed;
  for (const std::string& word : app.remaining()) {
    if (word != "--") return std::unexpected(UnknownFlag(command, path, word));
  }
  std::size_t rest = own;
  if (rest < words.size() && words[rest] == "--") ++rest;
  if (HasRest(command))
    parsed.arguments.insert(parsed.arguments.end(),
                            words.begin() + static_cast<std::ptrdiff_t>(rest), words.end());
  for (const Flag& flag : command.flags) {
    for (const std::string& value : parsed.Values(flag.name)) {
      AILERON_TRY(CheckChoice(flag.choices, flag.name, value, path));
    }
  }
  AILERON_TRY(CheckArguments(command, path, parsed));
  return parsed;
}

}  // namespace aileron::modes
