// Tested by src/modes/table_test.cc.

// aileron(1) from the table of modes, in the portable subset of the man macros.
#include "base/text.h"
#include "modes/help_text.h"

namespace aileron::modes {

namespace {

// Text as roff: backslashes and leading control characters escaped, hyphens as hyphens that can be
// copied, the few characters beyond ASCII by name.
std::string Roff(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool line_start = i == 0 || text[i - 1] == '\n';
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\'') {
      out += "\\(aq";
    } else if (c == '"') {
      out += "\\(dq";
    } else if (text.substr(i).starts_with("…")) {
      out += "...";
      i += std::string_view("…").size() - 1;
    } else {
      out += c;
    }
  }
  return out;
}

std::string Section(std::string_view title) { return fmt::format(".SH {}\n", title); }
std::string Tagged(std::string_view tag, std::string_view text) {
  return fmt::format(".TP\n.B {}\n{}\n", Roff(tag), Roff(text));
}

void AppendCommand(const Command& command, const std::string& path, std::string& out) {
  out += fmt::format(".SS {}\n{}.\n", Roff(path), Roff(command.summary));
  if (command.commands.empty()) {
    out += fmt::format(".PP\n.B {}\n{}\n", Roff(path), Roff(Trim(Usage(command, ""))));
  }
  std::string_view text = command.text;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    out += fmt::format(".PP\n{}\n", Roff(text.substr(0, end)));
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  for (const Argument& argument : command.arguments) {
    out += Tagged(argument.name, fmt::format("{}.", argument.summary));
  }
  for (const Flag& flag : command.flags) {
    std::string meaning(flag.summary);
    if (!flag.choices.empty()) {
      meaning += fmt::format(": {}", fmt::join(Split(flag.choices, '|'), ", "));
    }
    if (flag.repeat == Repeat::kMany) meaning += "; may be given several times";
    out += Tagged(Spelled(flag), meaning + ".");
  }
  for (const Example& example : command.examples) {
    out += fmt::format(".PP\n{}:\n.PP\n.RS 4\n.EX\n{}\n.EE\n.RE\n", Roff(example.meaning),
                       Roff(example.line));
  }
  for (const Command& child : command.commands) {
    AppendCommand(child, fmt::format("{} {}", path, child.name), out);
  }
}

}  // namespace

std::string ManPage(std::span<const Mode> modes) {
  std::string out = fmt::format(".TH AILERON 1 \"\" \"aileron {}\" \"User Commands\"\n.nh\n.ad l\n",
                                AILERON_VERSION);
  out +=
      Section("NAME") + "aileron \\- run coding agents in a sandbox with a data plane of its own\n";
  out += Section("SYNOPSIS") + ".B aileron\n.I COMMAND\n[\\fIFLAGS\\fR] [\\fIARGUMENTS\\fR]\n";
  out += Section("DESCRIPTION");
  out += Roff(
      "aileron runs a command, such as a coding agent, in a sandbox that has no way out but a data "
      "plane: "
      "a process on the host that decides which hosts may be reached, puts credentials into the "
      "requests "
      "that the sandbox never sees, and keeps a record that cannot be changed unnoticed.\n");
  out += ".PP\n" + Roff("Every command takes --help.\n");
  for (const Group group : {Group::kRun, Group::kCredentials, Group::kDecisions, Group::kEvidence,
                            Group::kSelf, Group::kSandbox, Group::kInside}) {
    out += Section(fmt::format("\"{}\"", GroupTitle(group)));
    for (const Mode& mode : modes) {
      if (mode.group != group) continue;
      AppendCommand(Describe(mode), fmt::format("aileron {}", mode.name), out);
    }
  }
  out += Section("\"EXIT STATUS\"");
  for (const ExitMeaning& exit : ExitMeanings()) out += Tagged(exit.code, exit.meaning);
  out += Section("FILES");
  out +=
      Tagged("$XDG_CONFIG_HOME/aileron/bindings.yaml", "The user's bindings (~/.config/aileron).");
  out += Tagged("$XDG_STATE_HOME/aileron",
                "Vault, database, audit log and daemon.log (~/.local/state/aileron).");
  out += Tagged("$XDG_CACHE_HOME/aileron/images", "Unpacked images (~/.cache/aileron/images).");
  out += Tagged("$XDG_RUNTIME_DIR/aileron/control.sock",
                "The daemon's socket, for its user alone (/tmp/aileron-UID).");
  out += Section("ENVIRONMENT");
  out += Tagged("NO_COLOR, TERM=dumb", "No colours.");
  out += Tagged("XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_CACHE_HOME, XDG_RUNTIME_DIR, HOME",
                "Where the files are.");
  return out;
}

}  // namespace aileron::modes
