// Tested by tests/policy/test_policy_files.py.

// aileron policy diff: what two policies say to the same things.
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "modes/api.h"
#include "modes/policy_source.h"
#include "modes/policy_text.h"
#include "modes/policy_verbs.h"
#include "modes/recorded.h"
#include "modes/shell_words.h"

namespace aileron::modes {

namespace {

using policy::Subject;

Outcome PrintChanges(const Parsed& parsed, const std::vector<policy::Change>& changes,
                     std::size_t compared) {
  if (parsed.Has("--json")) {
    Json list = Json::array();
    for (const policy::Change& change : changes) list.push_back(ChangeJson(change));
    AILERON_TRY(Print(Pretty({{"compared", compared}, {"changes", std::move(list)}})));
  } else {
    std::string text;
    for (const policy::Change& change : changes) {
      text += ChangeText(change, ColourOf(STDOUT_FILENO));
    }
    AILERON_TRY(Print(fmt::format("{}{} of {} change\n", text, changes.size(), compared)));
  }
  return changes.empty() ? 0 : kExitFailure;
}

// The one that the line names.
const policy::Document& DocumentOf(const policy::Layers& layers, const std::string& file) {
  return layers.user.file == file ? layers.user : layers.project.front().document;
}

// What the line names: requests, commands, and what was recorded.
std::expected<std::vector<Subject>, Failure> NamedSubjects(const Parsed& parsed) {
  std::vector<Subject> subjects;
  for (const std::string& text : parsed.Values("--request")) {
    AILERON_ASSIGN(policy::Request request, policy::ParseRequest(text));
    subjects.push_back({.request = std::move(request), .command = {}});
  }
  for (const std::string& text : parsed.Values("--command")) {
    auto words = ShellWords(text);
    if (!words || words->empty() || words->front().empty()) {
      return Fail(Code::kInvalid, "--command: \"{}\" is no line that a shell would read",
                  Printable(text));
    }
    subjects.push_back({.request = {}, .command = *std::move(words)});
  }
  const std::string session = parsed.Value("--session");
  std::string since = parsed.Value("--since");
  if (!since.empty()) {
    AILERON_ASSIGN(since, SinceOf(since));
  }
  if (session.empty() && since.empty()) return subjects;
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(std::vector<Recorded> recorded, ReadWhole(client, session, since));
  for (Recorded& one : recorded) subjects.push_back(std::move(one.subject));
  return subjects;
}

bool NamesSubjects(const Parsed& parsed) {
  return std::ranges::any_of(
      std::to_array<std::string_view>({"--request", "--command", "--session", "--since"}),
      [&](std::string_view flag) { return parsed.Has(flag); });
}

Outcome RunDiff(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(const policy::Layers before, LayersWith(parsed, parsed.arguments.at(0)));
  AILERON_ASSIGN(const policy::Layers after, LayersWith(parsed, parsed.arguments.at(1)));
  AILERON_ASSIGN(std::vector<Subject> subjects, NamedSubjects(parsed));
  if (!NamesSubjects(parsed)) {
    for (const auto& [layers, file] :
         {std::pair(&before, parsed.arguments.at(0)), std::pair(&after, parsed.arguments.at(1))}) {
      for (Subject& subject : policy::Examples(DocumentOf(*layers, file))) {
        subjects.push_back(std::move(subject));
      }
    }
  }
  subjects = policy::Distinct(std::move(subjects));
  AILERON_ASSIGN(const policy::Evaluator old_rules, Evaluate(before));
  AILERON_ASSIGN(const policy::Evaluator new_rules, Evaluate(after));
  return PrintChanges(parsed, policy::Compare(old_rules, new_rules, subjects), subjects.size());
}

}  // namespace

std::vector<Command> PolicyCompareCommands() {
  std::vector<Flag> flags = {
      {"--request", "METHOD URL", "Compare what is said to this request", Repeat::kMany},
      {"--command", "LINE", "Compare what is said to this command, quoted as for a shell",
       Repeat::kMany},
      {"--session", "ID", "Compare what is said to all that this session did, as it was recorded"},
      {"--since", "TIME",
       "Compare what is said to all that was recorded from this time on, or from so long ago "
       "(2h)"}};
  for (const Flag& flag : PolicyFlags()) flags.push_back(flag);
  flags.push_back(kJsonFlag);
  const auto file = [](std::string_view name, std::string_view summary) {
    return Argument{.name = name, .summary = summary, .completes = Completes::kFile};
  };
  return {
      {.name = "diff",
       .summary = "Show what changes its verdict between two policy files",
       .text =
           "Without --request, --command, --session and --since an example of each rule of both "
           "files is compared, and each of their tests. A file called policy.yaml is taken for "
           "yours, any other for a "
           "project's that you trust, above your own. Either may be a pipe: in bash, <(git show "
           "main:aileron.yaml). Exits with 1 when anything changes.",
       .flags = flags,
       .arguments = {file("OLD", "The file as it was"), file("NEW", "The file as it is to be")},
       .examples = {{"aileron policy diff before.yaml aileron.yaml", "What an edit changes"}},
       .run = RunDiff}};
}

}  // namespace aileron::modes
