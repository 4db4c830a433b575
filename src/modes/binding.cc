// Tested by tests/vault/test_bindings.py.

#include <unistd.h>

#include "base/text.h"
#include "modes/api.h"
#include "modes/session_text.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

std::string PathOf(const Parsed& parsed) {
  return fmt::format("/v1/bindings/{}", PercentEncode(parsed.arguments.at(0)));
}

Result<std::uint16_t> Port(const Parsed& parsed) {
  const auto port = ParseInteger<std::uint16_t>(parsed.Value("--port"));
  if (!port || *port == 0) {
    return Fail(Code::kInvalid, "--port: \"{}\" is not a port", Printable(parsed.Value("--port")));
  }
  return *port;
}

// --from KEY=VALUE, given several times, as an object.
Result<Json> Settings(const Parsed& parsed, std::string_view flag) {
  Json settings = Json::object();
  for (const std::string& text : parsed.Values(flag)) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Fail(Code::kInvalid, "{}: \"{}\" must be KEY=VALUE", flag, Printable(text));
    }
    const std::string key = text.substr(0, equals);
    if (settings.contains(key)) {
      return Fail(Code::kInvalid, "{}: {} is given twice", flag, Printable(key));
    }
    settings[key] = text.substr(equals + 1);
  }
  return settings;
}

Outcome RunAdd(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  Json binding = {{"name", parsed.arguments.at(0)}, {"scheme", parsed.Value("--scheme", "bearer")}};
  for (const std::string_view needed : {"--host", "--credential"}) {
    if (!parsed.Has(needed)) {
      return Fail(Code::kInvalid,
                  "\"aileron binding add\" needs {}. See \"aileron binding add --help\"", needed);
    }
  }
  for (const std::string name :
       {"host", "credential", "username", "header", "template", "parameter", "cookie", "region",
        "service", "sentinel", "approval"}) {
    if (parsed.Has("--" + name)) binding[name] = parsed.Value("--" + name);
  }
  for (const std::string group : {"from", "oauth2"}) {
    if (!parsed.Has("--" + group)) continue;
    AILERON_ASSIGN(binding[group], Settings(parsed, "--" + group));
  }
  if (parsed.Has("--sentinel-file")) binding["sentinel_file"] = parsed.Value("--sentinel-file");
  if (parsed.Has("--sentinel-template")) {
    binding["sentinel_template"] = parsed.Value("--sentinel-template");
  }
  if (parsed.Has("--mask")) binding["mask"] = true;
  if (parsed.Has("--websocket-text")) binding["websocket_text"] = true;
  if (parsed.Has("--method")) binding["methods"] = parsed.Values("--method");
  if (parsed.Has("--path")) binding["paths"] = parsed.Values("--path");
  if (parsed.Has("--port")) {
    AILERON_ASSIGN(const std::uint16_t port, Port(parsed));
    binding["port"] = port;
  }
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_TRY(CallJson(client, "POST", "/v1/bindings", binding));
  return 0;
}

// What it is narrowed to: "GET,HEAD /a/** /b", or nothing.
std::string Scope(const Json& binding) {
  std::string scope;
  for (const Json& method : ListOf(binding, "methods")) {
    scope += (scope.empty() ? "" : ",") + method.get<std::string>();
  }
  for (const Json& path : ListOf(binding, "paths")) {
    scope += (scope.empty() ? "" : " ") + path.get<std::string>();
  }
  return scope;
}

// How the credential is written, in a few words.
std::string How(const Json& binding) {
  std::string how = TextOf(binding, "scheme");
  for (const char* detail : {"username", "header", "parameter", "cookie", "region", "service"}) {
    if (const std::string text = TextOf(binding, detail); !text.empty())
      how += fmt::format(" {}", text);
  }
  if (const std::string variable = TextOf(binding, "sentinel"); !variable.empty())
    how += fmt::format(" via ${}", variable);
  if (binding.contains("from")) {
    for (const char* kind : {"exec", "shell", "file", "hashicorp"}) {
      if (binding["from"].contains(kind)) how += fmt::format(" from {}", kind);
    }
  }
  if (const std::string file = TextOf(binding, "sentinel_file"); !file.empty())
    how += fmt::format(" via {}", file);
  if (TextOf(binding, "mask") == "true") how += ", masked";
  if (TextOf(binding, "websocket_text") == "true") how += ", in WebSockets";
  if (const std::string scope = Scope(binding); !scope.empty()) how += " for " + scope;
  if (!TextOf(binding, "approval").empty()) how += ", asked about";
  return how;
}

// What came of trying the sources that are not the vault, a line each. The exit code.
Outcome TellTried(const Json& bindings) {
  int code = 0;
  for (const Json& binding : bindings) {
    if (!binding.contains("tried")) continue;
    const Json& tried = binding["tried"];
    const std::string name = Printable(TextOf(binding, "credential"));
    if (TextOf(tried, "opened") == "true") {
      AILERON_TRY(Print(fmt::format("{} can be opened.\n", name)));
      continue;
    }
    code = kExitUnavailable;
    const std::string hint = TextOf(tried, "hint");
    AILERON_TRY(
        Print(fmt::format("{} cannot be opened: {}{}\n", name, Printable(TextOf(tried, "message")),
                          hint.empty() ? "" : fmt::format(" (hint: {})", Printable(hint)))));
  }
  return code;
}

Grid BindingGrid(const Json& bindings) {
  Grid grid({"NAME", "HOST", "CREDENTIAL", "HOW", "SOURCE", "ACTIVE", "WHY"});
  for (const Json& binding : bindings) {
    const bool active = TextOf(binding, "active") == "true";
    const std::string port = TextOf(binding, "port");
    std::string host = TextOf(binding, "host");
    if (!port.empty() && port != "443") host += ":" + port;
    grid.Add({TextOf(binding, "name"),
              host,
              TextOf(binding, "credential"),
              How(binding),
              TextOf(binding, "source"),
              {active ? "yes" : "no", active ? Style::kGreen : Style::kDim},
              TextOf(binding, "why")});
  }
  return grid;
}

// The exit code of an answer about all bindings. A file that is wrong is told: the bindings in
// force are then those that the daemon read before, and new sessions are refused.
int TellProblem(const Json& answer) {
  const std::string problem = TextOf(answer, "problem");
  if (problem.empty()) return 0;
  PrintError(problem);
  return kExitConfiguration;
}

Outcome RunList(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json answer, GetJson(client, "/v1/bindings"));
  const Json& bindings = ListOf(answer, "bindings");
  if (invocation.parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(bindings)));
  } else {
    PrintGrid(BindingGrid(bindings));
  }
  return TellProblem(answer);
}

Outcome RunShow(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json binding, GetJson(client, PathOf(invocation.parsed)));
  AILERON_TRY(Print(invocation.parsed.Has("--json")
                        ? Pretty(binding)
                        : FieldsText(binding, ColourOf(STDOUT_FILENO))));
  return 0;
}

Outcome RunRemove(const Invocation& invocation) {
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_TRY(client.Call({.method = "DELETE", .path = PathOf(invocation.parsed)}));
  return 0;
}

Outcome RunCheck(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  Json question = {{"host", parsed.arguments.at(0)}};
  if (parsed.Has("--port")) {
    AILERON_ASSIGN(const std::uint16_t port, Port(parsed));
    question["port"] = port;
  }
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json answer, CallJson(client, "POST", "/v1/bindings/check", question));
  if (parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(answer)));
    return TellProblem(answer);
  }
  if (const int problem = TellProblem(answer); problem != 0) return problem;
  const Json& bindings = ListOf(answer, "bindings");
  if (bindings.empty()) {
    AILERON_TRY(Print(fmt::format("No binding: requests to {} go out as they are.\n",
                                  Printable(TextOf(answer, "host")))));
    return 0;
  }
  PrintGrid(BindingGrid(bindings));
  AILERON_TRY(Print(fmt::format("\nThe vault is {}.\n", Printable(TextOf(answer, "vault")))));
  return TellTried(bindings);
}

}  // namespace

Command BindingVerb() {
  const Argument name{"NAME", "The binding's name"};
  const Flag port{"--port", "N", "The port, if it is not 443"};
  return {
      .text =
          "A binding says which host gets which credential, and how it is written "
          "into a request. "
          "Requests to a bound host whose credential is missing or locked fail; they never go out "
          "without it. "
          "A credential is kept in the vault, or where --from says: a command such as a password "
          "manager, a file, or HashiCorp Vault. "
          "Built-in bindings for known services come into force when the vault has their "
          "credential.",
      .commands = {
          {.name = "add",
           .summary = "Add a binding",
           .flags =
               {{"--host", "HOST", "The host, or *.DOMAIN for all below it (needed)"},
                port,
                {"--credential", "NAME",
                 "The name of the credential in the vault, or of one from elsewhere (needed)"},
                {.name = "--scheme",
                 .value = "SCHEME",
                 .summary = "How it is written; bearer if not given",
                 .choices =
                     "bearer|basic|header-template|query-param|cookie|sigv4-resign|mtls|oauth2"},
                {"--username", "NAME",
                 "basic: the user's name; without it the credential is user:password"},
                {"--header", "NAME", "header-template: the header's name"},
                {"--template", "TEXT", "header-template: the header's value, with {secret} in it"},
                {"--parameter", "NAME", "query-param: the parameter's name"},
                {"--cookie", "NAME", "cookie: its name; the client's other cookies stay"},
                {"--region", "NAME", "sigv4-resign: sign for this region alone"},
                {"--service", "NAME", "sigv4-resign: sign for this service alone"},
                {"--sentinel", "VARIABLE",
                 "Give the sandbox a look-alike in this variable, and swap only that on the wire"},
                {"--sentinel-file", "PATH",
                 "Give the look-alike in this file of the sandbox, ~/… or below /tmp"},
                {"--sentinel-template", "TEXT",
                 "The content of that file, with {sentinel} in it; without it only that"},
                {"--mask", "", "Mask the secret in answers that echo it"},
                {"--websocket-text", "",
                 "Swap the look-alike in the text messages of WebSockets, too"},
                {.name = "--approval",
                 .value = "WHEN",
                 .summary = "Ask you before a session uses the credential for the first time",
                 .choices = "first-use"},
                {"--method", "METHOD", "Only for requests with this method; may be repeated",
                 Repeat::kMany},
                {"--path", "PATTERN",
                 "Only for these paths: /a/* is one segment, /a/** all below; may be repeated",
                 Repeat::kMany},
                {.name = "--oauth2",
                 .value = "KEY=VALUE",
                 .summary =
                     "oauth2: how an access token is asked for: token_url=URL, "
                     "grant=client_credentials|refresh_token, client_id=, client_secret= (an entry "
                     "of the vault, for refresh_token), client_auth=basic|post, scope=, ca=FILE. "
                     "The credential is the client's secret or the refresh token",
                 .repeat = Repeat::kMany},
                {.name = "--from",
                 .value = "KEY=VALUE",
                 .summary =
                     "Where the credential is, if not in the vault: one of exec=COMMAND, "
                     "shell=LINE, file=PATH and hashicorp=URL, and what belongs to it: "
                     "take=line|whole, timeout=DURATION; mount=, path=, field=, token= (an entry "
                     "of the vault) or token_file=, namespace=, ca= for hashicorp; cache=DURATION",
                 .repeat = Repeat::kMany}},
           .arguments = {name},
           .examples =
               {{"aileron binding add work-api --host=api.example.com --credential=token/work",
                 "A bearer token"},
                {"aileron binding add key --host=api.example.com --credential=token/key "
                 "--scheme=header-template --header=x-api-key --template='{secret}'",
                 "A header of its own"},
                {"aileron binding add aws --host='*.amazonaws.com' --credential=aws/work "
                 "--scheme=sigv4-resign",
                 "Requests signed again; the credential is "
                 "ACCESS_KEY_ID:SECRET_ACCESS_KEY[:TOKEN]"},
                {"aileron binding add corp --host=api.corp.example --credential=cert/corp "
                 "--scheme=mtls",
                 "A client certificate; the credential is its key, it and its chain in PEM"},
                {"aileron binding add mine --host=api.example.com --credential=token/mine "
                 "--method=GET --path='/repos/me/**'",
                 "Only for reading below one path; other requests go out as they are"},
                {"aileron binding add work-api --host=api.example.com --credential=token/work "
                 "--from=exec=/usr/local/bin/work-token --from=cache=5m",
                 "From a command such as a password manager, kept for five minutes"}},
           .run = RunAdd},
          {.name = "list",
           .summary = "List bindings, and whether they are in force",
           .flags = {kJsonFlag},
           .run = RunList},
          {.name = "show",
           .summary = "Show one binding",
           .flags = {kJsonFlag},
           .arguments = {name},
           .run = RunShow},
          {.name = "remove",
           .summary = "Remove one of your bindings",
           .arguments = {name},
           .run = RunRemove},
          {.name = "check",
           .summary = "Tell which binding a host would get, and try to open its credential",
           .flags = {port, kJsonFlag},
           .arguments = {{"HOST", "The host's name"}},
           .run = RunCheck}}};
}

}  // namespace aileron::modes
