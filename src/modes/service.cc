// Tested by tests/shim/test_services.py.

// Services: run inside a sandbox and asked of its init there; published on the host and asked of
// the daemon here.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "modes/api.h"
#include "modes/result_text.h"
#include "modes/service_text.h"
#include "modes/terminal.h"
#include "modes/verbs.h"
#include "service/limits.h"
#include "service/mapping.h"
#include "shim/limits.h"
#include "shim/service_client.h"

namespace aileron::modes {

namespace {

using service::Done;

std::unexpected<Failure> Misused(std::string_view flag, const Error& error) {
  return std::unexpected(
      Failure(kExitUsage, {Code::kInvalid, fmt::format("{}: {}", flag, error.message)}));
}

// The services that the answer is about.
Result<std::vector<service::Report>> AskInit(const service::Request& request) {
  AILERON_ASSIGN(auto client, shim::ServiceClient::Ask(request));
  AILERON_ASSIGN(const service::Answer answer, client.Next(shim::limits::kInitAnswerWait));
  if (const auto* error = std::get_if<Error>(&answer)) return std::unexpected(*error);
  const auto* done = std::get_if<Done>(&answer);
  if (done == nullptr) return Fail(Code::kInternal, "the sandbox's init answers out of turn");
  return done->services;
}

std::string CurrentFolder() {
  std::string folder(4096, '\0');
  if (getcwd(folder.data(), folder.size()) == nullptr) return "/";
  folder.resize(folder.find('\0'));
  return folder;
}

// A port of the sandbox's own; others' machines are for a person to let in.
Result<std::uint16_t> OwnPort(std::string_view text) {
  AILERON_ASSIGN(const service::Place place, service::ParsePlace(text));
  if (place.port == 0) return Fail(Code::kInvalid, "name the port that the service listens on");
  if (!place.loopback()) {
    return Fail(Code::kInvalid,
                "other machines are let in by a person alone, on the host: \"aileron service "
                "publish SESSION {} -p {}\"",
                place.port, place.ToString());
  }
  return place.port;
}

std::expected<service::Spec, Failure> SpecOf(const Parsed& parsed) {
  service::Spec spec;
  spec.name = parsed.arguments.at(0);
  spec.command.assign(parsed.arguments.begin() + 1, parsed.arguments.end());
  for (char** variable = environ; *variable != nullptr; ++variable)
    spec.environment.emplace_back(*variable);
  spec.folder = CurrentFolder();
  for (const std::string& text : parsed.Values("--publish")) {
    const auto port = OwnPort(text);
    if (!port) return Misused("--publish", port.error());
    if (std::ranges::find(spec.ports, *port) == spec.ports.end()) spec.ports.push_back(*port);
  }
  spec.restart =
      service::ParseRestart(parsed.Value("--restart", NameOf(spec.restart))).value_or(spec.restart);
  spec.health.command = parsed.Value("--health");
  if (parsed.Has("--health-port")) {
    const auto port = OwnPort(parsed.Value("--health-port"));
    if (!port) return Misused("--health-port", port.error());
    spec.health.port = *port;
  }
  AILERON_TRY(CheckSpec(spec));
  return spec;
}

// Of a port that is not published: what a person has to type. The id is this sandbox's.
std::string NotPublished(const service::Report& report, const service::Port& port) {
  const char* session = getenv("AILERON_SESSION_ID");
  return fmt::format(
      "{} runs, but port {} is not published: {}. On the host, \"aileron service publish {} {}\" "
      "does it",
      report.name, port.number,
      port.refusal.empty() ? "the launcher did not answer" : OneLine(port.refusal),
      session == nullptr ? "SESSION" : session, report.name);
}

Outcome RunRun(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(service::Spec spec, SpecOf(parsed));
  AILERON_ASSIGN(const auto reports, AskInit(service::RunIt{std::move(spec)}));
  if (parsed.Has("--json")) AILERON_TRY(Print(Pretty(ServicesJson(reports))));
  int code = 0;
  for (const service::Report& report : reports) {
    for (const service::Port& port : report.ports) {
      if (port.address.empty()) {
        PrintNote(NotPublished(report, port));
        code = kExitDenied;
      } else if (!parsed.Has("--json")) {
        PrintNote(
            fmt::format("port {} of {} is {} on the host", port.number, report.name, port.address));
      }
    }
  }
  return code;
}

Outcome RunStop(const Invocation& invocation) {
  AILERON_ASSIGN(const auto reports, AskInit(service::StopIt{invocation.parsed.arguments.at(0)}));
  if (invocation.parsed.Has("--json")) AILERON_TRY(Print(Pretty(ServicesJson(reports))));
  return 0;
}

Outcome RunRestart(const Invocation& invocation) {
  AILERON_ASSIGN(const auto reports,
                 AskInit(service::RestartIt{invocation.parsed.arguments.at(0)}));
  if (invocation.parsed.Has("--json")) AILERON_TRY(Print(Pretty(ServicesJson(reports))));
  return 0;
}

Outcome RunLogs(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  service::ShowLog request{
      .name = parsed.arguments.at(0), .tail = std::nullopt, .follow = parsed.Has("--follow")};
  if (parsed.Has("--tail")) {
    request.tail = ParseInteger<std::uint32_t>(parsed.Value("--tail"));
    if (!request.tail || *request.tail == UINT32_MAX)
      return Misused("--tail", {Code::kInvalid, "a number of lines"});
  }
  AILERON_TRY(service::CheckName(request.name));
  AILERON_ASSIGN(auto client, shim::ServiceClient::Ask(request));
  const std::optional<Duration> wait =
      request.follow ? std::nullopt : std::optional(shim::limits::kInitAnswerWait);
  const Shown shown = ShownAt(STDOUT_FILENO);
  while (true) {
    AILERON_ASSIGN(const service::Answer answer, client.Next(wait));
    if (const auto* error = std::get_if<Error>(&answer)) return std::unexpected(Failure(*error));
    const auto* piece = std::get_if<service::LogPiece>(&answer);
    if (piece == nullptr) return 0;
    AILERON_TRY(Print(LogText(piece->bytes, shown)));
  }
}

Outcome ListInside(const Parsed& parsed) {
  if (!parsed.arguments.empty()) {
    return std::unexpected(
        Failure(kExitUsage, {Code::kInvalid, "a sandbox sees its own services alone: no SESSION"}));
  }
  AILERON_ASSIGN(const auto reports, AskInit(service::ListAll{}));
  const Json services = ServicesJson(reports);
  if (parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(services)));
  } else if (services.empty()) {
    PrintNote("no service yet. \"aileron service run NAME -- COMMAND\" starts one");
  } else {
    PrintGrid(ServiceGrid(services));
  }
  return 0;
}

Outcome ListOutside(const Parsed& parsed) {
  AILERON_ASSIGN(control::Client client, Connected());
  Json sessions = Json::array();
  if (!parsed.arguments.empty()) {
    AILERON_ASSIGN(Json one, GetJson(client, fmt::format("/v1/sessions/{}",
                                                         PercentEncode(parsed.arguments[0]))));
    sessions.push_back(std::move(one));
  } else {
    AILERON_ASSIGN(const Json answer, GetJson(client, "/v1/sessions"));
    sessions = ListOf(answer, "sessions");
  }
  const Json rows = SessionServices(sessions);
  if (parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(rows)));
  } else if (Grid grid = SessionServiceGrid(rows); grid.empty()) {
    PrintNote("no service runs, and no port is published");
  } else {
    PrintGrid(grid);
  }
  return 0;
}

Outcome RunList(const Invocation& invocation) {
  return shim::HasApi() ? ListInside(invocation.parsed) : ListOutside(invocation.parsed);
}

Outcome RunPublish(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  const std::string& target = parsed.arguments.at(1);
  Json body = Json::object();
  if (const auto port = ParseInteger<std::uint16_t>(target); port && *port != 0) {
    body["port"] = *port;
  } else if (service::IsName(target)) {
    body["service"] = target;
  } else {
    return Misused("NAME|PORT", {Code::kInvalid, fmt::format("\"{}\" is neither a service nor a "
                                                             "port",
                                                             Printable(target))});
  }
  service::Place place;
  if (parsed.Has("--publish")) {
    const auto given = service::ParsePlace(parsed.Value("--publish"));
    if (!given) return Misused("--publish", given.error());
    place = *given;
  }
  body["host"] = place.host.ToString();
  body["host_port"] = place.port;
  AILERON_ASSIGN(control::Client client, Connected());
  const std::string path =
      fmt::format("/v1/sessions/{}/published", PercentEncode(parsed.arguments.at(0)));
  AILERON_ASSIGN(const Json answer, CallJson(client, "POST", path, body));
  if (!place.loopback())
    PrintNote(fmt::format("{} can be reached by other machines", TextOf(answer, "address")));
  AILERON_TRY(
      Print(parsed.Has("--json") ? Pretty(answer) : Printable(TextOf(answer, "address")) + "\n"));
  return 0;
}

Outcome RunUnpublish(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(control::Client client, Connected());
  const std::string path =
      fmt::format("/v1/sessions/{}/published/{}", PercentEncode(parsed.arguments.at(0)),
                  PercentEncode(parsed.arguments.at(1)));
  AILERON_TRY(client.Call({.method = "DELETE", .path = path}));
  return 0;
}

const Argument kName{"NAME", "What the service is called"};
const Argument kSession{"SESSION", "The session's id, as \"aileron session list\" shows it"};
const Argument kTarget{"NAME|PORT", "A service that named its port, or a port of the sandbox"};

Command RunCommand() {
  return {.name = "run",
          .summary = "Inside: start a program that is kept running",
          .text =
              "The program runs beside the agent, with this shell's environment and folder and "
              "behind the same walls, until it is stopped or the sandbox ends. When it ends it "
              "is started again, after a pause that grows, ten times in a row at most. What it "
              "prints is kept, the last 256 KiB of it: see \"aileron service logs\". Its "
              "standard input is empty.\n\n"
              "--publish asks for the port to be reached from the host. It is given where the "
              "launch said so (\"--publish\" with that port, or \"--publish-services\"); else "
              "this ends with 77, though the service runs, and says what a person has to type.",
          .flags = {{.name = "--publish",
                     .value = "[HOST:]PORT",
                     .summary = "Let the host reach this port of the service",
                     .repeat = Repeat::kMany,
                     .letter = "-p"},
                    {"--health-port", "PORT", "It is healthy when this port can be connected to"},
                    {"--health", "COMMAND", "It is healthy when this shell command ends with 0"},
                    {.name = "--restart",
                     .value = "WHEN",
                     .summary = "When to start it again; on-failure if not given",
                     .choices = "no|on-failure|always"},
                    kJsonFlag},
          .arguments = {kName,
                        {"COMMAND",
                         "What to run, with its own arguments",
                         Arity::kRest,
                         {},
                         Completes::kCommand}},
          .examples = {{"aileron service run web -p 3000 --health-port 3000 -- npm run dev",
                        "A dev server that the host may see"}},
          .run = RunRun};
}

}  // namespace

Command ServiceVerb() {
  const Flag follow{
      .name = "--follow", .value = "", .summary = "And what comes, until Ctrl-C", .letter = "-f"};
  const Flag place{.name = "--publish",
                   .value = "[HOST:]PORT",
                   .summary = "Where on this machine; a free port of 127.0.0.1 if not given",
                   .letter = "-p"};
  return {.text =
              "A service is a program that a sandbox keeps running beside its agent, such as a "
              "dev server or a database. The agent starts, stops and reads it inside; on the "
              "host it is listed, and a port of the sandbox is published: connections to an "
              "address of this machine are passed to it. The sandbox gets no way out by that.",
          .commands = {
              RunCommand(),
              {.name = "list",
               .summary = "List services, and where they are published",
               .flags = {kJsonFlag},
               .arguments = {{"SESSION", "On the host: of this session alone", Arity::kOptional}},
               .run = RunList},
              {.name = "logs",
               .summary = "Inside: show what a service printed",
               .flags = {follow, {"--tail", "N", "The last N lines"}},
               .arguments = {kName},
               .run = RunLogs},
              {.name = "stop",
               .summary = "Inside: end a service",
               .text = "SIGTERM, and SIGKILL after five seconds, to its process group.",
               .flags = {kJsonFlag},
               .arguments = {kName},
               .run = RunStop},
              {.name = "restart",
               .summary = "Inside: end a service, if it runs, and start it anew",
               .flags = {kJsonFlag},
               .arguments = {kName},
               .run = RunRestart},
              {.name = "publish",
               .summary = "On the host: let this machine reach a port of a sandbox",
               .text = "Prints the address. Another host than 127.0.0.1 or [::1], such as "
                       "0.0.0.0, lets other machines in.",
               .flags = {place, kJsonFlag},
               .arguments = {kSession, kTarget},
               .examples = {{"aileron service publish 01KB0S5C8T3V9PAHD0QW6KFZ3M web -p "
                             "8080",
                             "At 127.0.0.1:8080"}},
               .run = RunPublish},
              {.name = "unpublish",
               .summary = "On the host: close what was published, and its connections",
               .arguments = {kSession, kTarget},
               .run = RunUnpublish}}};
}

}  // namespace aileron::modes
