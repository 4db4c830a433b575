#include "modes/help_text.h"

#include <algorithm>

#include "base/text.h"

namespace aileron::modes {

namespace {

constexpr std::size_t kPlainWidth = 80;
constexpr std::size_t kWidest = 100;  // longer lines are hard to read on any terminal

constexpr ExitMeaning kExitMeanings[] = {
    {"0", "It succeeded."},
    {"1", "It failed, or what was checked does not hold."},
    {"64", "The command line is wrong."},
    {"69", "The daemon or something else that is needed is not available."},
    {"75", "An approval is pending."},
    {"77", "It was denied."},
    {"78", "A configuration file or the environment is wrong."},
    {"125", "launch: the sandbox could not be made."},
    {"126, 127", "launch: the command cannot be executed, or was not found."},
    {"other", "launch: the command's own exit code; 128 + n when signal n ended it."},
};

std::size_t Usable(std::size_t width) {
  return width == 0 ? kPlainWidth : std::min(width, kWidest);
}

// "  name   meaning", the meanings aligned and wrapped.
struct Entry {
  std::string name;
  std::string meaning;
};
std::string Entries(const std::vector<Entry>& entries, Colour colour, std::size_t width) {
  static constexpr std::size_t kWidestName = 26;
  std::size_t column = 0;
  for (const Entry& entry : entries) {
    if (Columns(entry.name) <= kWidestName) column = std::max(column, Columns(entry.name));
  }
  std::string text;
  for (const Entry& entry : entries) {
    text += "  " + Paint(colour, Style::kCyan, entry.name);
    if (Columns(entry.name) > column) {
      text += "\n" + std::string(column + 2, ' ');
    } else {
      text.append(column - Columns(entry.name), ' ');
    }
    text += "  " + Wrapped(entry.meaning, width, column + 4) + "\n";
  }
  return text;
}

std::string Heading(std::string_view title, Colour colour) {
  return "\n" + Paint(colour, Style::kBold, title) + "\n";
}

std::string Paragraphs(std::string_view text, std::size_t width) {
  std::string wrapped;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    wrapped += "\n" + Wrapped(text.substr(0, end), width, 0) + "\n";
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return wrapped;
}

std::string Meaning(const Flag& flag) {
  std::string text(flag.summary);
  if (!flag.choices.empty()) {
    const auto choices = Split(flag.choices, '|');
    text += fmt::format(" ({})", fmt::join(choices, ", "));
  }
  if (flag.repeat == Repeat::kMany) text += "; may be given several times";
  return text;
}

}  // namespace

std::span<const ExitMeaning> ExitMeanings() { return kExitMeanings; }

std::string Spelled(const Flag& flag) {
  std::string text = flag.letter.empty() ? "" : fmt::format("{}, ", flag.letter);
  text += flag.name;
  if (!flag.value.empty()) text += fmt::format("={}", flag.value);
  return text;
}

std::string Overview(std::span<const Mode> modes, Colour colour, std::size_t width) {
  const std::size_t usable = Usable(width);
  std::string text =
      Wrapped(Paint(colour, Style::kBold, "aileron") +
                  " runs coding agents in a sandbox whose every connection passes a data plane "
                  "that decides, injects credentials the sandbox never sees, and keeps a record.",
              usable, 0) +
      "\n";
  text += Heading("Usage", colour) + "  aileron COMMAND [FLAGS] [ARGUMENTS]\n";
  for (const Group group : {Group::kRun, Group::kCredentials, Group::kDecisions, Group::kEvidence,
                            Group::kSelf, Group::kSandbox}) {
    std::vector<Entry> entries;
    for (const Mode& mode : modes) {
      if (mode.group == group)
        entries.push_back({std::string(mode.name), std::string(mode.summary)});
    }
    // All groups share one column.
    for (Entry& entry : entries) entry.name = Pad(entry.name, 10);
    text += Heading(GroupTitle(group), colour) + Entries(entries, colour, usable);
  }
  text += "\n\"aileron COMMAND --help\" tells more; \"aileron demo\" shows it all at work.\n";
  return text;
}

std::string CommandHelp(const Command& command, std::string_view path, Colour colour,
                        std::size_t width) {
  const std::size_t usable = Usable(width);
  std::string text = fmt::format("{}: {}\n", Paint(colour, Style::kBold, path), command.summary);
  text += Heading("Usage", colour) + "  " + Wrapped(Usage(command, path), usable, 4) + "\n";
  if (!command.text.empty()) text += Paragraphs(command.text, usable);
  if (!command.commands.empty()) {
    std::vector<Entry> entries;
    for (const Command& child : command.commands) {
      entries.push_back({std::string(child.name), std::string(child.summary)});
    }
    text += Heading("Commands", colour) + Entries(entries, colour, usable);
    text += fmt::format("\n\"{} COMMAND --help\" tells more.\n", path);
    return text;
  }
  if (!command.arguments.empty()) {
    std::vector<Entry> entries;
    for (const Argument& argument : command.arguments) {
      entries.push_back({std::string(argument.name), std::string(argument.summary)});
    }
    text += Heading("Arguments", colour) + Entries(entries, colour, usable);
  }
  std::vector<Entry> flags;
  for (const Flag& flag : command.flags) flags.push_back({Spelled(flag), Meaning(flag)});
  flags.push_back({Spelled(kHelpFlag), std::string(kHelpFlag.summary)});
  text += Heading("Flags", colour) + Entries(flags, colour, usable);
  if (!command.examples.empty()) {
    text += Heading("Examples", colour);
    for (const Example& example : command.examples) {
      text += fmt::format("  {}\n      {}\n", Paint(colour, Style::kCyan, example.line),
                          Wrapped(example.meaning, usable, 6));
    }
  }
  return text;
}

}  // namespace aileron::modes
