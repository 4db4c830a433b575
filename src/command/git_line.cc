// git's own options, and the aliases that it is given with them.
// Tested by src/command/wrappers_test.cc
#include "base/text.h"
#include "command/wrapper_lines.h"

namespace aileron::command {
namespace {

constexpr OptionTable kGit = {
    "pPvh", "cC", "",
    "exec-path html-path man-path info-path paginate no-pager no-replace-objects "
    "no-lazy-fetch no-optional-locks no-advice bare literal-pathspecs glob-pathspecs "
    "noglob-pathspecs icase-pathspecs list-cmds version help",
    "git-dir work-tree namespace super-prefix config-env attr-source"};

struct Alias {
  std::string name;  // in lower case, as settings' names are compared
  Word value;
};

// "alias.NAME=VALUE"; of --config-env the value is the name of a variable.
std::optional<Alias> AsAlias(const Option& option) {
  const bool environment = option.name == "config-env";
  if ((option.name != "c" && !environment) || !option.value) return std::nullopt;
  constexpr std::string_view kSection = "alias.";
  const std::string_view text = option.value->text;
  const std::size_t equals = std::min(text.find('='), text.size());
  const std::string name = ToLower(text.substr(0, equals));
  if (!name.starts_with(kSection)) return std::nullopt;
  Word value = AnyWord();
  if (!environment) value = {text.substr(std::min(equals + 1, text.size())), option.value->count};
  return Alias{name.substr(kSection.size()), value};
}

// The words of an alias, which has shell-like quotes. Nothing where they cannot be told.
std::optional<std::vector<Word>> AliasWords(Line& line, std::string_view value) {
  std::vector<Word> words;
  std::string text;
  bool started = false;
  char quote = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      if (started) words.push_back({line.Keep(std::exchange(text, {}))});
      started = false;
      continue;
    }
    started = true;
    if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote != '\'') {
      if (++i == value.size()) return std::nullopt;
      text += value[i];
    } else {
      text += c;
    }
  }
  if (quote != 0) return std::nullopt;
  if (started) words.push_back({line.Keep(std::move(text))});
  return words;
}

// "!text": run by a shell, with the arguments behind it.
void RunShellAlias(Line& line, std::string_view text) {
  std::string whole(text);
  for (const Word& word : line.rest()) {
    whole += ' ';
    if (word.known()) {
      whole += Quoted(word.text);
    } else {
      whole += word.count == Word::Count::kOne ? "\"$x\"" : "$x";
    }
  }
  line.RunText({line.Keep(std::move(whole))}, Shells::kEither);
}

void RunAlias(Line& line, const Word& value) {
  line.Skip();
  if (!value.known()) return line.RunUnknown();
  if (value.text.starts_with('!')) return RunShellAlias(line, value.text.substr(1));
  const auto words = AliasWords(line, value.text);
  if (!words) return line.Unread("the words of its alias cannot be told");
  std::vector<Word> run = {{"git"}};
  run.insert(run.end(), words->begin(), words->end());
  run.insert(run.end(), line.rest().begin(), line.rest().end());
  line.Run(std::move(run), Line::Exact::kNo, Place::kItself);
}

// git submodule foreach TEXT, git bisect run COMMAND
void RunInside(Line& line) {
  const std::span<const Word> rest = line.rest();
  const auto is = [&](std::size_t i, std::string_view text) {
    return i < rest.size() && rest[i].known() && rest[i].text == text;
  };
  std::size_t skip = 0;
  const bool modules = is(0, "submodule");
  if (modules || is(0, "bisect")) {
    skip = 1;
    while (skip < rest.size() && rest[skip].text.starts_with('-')) ++skip;
    if (!is(skip, modules ? "foreach" : "run")) return;
    ++skip;
    while (modules && skip < rest.size() && rest[skip].text.starts_with('-')) ++skip;
  }
  if (skip == 0 || skip >= rest.size()) return;
  for (; skip > 0; --skip) line.Skip();
  if (!modules) return line.RunRest();
  if (line.rest().size() > 1) return line.RunRest();
  line.RunText(line.front(), Shells::kEither);
}

}  // namespace

void ReadGit(Line& line) {
  std::vector<Alias> aliases;
  bool options = false;
  while (const auto option = line.NextOption(kGit)) {
    options = true;
    if (auto alias = AsAlias(*option)) aliases.push_back(std::move(*alias));
  }
  if (line.lost()) return;  // as it stands: its words are compared as they are
  if (line.empty()) return;
  if (options) {
    std::vector<Word> plain = {{"git"}};
    plain.insert(plain.end(), line.rest().begin(), line.rest().end());
    line.Run(std::move(plain), Line::Exact::kNo, Place::kItself);
  }
  const std::string name = ToLower(line.front().text);
  const auto alias = std::find_if(aliases.rbegin(), aliases.rend(),
                                  [&](const Alias& each) { return each.name == name; });
  if (alias != aliases.rend()) {
    RunAlias(line, alias->value);
  } else if (!aliases.empty() && !line.front().known()) {
    line.RunUnknown();
  } else if (!options) {
    RunInside(line);
  }
}

// git-push: git push
void ReadDashedGit(Line& line) {
  std::vector<Word> words = {{"git"}, {line.Keep(std::string(line.name().substr(4)))}};
  words.insert(words.end(), line.rest().begin(), line.rest().end());
  line.Run(std::move(words), Line::Exact::kNo, Place::kItself);
}

}  // namespace aileron::command
