// Tested by tests/shim/test_operations.py.

#include <fcntl.h>
#include <unistd.h>

#include <iostream>

#include "base/text.h"
#include "connector/connector_yaml.h"
#include "connector/limits.h"
#include "connector/openapi.h"
#include "connector/tools.h"
#include "modes/api.h"
#include "modes/terminal.h"
#include "modes/verbs.h"
#include "os/fd.h"

namespace aileron::modes {

namespace {

// A file, and what it describes.
struct Spec {
  std::string text;
  connector::Connector connector;
};

Result<Spec> ReadSpec(const std::string& path) {
  AILERON_ASSIGN(std::string text, os::ReadFile(path, connector::limits::kFileMax));
  AILERON_ASSIGN(connector::Connector read, connector::ParseConnector(text, path));
  const connector::Connector* const alone[] = {&read};
  AILERON_TRY(connector::CheckTools(alone, {}));
  return Spec{std::move(text), std::move(read)};
}

Json Shown(const connector::Connector& connector) {
  const connector::Reach reach = connector::ReachOf(connector);
  return {{"fqn", connector.fqn},
          {"version", connector.version},
          {"tools", reach.tools},
          {"operations", connector.operations.size()},
          {"asking", reach.asking},
          {"hosts", reach.hosts},
          {"credentials", reach.credentials}};
}

std::string Listed(const Json& words) {
  std::vector<std::string> list;
  for (const Json& word : words) list.push_back(Printable(word.get<std::string>()));
  return list.empty() ? "none" : fmt::format("{}", fmt::join(list, ", "));
}

std::string ReachText(const Json& reach) {
  return fmt::format(
      "{} {}\n  tools        {}\n  operations   {}, of which {} ask a person first\n"
      "  hosts        {}\n  credentials  {}\n",
      Printable(TextOf(reach, "fqn")), Printable(TextOf(reach, "version")), Listed(reach["tools"]),
      TextOf(reach, "operations"), TextOf(reach, "asking"), Listed(reach["hosts"]),
      Listed(reach["credentials"]));
}

std::expected<bool, Failure> Confirmed(const Parsed& parsed) {
  if (parsed.Has("--yes")) return true;
  if (!isatty(STDIN_FILENO)) {
    return std::unexpected(
        Failure(kExitUsage, {Code::kDenied, "nobody can be asked here; say --yes to install it"}));
  }
  AILERON_TRY(Print("Install it for every session? [y/N] "));
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

Outcome RunAdd(const Invocation& invocation) {
  const std::string& path = invocation.parsed.arguments.at(0);
  AILERON_ASSIGN(const Spec spec, ReadSpec(path));
  AILERON_TRY(Print(ReachText(Shown(spec.connector))));
  AILERON_ASSIGN(const bool yes, Confirmed(invocation.parsed));
  if (!yes) {
    PrintNote("nothing was installed");
    return kExitDenied;
  }
  AILERON_ASSIGN(control::Client client, Connected());
  // What was shown is what is installed, whatever happens to the file meanwhile.
  AILERON_ASSIGN(const os::Fd sealed, os::MemoryFileHolding(spec.text));
  const int descriptor = sealed.get();
  const std::string body = Json({{"file", path}}).dump();
  AILERON_TRY(client.Call(
      {.method = "POST", .path = "/v1/connectors", .body = body, .descriptors = {&descriptor, 1}}));
  PrintNote(fmt::format("installed: {} {}", spec.connector.fqn, spec.connector.version));
  return 0;
}

Outcome RunList(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json answer, GetJson(client, "/v1/connectors"));
  const Json& list = ListOf(answer, "connectors");
  if (const std::string problem = TextOf(answer, "problem"); !problem.empty()) PrintError(problem);
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(list)));
    return 0;
  }
  if (list.empty()) {
    PrintNote("no connector is installed; \"aileron connector add FILE\" installs one");
    return 0;
  }
  Grid grid({"CONNECTOR", "VERSION", "TOOLS", "OPERATIONS", "SUMMARY"});
  for (const Json& one : list) {
    std::vector<std::string> tools;
    for (const Json& tool : ListOf(one, "tools")) {
      if (tool.is_string()) tools.push_back(tool.get<std::string>());
    }
    grid.Add({TextOf(one, "fqn"), TextOf(one, "version"), fmt::format("{}", fmt::join(tools, " ")),
              TextOf(one, "operations"), TextOf(one, "summary")});
  }
  PrintGrid(grid);
  return 0;
}

Outcome RunShow(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json shown,
                 GetJson(client, fmt::format("/v1/connectors/{}",
                                             PercentEncode(invocation.parsed.arguments.at(0)))));
  AILERON_TRY(Print(invocation.parsed.Has("--json") ? Pretty(shown) : TextOf(shown, "spec")));
  return 0;
}

Outcome RunRemove(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_TRY(client.Call({.method = "DELETE",
                           .path = fmt::format("/v1/connectors/{}",
                                               PercentEncode(invocation.parsed.arguments.at(0)))}));
  return 0;
}

Outcome RunCheck(const Invocation& invocation) {
  Json all = Json::array();
  for (const std::string& path : invocation.parsed.arguments) {
    AILERON_ASSIGN(const Spec spec, ReadSpec(path));
    all.push_back(Shown(spec.connector));
    if (!invocation.parsed.Has("--json")) AILERON_TRY(Print(ReachText(all.back())));
  }
  if (invocation.parsed.Has("--json")) AILERON_TRY(Print(Pretty(all)));
  return 0;
}

Outcome RunImport(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  const std::string& path = parsed.arguments.at(1);
  AILERON_ASSIGN(const std::string text, os::ReadFile(path, connector::limits::kFileMax));
  connector::ImportOptions options{.fqn = parsed.Value("--name"),
                                   .version = parsed.Value("--version-number"),
                                   .tool = parsed.Value("--tool"),
                                   .hosts = parsed.Values("--host"),
                                   .credential = parsed.Value("--credential"),
                                   .include = parsed.Values("--include")};
  AILERON_ASSIGN(const connector::Imported imported, connector::ImportOpenApi(text, path, options));
  const std::string written = connector::WriteConnector(imported.connector);
  const std::string target = parsed.Value("--output");
  if (target.empty()) {
    AILERON_TRY(Print(written));
  } else {
    AILERON_TRY(os::ReplaceFile(target, written, 0644));
  }
  PrintNote(imported.report.Text());
  for (const connector::CredentialHint& hint : imported.credentials) {
    PrintNote(fmt::format("its operations want the credential {} ({}{}{})", hint.credential,
                          hint.scheme, hint.name.empty() ? "" : " ", hint.name));
  }
  return 0;
}

}  // namespace

Command ConnectorVerb() {
  const Argument file{
      .name = "FILE", .summary = "A connector spec, YAML or JSON", .completes = Completes::kFile};
  const Argument name{"CONNECTOR", "Its name, as \"aileron connector list\" shows it"};
  return {
      .text =
          "A connector describes the operations of a site once. From it come commands in every "
          "sandbox, their flags and help, the question that a person is asked before something "
          "is changed, and what the audit log says. Operations are run by the daemon, with "
          "credentials that no sandbox sees.",
      .commands = {
          {.name = "add",
           .summary = "Install a connector",
           .flags = {{"--yes", "", "Ask nothing"}},
           .arguments = {file},
           .examples = {{"aileron connector add api.yaml",
                         "Install it, after showing what it reaches"}},
           .run = RunAdd},
          {.name = "list",
           .summary = "List installed connectors",
           .flags = {kJsonFlag},
           .run = RunList},
          {.name = "show",
           .summary = "Show the spec of a connector",
           .flags = {kJsonFlag},
           .arguments = {name},
           .run = RunShow},
          {.name = "remove",
           .summary = "Remove a connector",
           .arguments = {name},
           .run = RunRemove},
          {.name = "check",
           .summary = "Check specs, and show what they reach",
           .flags = {kJsonFlag},
           .arguments = {{"FILE", "Connector specs", Arity::kAny, {}, Completes::kFile}},
           .run = RunCheck},
          {.name = "import",
           .summary = "Write a spec from an OpenAPI document",
           .text = "Takes OpenAPI 3.0 and 3.1 and Swagger 2.0, in JSON or YAML, and reports what "
                   "it left out and why. Look at the spec before you install it.",
           .flags = {{"--name", "NAME", "The connector's name, such as example.com/api"},
                     {"--version-number", "VERSION", "Its version, instead of the document's"},
                     {"--tool", "NAME", "The command in the sandbox"},
                     {"--host", "HOST", "Instead of the document's servers", Repeat::kMany},
                     {"--credential", "NAME", "What every operation needs, a vault entry's name"},
                     {"--include", "TAG|PATH", "Only these tags, /paths, or \"METHOD /path\"s",
                      Repeat::kMany},
                     {.name = "--output",
                      .value = "FILE",
                      .summary = "Write there instead of standard output",
                      .completes = Completes::kFile,
                      .letter = "-o"}},
           .arguments =
               {{.name = "FORMAT", .summary = "What FILE is", .choices = "openapi"},
                {.name = "FILE", .summary = "The document", .completes = Completes::kFile}},
           .examples = {{"aileron connector import openapi api.json -o api.yaml", "Write a spec"}},
           .run = RunImport}}};
}

}  // namespace aileron::modes
