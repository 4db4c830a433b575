// Tested by tests/shim/test_operations.py.

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "base/text.h"
#include "connector/connector_yaml.h"
#include "connector/limits.h"
#include "connector/openapi.h"
#include "connector/tools.h"
#include "modes/api.h"
#include "modes/connector_text.h"
#include "modes/limits.h"
#include "modes/spec_source.h"
#include "modes/terminal.h"
#include "modes/verbs.h"
#include "os/fd.h"

namespace aileron::modes {

namespace {

SpecPlace PlaceOf(const Parsed& parsed, const std::string& where) {
  return {.where = where, .signature = parsed.Value("--signature"), .ca = parsed.Value("--ca")};
}

// The daemon's word on the specs, which it reads itself, and their signatures.
enum class Wish { kCheck, kInstall, kInstallConfirmed };
Result<Json> Offer(control::Client& client, const std::vector<SpecFile>& specs, Wish wish) {
  Json offer = {{"specs", Json::array()},
                {"check", wish == Wish::kCheck},
                {"confirmed", wish == Wish::kInstallConfirmed}};
  std::string bytes;
  for (const SpecFile& spec : specs) {
    bytes += spec.text;
    offer["specs"].push_back(
        {{"file", spec.name}, {"size", spec.text.size()}, {"signature", spec.signature}});
  }
  AILERON_ASSIGN(const os::Fd file, os::MemoryFileHolding(bytes));
  const int descriptor = file.get();
  const std::string body = Compact(offer);
  AILERON_ASSIGN(const control::Response answer, client.Call({.method = "POST",
                                                              .path = "/v1/connectors",
                                                              .body = body,
                                                              .descriptors = {&descriptor, 1},
                                                              .deadline = limits::specs_wait}));
  AILERON_ASSIGN(const Json answered, ParseJson(answer.body, "the daemon's answer"));
  return ListOf(answered, "connectors");
}

Status PrintReach(const Json& connectors) {
  for (const Json& one : connectors) AILERON_TRY(Print(ReachText(one, WidthOf(STDOUT_FILENO))));
  return {};
}

// How they may be installed; kCheck: not at all.
std::expected<Wish, Failure> Decide(const Parsed& parsed, const Json& connectors) {
  const std::string reasons = ReasonsText(connectors);
  if (reasons.empty()) return Wish::kInstall;
  if (parsed.Has("--yes")) return Wish::kInstallConfirmed;
  AILERON_TRY(Print(reasons));
  if (!isatty(STDIN_FILENO)) {
    return std::unexpected(Failure(
        kExitUsage,
        {Code::kDenied, "nobody can be asked here. Look at what it reaches, and say --yes"}));
  }
  tcflush(STDIN_FILENO, TCIFLUSH);  // what was typed before is no answer
  AILERON_TRY(Print(connectors.size() == 1 ? "Install it for every session? [y/N] "
                                           : fmt::format("Install all {} for every session? [y/N] ",
                                                         connectors.size())));
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes" ? Wish::kInstallConfirmed : Wish::kCheck;
}

Outcome RunAdd(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  // Read once: what is shown is what is installed, whatever happens to the files meanwhile.
  AILERON_ASSIGN(const std::vector<SpecFile> specs,
                 ReadSpecs(PlaceOf(parsed, parsed.arguments.at(0))));
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json offered, Offer(client, specs, Wish::kCheck));
  AILERON_TRY(PrintReach(offered));
  AILERON_ASSIGN(const Wish decided, Decide(parsed, offered));
  if (decided == Wish::kCheck) {
    PrintNote("nothing was installed");
    return kExitDenied;
  }
  AILERON_ASSIGN(const Json installed, Offer(client, specs, decided));
  for (const Json& one : installed) {
    PrintNote(fmt::format("installed: {} {}, signed by {}", TextOf(one, "fqn"),
                          TextOf(one, "version"), SignerText(one)));
  }
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
  Grid grid({"CONNECTOR", "VERSION", "TOOLS", "OPERATIONS", "SIGNED BY", "SUMMARY"});
  for (const Json& one : list) {
    std::vector<std::string> tools;
    for (const Json& tool : ListOf(one, "tools")) {
      if (tool.is_string()) tools.push_back(tool.get<std::string>());
    }
    grid.Add({TextOf(one, "fqn"), TextOf(one, "version"), fmt::format("{}", fmt::join(tools, " ")),
              TextOf(one, "operations"), SignerText(one), TextOf(one, "summary")});
  }
  PrintGrid(grid);
  return 0;
}

Outcome RunShow(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json shown,
                 GetJson(client, fmt::format("/v1/connectors/{}",
                                             PercentEncode(invocation.parsed.arguments.at(0)))));
  AILERON_TRY(Print(invocation.parsed.Has("--json")
                        ? Pretty(shown)
                        : SignedComment(shown) + TextOf(shown, "spec")));
  return 0;
}

Outcome RunRemove(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_TRY(client.Call({.method = "DELETE",
                           .path = fmt::format("/v1/connectors/{}",
                                               PercentEncode(invocation.parsed.arguments.at(0)))}));
  return 0;
}

// What the daemon says of them: whether they fit what is installed, and who signed them. Nothing
// where there is no daemon to ask: a spec can be checked anywhere.
Result<Json> CheckedByDaemon(const std::vector<SpecFile>& specs) {
  if (specs.empty() || getenv("AILERON_SESSION_ID") != nullptr) return Json();
  auto client = Connected();
  if (client) return Offer(*client, specs, Wish::kCheck);
  PrintNote(fmt::format("not compared with what is installed: {}", client.error().error.message));
  return Json();
}

Outcome RunCheck(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  std::vector<SpecFile> specs;
  for (const std::string& where : parsed.arguments) {
    AILERON_ASSIGN(std::vector<SpecFile> some, ReadSpecs(PlaceOf(parsed, where)));
    std::ranges::move(some, std::back_inserter(specs));
  }
  std::vector<connector::Connector> read;
  Json alone = Json::array();
  for (const SpecFile& spec : specs) {
    AILERON_ASSIGN(connector::Connector one, connector::ParseConnector(spec.text, spec.name));
    alone.push_back(ConnectorJson(one));
    read.push_back(std::move(one));
  }
  std::vector<const connector::Connector*> beside;
  for (const connector::Connector& one : read) beside.push_back(&one);
  AILERON_TRY(connector::CheckTools(beside));
  AILERON_ASSIGN(const Json checked, CheckedByDaemon(specs));
  const Json& shown = checked.is_null() ? alone : checked;
  AILERON_TRY(parsed.Has("--json") ? Print(Pretty(shown)) : PrintReach(shown));
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
  for (const std::string_view line : Split(imported.report.Text(), '\n')) {
    if (!line.empty()) PrintNote(line);
  }
  for (const connector::CredentialHint& hint : imported.credentials) {
    PrintNote(fmt::format("its operations want the credential {} ({}{}{})", hint.credential,
                          hint.scheme, hint.name.empty() ? "" : " ", hint.name));
  }
  return 0;
}

}  // namespace

Command ConnectorVerb() {
  const Argument place{.name = "FILE|FOLDER|URL",
                       .summary = "A spec in YAML or JSON, a folder of them, or where one is",
                       .completes = Completes::kFile};
  const Argument name{"CONNECTOR", "Its name, as \"aileron connector list\" shows it"};
  const Flag signature{.name = "--signature",
                       .value = "FILE",
                       .summary = "Its signature, if that is not FILE.minisig beside it",
                       .completes = Completes::kFile};
  const Flag ca{.name = "--ca",
                .value = "FILE",
                .summary = "Trust these certificate authorities (PEM) too, for a URL",
                .completes = Completes::kFile};
  return {
      .text =
          "A connector describes the operations of a site once. From it come commands in every "
          "sandbox, their flags and help, the question that a person is asked before something "
          "is changed, and what the audit log says. Operations are run by the daemon, with "
          "credentials that no sandbox sees.",
      .commands = {
          {.name = "add",
           .summary = "Install connectors",
           .text =
               "Shows what they reach before anything is installed. One with a good signature of "
               "minisign (FILE.minisig beside it) by a key of your keyring is installed; one that "
               "nobody has signed, or that takes the place of another signer's or of a later one, "
               "needs your yes. A signature that is bad, or by a key that you do not know, is "
               "always refused. Of several all are installed or none. One of the same name is "
               "replaced.",
           .flags = {{"--yes", "", "Ask nothing"}, signature, ca},
           .arguments = {place},
           .examples = {{"aileron connector add api.yaml",
                         "Install it, after showing what it reaches"},
                        {"aileron connector add https://example.com/api.yaml",
                         "The same from the web, with https://example.com/api.yaml.minisig"}},
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
           .text =
               "Says what \"aileron connector add\" would say, and installs nothing. Where no "
               "daemon can be asked, as in a sandbox, specs are compared with each other alone.",
           .flags = {kJsonFlag, signature, ca},
           .arguments = {{.name = "FILE|FOLDER|URL",
                          .summary = "Connector specs",
                          .arity = Arity::kAny,
                          .completes = Completes::kFile}},
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
