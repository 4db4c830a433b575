// The table of modes itself: main.cc holds it and nothing else.
#define main AileronMain
#include "main.cc"  // NOLINT(bugprone-suspicious-include)
#undef main

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "modes/help_text.h"
#include "modes/parse.h"

namespace aileron::modes {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Leaf {
  std::string path;
  Command command;
  Group group;
};

void Gather(const Command& command, const std::string& path, Group group,
            std::vector<Leaf>& leaves) {
  leaves.push_back({path, command, group});
  for (const Command& child : command.commands) {
    Gather(child, fmt::format("{} {}", path, child.name), group, leaves);
  }
}

std::vector<Leaf> All() {
  std::vector<Leaf> leaves;
  for (const Mode& mode : kModes)
    Gather(Describe(mode), fmt::format("aileron {}", mode.name), mode.group, leaves);
  return leaves;
}

std::string Unroffed(std::string text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '-') continue;
    plain += text[i];
  }
  return plain;
}

TEST(Table, EveryCommandRunsOrHasCommands) {
  for (const Leaf& leaf : All()) {
    EXPECT_NE(leaf.command.run == nullptr, leaf.command.commands.empty()) << leaf.path;
    EXPECT_FALSE(leaf.command.summary.empty()) << leaf.path;
    EXPECT_FALSE(leaf.command.summary.ends_with('.')) << leaf.path;
  }
}

TEST(Table, EveryFlagIsWellFormedAndNamedOnce) {
  for (const Leaf& leaf : All()) {
    std::set<std::string_view> names = {"--help", "-h"};
    for (const Flag& flag : leaf.command.flags) {
      EXPECT_TRUE(flag.name.starts_with("--")) << leaf.path << " " << flag.name;
      EXPECT_TRUE(names.insert(flag.name).second) << leaf.path << " " << flag.name;
      if (!flag.letter.empty())
        EXPECT_TRUE(names.insert(flag.letter).second) << leaf.path << " " << flag.letter;
      EXPECT_FALSE(flag.summary.empty()) << leaf.path << " " << flag.name;
      if (!flag.choices.empty()) EXPECT_FALSE(flag.value.empty()) << leaf.path << " " << flag.name;
    }
  }
}

TEST(Table, EveryFlagIsInHelp) {
  for (const Leaf& leaf : All()) {
    const std::string help = CommandHelp(leaf.command, leaf.path, Colour::kNever, 0);
    for (const Flag& flag : leaf.command.flags) {
      EXPECT_THAT(help, HasSubstr(Spelled(flag))) << leaf.path;
      EXPECT_THAT(Usage(leaf.command, leaf.path), HasSubstr(flag.name)) << leaf.path;
    }
    for (const Argument& argument : leaf.command.arguments)
      EXPECT_THAT(help, HasSubstr(argument.name)) << leaf.path;
    for (const Command& child : leaf.command.commands)
      EXPECT_THAT(help, HasSubstr(child.summary)) << leaf.path;
  }
}

TEST(Table, EveryFlagIsInTheManPage) {
  const std::string page = Unroffed(ManPage(kModes));
  for (const Leaf& leaf : All()) {
    const std::size_t begin = page.find(fmt::format(".SS {}\n", leaf.path));
    ASSERT_NE(begin, std::string::npos) << leaf.path;
    const std::size_t end =
        std::min(page.find("\n.SS ", begin + 1), page.find("\n.SH ", begin + 1));
    const std::string section = page.substr(begin, end - begin);
    for (const Flag& flag : leaf.command.flags)
      EXPECT_THAT(section, HasSubstr(".B " + Spelled(flag))) << leaf.path;
  }
}

TEST(Table, EveryFlagIsInEachCompletion) {
  for (const std::string_view shell : {"bash", "zsh", "fish"}) {
    const std::string script = Completion(kModes, shell);
    for (const Leaf& leaf : All()) {
      if (leaf.group == Group::kInside) {
        EXPECT_THAT(script, Not(HasSubstr(leaf.path))) << shell;
        continue;
      }
      for (const Flag& flag : leaf.command.flags) {
        const std::string name(shell == "fish" ? flag.name.substr(2) : flag.name);
        EXPECT_THAT(script, HasSubstr(name)) << shell << " " << leaf.path;
        for (const std::string_view choice : {flag.choices.substr(0, flag.choices.find('|'))}) {
          EXPECT_THAT(script, HasSubstr(choice)) << shell << " " << leaf.path;
        }
      }
    }
  }
}

TEST(Table, EverythingThatListsOrShowsSpeaksJson) {
  for (const Leaf& leaf : All()) {
    const std::set<std::string_view> shows = {"list",   "show",  "status", "check",
                                              "verify", "watch", "tail"};
    if (!shows.contains(leaf.command.name)) continue;
    EXPECT_TRUE(std::ranges::any_of(leaf.command.flags, [](const Flag& flag) {
      return flag.name == "--json";
    })) << leaf.path;
  }
}

TEST(Table, HelpOfWhatPeopleUseFitsOnATerminal) {
  for (const Leaf& leaf : All()) {
    const std::string help = CommandHelp(leaf.command, leaf.path, Colour::kNever, 80);
    std::size_t begin = help.find("Flags");
    const std::size_t end = std::min(help.find("Examples"), help.size());
    while (begin < end) {
      const std::size_t stop = std::min(help.find('\n', begin), help.size());
      EXPECT_LE(Columns(std::string_view(help).substr(begin, stop - begin)), 80u) << leaf.path;
      begin = stop + 1;
    }
  }
  EXPECT_THAT(Overview(kModes, Colour::kNever, 80), HasSubstr("launch"));
  EXPECT_THAT(Overview(kModes, Colour::kNever, 80), Not(HasSubstr("worker")));
}

TEST(Table, EveryExampleParses) {
  for (const Leaf& leaf : All()) {
    for (const Example& example : leaf.command.examples) {
      const std::size_t at = example.line.find(leaf.path);
      ASSERT_NE(at, std::string_view::npos) << example.line;
      std::vector<std::string> words;
      for (const std::string_view word :
           Split(Trim(example.line.substr(at + leaf.path.size())), ' ')) {
        if (word == "|" || word == ">" || word.starts_with(')')) break;
        if (!word.empty()) words.emplace_back(Trim(word, ")"));
      }
      const auto parsed = Parse(leaf.command, leaf.path, words);
      EXPECT_TRUE(parsed) << example.line << ": " << parsed.error().message;
    }
  }
}

}  // namespace
}  // namespace aileron::modes
