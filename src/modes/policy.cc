// Tested by tests/policy/test_policy_files.py.

// aileron policy: checks, explains and compares policy files, which needs no daemon.
#include <unistd.h>

#include <ranges>

#include "base/request_scope.h"
#include "base/text.h"
#include "modes/api.h"
#include "modes/policy_source.h"
#include "modes/policy_text.h"
#include "modes/policy_verbs.h"
#include "modes/verbs.h"
#include "policy/document_yaml.h"
#include "policy/profile.h"
#include "trust/files.h"

namespace aileron::modes {

namespace {

using policy::Subject;

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

// --- check

// A named file is put in its place beside the others.
std::expected<policy::Layers, Failure> CheckedLayers(const Parsed& parsed) {
  if (parsed.arguments.empty()) return LayersOf(parsed);
  return LayersWith(parsed, parsed.arguments.front());
}

struct Checked {
  policy::Layers layers;
  std::vector<policy::Warning> warnings;
  std::vector<policy::Widening> opens;
};

// Whatever program is launched by them.
std::expected<Checked, Failure> Check(const Parsed& parsed) {
  Checked checked;
  AILERON_ASSIGN(checked.layers, CheckedLayers(parsed));
  AILERON_TRY(Evaluate(checked.layers));
  for (const policy::Document* document : policy::Documents(checked.layers)) {
    for (const policy::AgentSections& agent : document->agents) {
      policy::Layers launched = checked.layers;
      launched.agent = agent.name;
      AILERON_TRY(Evaluate(launched));
    }
  }
  Status names = policy::CheckServiceNames(policy::Merge(checked.layers));
  if (!names) return std::unexpected(BadPolicy(std::move(names.error())));
  checked.warnings = policy::Warnings(checked.layers);
  auto opens = policy::Widenings(checked.layers);
  if (!opens) return std::unexpected(BadPolicy(std::move(opens.error())));
  checked.opens = *std::move(opens);
  return checked;
}

Json CheckJson(const Checked& checked) {
  Json json = {{"valid", true},
               {"user", checked.layers.user.file},
               {"warnings", Json::array()},
               {"opens", Json::array()}};
  const std::vector<policy::ProjectFile>& project = checked.layers.project;
  if (!project.empty()) json["project"] = project.front().document.file;
  for (const policy::ProjectFile& one : project | std::views::drop(1)) {
    json["outer"].push_back(one.document.file);
  }
  for (const policy::Warning& warning : checked.warnings) {
    json["warnings"].push_back(WarningJson(warning));
  }
  for (const policy::Widening& one : checked.opens) json["opens"].push_back(WideningJson(one));
  return json;
}

std::string CheckText(const Checked& checked) {
  std::string text;
  for (const policy::Warning& warning : checked.warnings) {
    text += WarningText(warning, ColourOf(STDOUT_FILENO));
  }
  for (const policy::ProjectFile& file : checked.layers.project) {
    const std::string& path = file.document.file;
    std::vector<policy::Widening> opens = checked.opens;
    std::erase_if(opens, [&](const policy::Widening& one) { return one.file != path; });
    if (opens.empty()) continue;
    text += fmt::format("{} opens, once you trust it:\n{}", Printable(path), WideningText(opens));
  }
  const std::size_t count = checked.warnings.size();
  return fmt::format("{}valid, {} warning{}\n", text, count, count == 1 ? "" : "s");
}

Outcome RunCheck(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  const bool json = parsed.Has("--json");
  auto checked = Check(parsed);
  if (!checked) {
    if (json) {
      AILERON_TRY(Print(Pretty({{"valid", false}, {"message", checked.error().error.message}})));
    }
    return std::unexpected(std::move(checked.error()));
  }
  AILERON_TRY(Print(json ? Pretty(CheckJson(*checked)) : CheckText(*checked)));
  return checked->warnings.empty() || !parsed.Has("--strict") ? 0 : kExitFailure;
}

// --- explain

// One word that holds a URL, or a method and a URL, is a request; all else is a command.
Result<Subject> SubjectOf(const std::vector<std::string>& words) {
  const bool two = words.size() == 2 && IsMethodName(words[0]);
  if ((words.size() == 1 || two) && words.back().contains("://")) {
    AILERON_ASSIGN(policy::Request request, policy::ParseRequest(Join(words, " ")));
    return Subject{.request = std::move(request), .command = {}};
  }
  if (words.front().empty()) return Fail(Code::kInvalid, "the command is empty");
  return Subject{.request = {}, .command = words};
}

Outcome RunExplain(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(Subject subject, SubjectOf(parsed.arguments));
  subject.by = parsed.Value("--by");
  AILERON_ASSIGN(const policy::Layers layers, LayersOf(parsed));
  AILERON_ASSIGN(const policy::Evaluator evaluator, Evaluate(layers));
  const policy::Opinion opinion = policy::OpinionOn(evaluator, subject);
  AILERON_TRY(Print(parsed.Has("--json") ? Pretty(OpinionJson(subject, opinion))
                                         : OpinionText(subject, opinion, ColourOf(STDOUT_FILENO))));
  return 0;
}

// --- test

struct CaseFile {
  std::string file;
  std::vector<policy::Case> cases;
};

// Those in the files, and those beside the project's; or the ones that the line names.
std::expected<std::vector<CaseFile>, Failure> CaseFiles(const Parsed& parsed,
                                                        const policy::Layers& layers) {
  std::vector<CaseFile> files;
  std::vector<std::string> named = parsed.arguments;
  if (named.empty()) {
    files.push_back({layers.user.file, layers.user.tests});
    for (const policy::ProjectFile& one : layers.project) {
      const std::string& project = one.document.file;
      files.push_back({project, one.document.tests});
      const std::string beside =
          project.substr(0, project.rfind('/') + 1) + std::string(trust::kCasesFile);
      if (Exists(beside)) named.push_back(beside);
    }
  }
  for (const std::string& path : named) {
    AILERON_ASSIGN(const std::string text, ReadNamedFile(path));
    auto cases = policy::ParseCases(text, path);
    if (!cases) return std::unexpected(BadPolicy(std::move(cases.error())));
    files.push_back({path, *std::move(cases)});
  }
  return files;
}

Outcome RunTest(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(const policy::Layers layers, LayersOf(parsed));
  AILERON_ASSIGN(const std::vector<CaseFile> files, CaseFiles(parsed, layers));
  AILERON_ASSIGN(const policy::Evaluator evaluator, Evaluate(layers));
  std::size_t passed = 0, failed = 0;
  std::string text;
  Json results = Json::array();
  for (const CaseFile& file : files) {
    for (const policy::CaseResult& result : policy::RunCases(evaluator, file.cases)) {
      ++(result.passed() ? passed : failed);
      if (!result.passed()) text += CaseText(file.file, result, ColourOf(STDOUT_FILENO));
      results.push_back(CaseJson(file.file, result));
    }
  }
  if (parsed.Has("--json")) {
    AILERON_TRY(
        Print(Pretty({{"passed", passed}, {"failed", failed}, {"tests", std::move(results)}})));
  } else {
    AILERON_TRY(Print(fmt::format("{}{} passed, {} failed\n", text, passed, failed)));
  }
  if (passed + failed == 0) PrintNote("no file holds tests: write some below \"tests:\"");
  return failed == 0 ? 0 : kExitFailure;
}

// --- show, schema

Outcome RunShow(const Invocation& invocation) {
  const auto profile = policy::ParseProfile(invocation.parsed.arguments.at(0));
  const std::string_view text = policy::ProfileText(*profile);
  const Json json = {{"profile", policy::Name(*profile)}, {"yaml", text}};
  AILERON_TRY(Print(invocation.parsed.Has("--json") ? Pretty(json) : std::string(text)));
  return 0;
}

Outcome RunSchema(const Invocation&) {
  AILERON_TRY(Print(policy::DocumentSchema()));
  return 0;
}

std::vector<Flag> With(std::vector<Flag> more) {
  std::vector<Flag> flags = PolicyFlags();
  flags.insert(flags.begin(), more.begin(), more.end());
  flags.push_back(kJsonFlag);
  return flags;
}

}  // namespace

Command PolicyVerb() {
  Command verb{
      .text =
          "A policy says what an agent may reach, run, see and be given. It stands in files: "
          "aileron.yaml at a project's root, policy.yaml in the folder of your configuration, and "
          "the profiles that are built in (\"aileron policy show guarded\"). Deny beats ask beats "
          "allow, in any order and file. A project's file narrows what your own allows; what it "
          "would open is not in force before you trust it (\"aileron policy trust\"). Files that "
          "change while a session runs are picked up; one that is wrong leaves the last good one "
          "in force, and you are told.\n\n"
          "These commands read files and need no session, so they fit a pipeline: test and diff "
          "exit with 1 when something fails or differs, a file that is wrong with 78.",
      .commands = {
          {.name = "check",
           .summary = "Check policy files, and warn of rules that do nothing or too much",
           .text =
               "Mistakes come with file, line and column. Warnings: \"unreachable\" (a stronger "
               "rule covers all of it), \"shadowed\" (another rule says it already), "
               "\"too-wide\" (allows what nobody can vouch for). Then what the project's file "
               "would open once you trust it.",
           .flags = With({{"--strict", "", "Exit with 1 when there are warnings"}}),
           .arguments = {{"FILE",
                          "Put in the place of your file if it is called policy.yaml, else of the "
                          "project's files",
                          Arity::kOptional,
                          {},
                          Completes::kFile}},
           .examples = {{"aileron policy check", "Your file and the one of this folder"},
                        {"aileron policy check --strict aileron.yaml", "In a pipeline"}},
           .run = RunCheck},
          {.name = "explain",
           .summary = "Say what becomes of a request or a command, and by which rule",
           .flags = With({{"--by", "PROGRAM",
                           "Who does it, as a rule names it; a program that no rule names if not "
                           "given"}}),
           .arguments = {{"REQUEST or COMMAND", "METHOD URL, or a program with its arguments",
                          Arity::kRest}},
           .examples = {{"aileron policy explain 'GET https://api.github.com/user'", "A request"},
                        {"aileron policy explain --by gh 'GET https://api.github.com/user'",
                         "The same of one program"},
                        {"aileron policy explain -- git push --force", "A command"}},
           .run = RunExplain},
          {.name = "test",
           .summary = "Run the tests that policy files hold",
           .text = "A test names a request or a command and the verdict it expects. Tests stand "
                   "below \"tests:\" in a policy file, or in aileron.test.yaml beside it. The "
                   "project's file counts as trusted, unless --untrusted is given.",
           .flags = With({}),
           .arguments = {{"FILE",
                          "Files of tests, instead of those in and beside the policy",
                          Arity::kAny,
                          {},
                          Completes::kFile}},
           .run = RunTest},
          {.name = "show",
           .summary = "Print a built-in profile",
           .flags = {kJsonFlag},
           .arguments = {{.name = "PROFILE", .summary = "Which", .choices = "open|guarded|locked"}},
           .run = RunShow},
          {.name = "schema",
           .summary = "Print the JSON Schema of policy files, for editors",
           .run = RunSchema}}};
  for (Command& more : PolicyCompareCommands()) verb.commands.push_back(std::move(more));
  for (Command& more : PolicyLearnCommands()) verb.commands.push_back(std::move(more));
  for (Command& more : PolicyTrustCommands()) verb.commands.push_back(std::move(more));
  return verb;
}

}  // namespace aileron::modes
