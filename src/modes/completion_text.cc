// Tested by src/modes/table_test.cc.

// Completion scripts from the table of modes. Each is complete in itself: no call of aileron, so a
// key press costs nothing. Only the tools of a sandbox are asked, whose words are in their specs.
#include "base/text.h"
#include "modes/help_text.h"

namespace aileron::modes {

namespace {

// Calls `visit(path, command)` for a mode's command and those below it.
template <typename Visit>
void ForEachCommand(const Command& command, const std::string& path, const Visit& visit) {
  visit(path, command);
  for (const Command& child : command.commands) {
    ForEachCommand(child, fmt::format("{} {}", path, child.name), visit);
  }
}

template <typename Visit>
void ForEachCommand(std::span<const Mode> modes, const Visit& visit) {
  for (const Mode& mode : modes) {
    if (mode.group == Group::kInside) continue;
    ForEachCommand(Describe(mode), fmt::format("aileron {}", mode.name), visit);
  }
}

std::vector<std::string> ModeNames(std::span<const Mode> modes) {
  std::vector<std::string> names;
  for (const Mode& mode : modes) {
    if (mode.group != Group::kInside) names.emplace_back(mode.name);
  }
  return names;
}

std::string Spaced(std::string_view choices) {
  std::string words(choices);
  std::ranges::replace(words, '|', ' ');
  return words;
}

std::string ReplaceAll(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  while (true) {
    const std::size_t at = text.find(from);
    out += text.substr(0, at);
    if (at == std::string_view::npos) return out;
    out += to;
    text.remove_prefix(at + from.size());
  }
}

// --- bash
// ------------------------------------------------------------------------------------------

std::string BashAction(std::string_view choices, Completes completes) {
  if (!choices.empty())
    return fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$cur\"))", Spaced(choices));
  switch (completes) {
    case Completes::kNothing:
      return "COMPREPLY=()";
    case Completes::kFile:
      return "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$cur\"))";
    case Completes::kFolder:
      return "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- \"$cur\"))";
    case Completes::kCommand:
      return "COMPREPLY=($(compgen -c -- \"$cur\"))";
  }
  return ":";
}

std::string Bash(std::span<const Mode> modes) {
  std::string paths, flags, words, values;
  ForEachCommand(modes, [&](const std::string& path, const Command& command) {
    paths += fmt::format("{}'{}'", paths.empty() ? "" : "|", path);
    std::string names(kHelpFlag.name);
    for (const Flag& flag : command.flags) {
      names += fmt::format(" {}", flag.name);
      if (flag.value.empty()) continue;
      values += fmt::format("    '{} {}'", path, flag.name);
      if (!flag.letter.empty()) values += fmt::format("|'{} {}'", path, flag.letter);
      values += fmt::format(") {}; return ;;\n", BashAction(flag.choices, flag.completes));
    }
    flags +=
        fmt::format("      '{}') COMPREPLY=($(compgen -W '{}' -- \"$cur\")) ;;\n", path, names);
    std::string action;
    if (!command.commands.empty()) {
      std::string children;
      for (const Command& child : command.commands) children += fmt::format("{} ", child.name);
      action = fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$cur\"))", Trim(children));
    } else if (!command.arguments.empty()) {
      const Argument& first = command.arguments.front();
      action = BashAction(first.choices, first.completes);
    }
    if (!action.empty()) words += fmt::format("    '{}') {} ;;\n", path, action);
  });
  const auto names = ModeNames(modes);
  return fmt::format(
      R"sh(# bash completion for aileron. Load it with: source <(aileron completion bash)
_aileron() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} path=aileron i
  # "=" is a word of its own for bash.
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${{COMP_WORDS[COMP_CWORD-2]}}; fi
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ ${{COMP_WORDS[i]}} == -- ]]; then
      # What follows belongs to another program.
      if ((i + 1 == COMP_CWORD)); then
        COMPREPLY=($(compgen -c -- "$cur"))
      else
        compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur"))
      fi
      return
    fi
    case "$path ${{COMP_WORDS[i]}}" in
      {}) path="$path ${{COMP_WORDS[i]}}" ;;
    esac
  done
  case "$path $prev" in
{}  esac
  if [[ $cur == -* ]]; then
    case "$path" in
      aileron) COMPREPLY=($(compgen -W '--help --version' -- "$cur")) ;;
{}    esac
    return
  fi
  case "$path" in
    aileron) COMPREPLY=($(compgen -W '{}' -- "$cur")) ;;
{}  esac
}}
complete -F _aileron aileron

# The tools of a sandbox.
_aileron_tool() {{
  local IFS=$'\n' word words=("${{COMP_WORDS[@]:1:COMP_CWORD}}")
  COMPREPLY=()
  for word in $("${{COMP_WORDS[0]}}" __complete "${{words[@]}}" 2>/dev/null); do
    COMPREPLY+=("$(printf %q "$word")")
  done
  [[ ${{#COMPREPLY[@]}} == 1 && ${{COMPREPLY[0]}} == *. ]] && compopt -o nospace 2>/dev/null
}}
if [[ -r /run/aileron/tools.txt ]]; then
  while IFS=$'\t' read -r _aileron_name _; do
    complete -F _aileron_tool "$_aileron_name"
  done </run/aileron/tools.txt
  unset _aileron_name
fi
)sh",
      paths, values, flags, fmt::join(names, " "), words);
}

// --- zsh
// -------------------------------------------------------------------------------------------

std::string ZshAction(std::string_view choices, Completes completes) {
  if (!choices.empty()) return fmt::format("({})", Spaced(choices));
  switch (completes) {
    case Completes::kNothing:
      return " ";
    case Completes::kFile:
      return "_files";
    case Completes::kFolder:
      return "_files -/";
    case Completes::kCommand:
      return "_normal";
  }
  return " ";
}

// Text inside a specification of _arguments, where [ ] and : have a meaning.
std::string ZshText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string ZshFlag(const Flag& flag) {
  const std::string many = flag.repeat == Repeat::kMany ? "*" : "";
  const std::string value =
      flag.value.empty()
          ? ""
          : fmt::format(":{}:{}", ZshText(flag.value), ZshAction(flag.choices, flag.completes));
  const std::string_view equals = flag.value.empty() ? "" : "=";
  std::string specs = SingleQuoted(
      fmt::format("{}{}{}[{}]{}", many, flag.name, equals, ZshText(flag.summary), value));
  if (!flag.letter.empty()) {
    specs += " " + SingleQuoted(
                       fmt::format("{}{}[{}]{}", many, flag.letter, ZshText(flag.summary), value));
  }
  return specs;
}

std::string ZshName(std::string_view path) {
  return "_" + ReplaceAll(ReplaceAll(path, " ", "_"), "-", "_");
}

// A function that describes commands and hands the rest of the line to the one that was named.
std::string ZshChooser(std::string_view path,
                       const std::vector<std::pair<std::string, std::string>>& commands) {
  std::string list, cases;
  for (const auto& [name, summary] : commands) {
    list += fmt::format("        {}\n", SingleQuoted(fmt::format("{}:{}", name, ZshText(summary))));
    cases += fmt::format("        {}) {} ;;\n", name, ZshName(fmt::format("{} {}", path, name)));
  }
  return fmt::format(R"({}() {{
  local curcontext="$curcontext" state line
  local -a commands
  _arguments -C '--help[Show help]' '1: :->command' '*:: :->rest'
  case $state in
    command)
      commands=(
{}      )
      _describe command commands ;;
    rest)
      case $words[1] in
{}      esac ;;
  esac
}}
)",
                     ZshName(path), list, cases);
}

std::string Zsh(std::span<const Mode> modes) {
  std::string text =
      "#compdef aileron\n# zsh completion for aileron. Put it as _aileron into a folder of "
      "$fpath.\n";
  std::vector<std::pair<std::string, std::string>> top;
  for (const Mode& mode : modes) {
    if (mode.group != Group::kInside) top.emplace_back(mode.name, mode.summary);
  }
  ForEachCommand(modes, [&](const std::string& path, const Command& command) {
    if (!command.commands.empty()) {
      std::vector<std::pair<std::string, std::string>> children;
      for (const Command& child : command.commands)
        children.emplace_back(child.name, child.summary);
      text += ZshChooser(path, children);
      return;
    }
    text += fmt::format("{}() {{\n  _arguments -s -S \\\n", ZshName(path));
    for (const Flag& flag : command.flags) text += fmt::format("    {} \\\n", ZshFlag(flag));
    for (const Argument& argument : command.arguments) {
      const std::string action = ZshAction(argument.choices, argument.completes);
      const std::string_view where = argument.arity == Arity::kRest  ? "*::"
                                     : argument.arity == Arity::kAny ? "*:"
                                                                     : ":";
      text +=
          fmt::format("    {} \\\n",
                      SingleQuoted(fmt::format("{}{}:{}", where, ZshText(argument.name), action)));
    }
    text += fmt::format("    {}\n}}\n", ZshFlag(kHelpFlag));
  });
  text += ZshChooser("aileron", top);
  return text +
         R"sh(# The tools of a sandbox.
_aileron_tool() {
  local -a found
  found=(${(f)"$(${words[1]} __complete "${(@)words[2,CURRENT]}" 2>/dev/null)"})
  compadd -a found
}
if [[ -r /run/aileron/tools.txt ]]; then
  while IFS=$'\t' read -r _aileron_name _; do
    compdef _aileron_tool $_aileron_name
  done </run/aileron/tools.txt
  unset _aileron_name
fi
_aileron "$@"
)sh";
}

// --- fish
// ------------------------------------------------------------------------------------------

// The condition under which a command's own words are completed.
std::string FishCondition(std::string_view path) {
  std::string condition;
  for (const std::string_view word : Split(path, ' ')) {
    if (word == "aileron") continue;
    condition +=
        fmt::format("{}__fish_seen_subcommand_from {}", condition.empty() ? "" : "; and ", word);
  }
  return condition;
}

std::string FishValue(std::string_view choices, Completes completes) {
  if (!choices.empty()) return fmt::format(" -x -a {}", SingleQuoted(Spaced(choices)));
  switch (completes) {
    case Completes::kNothing:
      return " -x";
    case Completes::kFile:
      return " -r -F";
    case Completes::kFolder:
      return " -x -a '(__fish_complete_directories)'";
    case Completes::kCommand:
      return " -x -a '(__fish_complete_command)'";
  }
  return "";
}

std::string FishFlag(const std::string& condition, const Flag& flag) {
  std::string line =
      fmt::format("complete -c aileron -n {} -l {}", SingleQuoted(condition), flag.name.substr(2));
  if (!flag.letter.empty()) line += fmt::format(" -s {}", flag.letter.substr(1));
  if (!flag.value.empty()) line += FishValue(flag.choices, flag.completes);
  return line + fmt::format(" -d {}\n", SingleQuoted(flag.summary));
}

std::string Fish(std::span<const Mode> modes) {
  std::string text =
      "# fish completion for aileron. Load it with: aileron completion fish | source\n"
      "complete -c aileron -f\n";
  for (const Mode& mode : modes) {
    if (mode.group == Group::kInside) continue;
    text += fmt::format("complete -c aileron -n __fish_use_subcommand -a {} -d {}\n", mode.name,
                        SingleQuoted(mode.summary));
  }
  ForEachCommand(modes, [&](const std::string& path, const Command& command) {
    const std::string condition = FishCondition(path);
    std::string children;
    for (const Command& child : command.commands) children += fmt::format(" {}", child.name);
    for (const Command& child : command.commands) {
      const std::string none =
          fmt::format("{}; and not __fish_seen_subcommand_from{}", condition, children);
      text += fmt::format("complete -c aileron -n {} -a {} -d {}\n", SingleQuoted(none), child.name,
                          SingleQuoted(child.summary));
    }
    for (const Flag& flag : command.flags) text += FishFlag(condition, flag);
    text += FishFlag(condition, kHelpFlag);
    if (!command.arguments.empty()) {
      const Argument& first = command.arguments.front();
      if (!first.choices.empty() || first.completes != Completes::kNothing) {
        text += fmt::format("complete -c aileron -n {}{}\n", SingleQuoted(condition),
                            FishValue(first.choices, first.completes));
      }
    }
  });
  return text + R"(
# The tools of a sandbox.
function __aileron_tool
  set -l words (commandline -opc) (commandline -ct)
  $words[1] __complete $words[2..-1] 2>/dev/null
end
if test -r /run/aileron/tools.txt
  for line in (cat /run/aileron/tools.txt)
    complete -c (string split \t -- $line)[1] -f -a '(__aileron_tool)'
  end
end
)";
}

}  // namespace

std::string Completion(std::span<const Mode> modes, std::string_view shell) {
  if (shell == "bash") return Bash(modes);
  if (shell == "zsh") return Zsh(modes);
  return Fish(modes);
}

}  // namespace aileron::modes
