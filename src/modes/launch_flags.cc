#include "modes/launch_flags.h"

#include <unistd.h>

#include <cmath>
#include <cstdlib>

#include "base/text.h"
#include "changes/store.h"
#include "command/rules.h"
#include "keep/keeper.h"
#include "launch/environment.h"
#include "modes/limits.h"
#include "os/fd.h"
#include "policy/network.h"
#include "policy/request_rules.h"
#include "proxy/limits.h"
#include "proxy/opaque.h"
#include "proxy/timeouts.h"
#include "proxy/upstream_proxy.h"
#include "sandbox/spec.h"
#include "sandbox/walls.h"
#include "service/mapping.h"

namespace aileron::modes {

namespace {

bool IsPort(std::string_view text) {
  const auto port = ParseInteger<std::uint16_t>(text);
  return port && *port != 0;
}

// Who has a terminal sees the question there is; a script is better told at once to come back.
Status ReadAsking(const Parsed& parsed, launch::Options& options) {
  options.unattended = parsed.Has("--unattended");
  if (!parsed.Has("--hold")) {
    const bool seen = isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0;
    options.hold = std::chrono::seconds(seen ? limits::hold_on_terminal_s : 0);
    return {};
  }
  if (options.unattended) {
    return Fail(Code::kInvalid,
                "--hold waits for a person, and --unattended asks none; leave one of them out");
  }
  options.hold_given = true;
  const auto hold = ParseDuration(parsed.Value("--hold"));
  if (!hold) return Wrap(hold.error(), "--hold");
  options.hold = std::chrono::duration_cast<std::chrono::seconds>(*hold);
  if (*hold < Duration::zero() || *hold > proxy::limits::hold_max) {
    return Fail(Code::kInvalid, "--hold: from 0s to {}", FormatDuration(proxy::limits::hold_max));
  }
  return {};
}

}  // namespace

bool IsKept() { return std::getenv(keep::kKept) != nullptr; }

namespace {

// A descriptor that the caller opened for us.
Result<std::optional<int>> DescriptorOf(const Parsed& parsed, std::string_view flag) {
  if (!parsed.Has(flag)) return std::nullopt;
  const auto number = ParseInteger<int>(parsed.Value(flag));
  if (number && *number >= 3) return number;
  return Fail(Code::kInvalid,
              "{}: \"{}\" is not a descriptor from 3 up; 0 to 2 are the agent's as well", flag,
              Printable(parsed.Value(flag)));
}

// What is told of that nobody is asked.
Status ReadReport(const Parsed& parsed, launch::Options& options) {
  options.report = parsed.Value("--report");
  options.fail_on_denied = parsed.Has("--fail-on-denied");
  for (const char* flag : {"--report", "--report-fd", "--fail-on-denied"}) {
    if (parsed.Has(flag) && !options.unattended) {
      return Fail(Code::kInvalid, "{} is about what is denied unasked, and needs --unattended",
                  flag);
    }
  }
  if (parsed.Has("--report-fd") && parsed.Has("--report")) {
    return Fail(Code::kInvalid, "--report and --report-fd: there is one report; leave one out");
  }
  AILERON_ASSIGN(options.report_fd, DescriptorOf(parsed, "--report-fd"));
  AILERON_ASSIGN(options.session_fd, DescriptorOf(parsed, "--session-fd"));
  if (parsed.Has("--detach") && options.report_fd) {
    return Fail(Code::kInvalid,
                "--report-fd: a launch that goes on by itself has none of your descriptors; write "
                "--report FILE");
  }
  if (parsed.Has("--detach") && options.session_fd && !IsKept()) {
    return Fail(Code::kInvalid, "--session-fd: --detach prints the session's id by itself");
  }
  return {};
}

// Takes "name" or "[v6]" and the colon behind it off the front; empty when there is neither.
std::string_view TakeHost(std::string_view& rest) {
  const std::size_t end = rest.starts_with('[') ? rest.find(']') + 1 : rest.find(':');
  if (end == 0 || end == std::string_view::npos) return {};
  const std::string_view host = rest.substr(0, end);
  rest.remove_prefix(end);
  return host;
}

Result<double> ParseCpus(const std::string& text) {
  char* end = nullptr;
  const double cpus = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != '\0' || !std::isfinite(cpus) || cpus <= 0 || cpus > 10'000) {
    return Fail(Code::kInvalid,
                "--cpus: \"{}\" is not a number of processors; write it as 2 or 1.5", text);
  }
  return cpus;
}

Status CheckVariable(std::string_view entry) {
  const std::string_view name = entry.substr(0, entry.find('='));
  if (name.empty() || name.find('\0') != std::string_view::npos) {
    return Fail(Code::kInvalid,
                "--env: \"{}\" is not a variable; write it as NAME=VALUE, or NAME to pass yours on",
                Printable(entry));
  }
  return {};
}

Status ReadEnvironment(const Parsed& parsed, launch::Options& options) {
  // What stands on the command line wins over files, and so comes last.
  for (const std::string& path : parsed.Values("--env-file")) {
    auto text = os::ReadFile(path, limits::environment_file_bytes);
    if (!text) return Wrap(std::move(text).error(), "--env-file");
    AILERON_ASSIGN(std::vector<std::string> lines, launch::ParseEnvFile(*text, path));
    for (std::string& line : lines) options.environment.push_back(std::move(line));
  }
  for (const std::string& entry : parsed.Values("--env")) {
    AILERON_TRY(CheckVariable(entry));
    options.environment.push_back(entry);
  }
  return {};
}

Status ReadResources(const Parsed& parsed, sandbox::Resources& resources) {
  if (parsed.Has("--memory")) {
    auto bytes = sandbox::ParseBytes(parsed.Value("--memory"));
    if (!bytes) return Wrap(std::move(bytes).error(), "--memory");
    resources.memory_bytes = *bytes;
  }
  if (parsed.Has("--pids")) {
    resources.pids = ParseInteger<std::uint64_t>(parsed.Value("--pids"));
    if (!resources.pids || *resources.pids == 0) {
      return Fail(Code::kInvalid, "--pids: \"{}\" is not a number of processes",
                  parsed.Value("--pids"));
    }
  }
  if (parsed.Has("--cpus")) {
    AILERON_ASSIGN(resources.cpus, ParseCpus(parsed.Value("--cpus")));
  }
  return {};
}

Status ReadWalls(const Parsed& parsed, launch::Options& options) {
  if (parsed.Has("--allow-nested")) options.nesting = sandbox::Nesting::kAllowed;
  for (const std::string& text : parsed.Values("--require")) {
    auto names = sandbox::ParseWalls(text);
    if (!names) return Wrap(std::move(names).error(), "--require");
    for (std::string& name : *names) {
      if (name == "landlock" && parsed.Has("--allow-nested")) {
        return Fail(Code::kInvalid,
                    "--require landlock and --allow-nested contradict each other: a process behind "
                    "Landlock cannot mount, not even in a namespace of its own");
      }
      options.require.push_back(std::move(name));
    }
  }
  return {};
}

// The first of the variables that is set and not empty.
std::string_view Environment(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

// The proxy's URL from where --upstream-proxy says; only there may it hold a password.
Result<Secret> ProxyUrlText(const std::string& value) {
  if (value == "env") {
    const std::string_view url =
        Environment({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
    if (url.empty()) {
      return Fail(Code::kInvalid,
                  "--upstream-proxy env: neither HTTPS_PROXY nor ALL_PROXY is set; name the proxy");
    }
    return Secret(url);
  }
  if (!value.starts_with('@')) return Secret(value);
  auto text = os::ReadFile(value.substr(1), limits::proxy_url_bytes);
  if (!text) return Wrap(std::move(text).error(), "--upstream-proxy");
  Secret url(Trim(*text));
  Wipe({text->data(), text->size()});
  return url;
}

Status ReadUpstreamProxy(const Parsed& parsed, launch::Options& options) {
  const std::string value = parsed.Value("--upstream-proxy");
  if (value.empty()) {
    for (const char* flag : {"--upstream-proxy-credential", "--no-proxy"}) {
      if (parsed.Has(flag)) return Fail(Code::kInvalid, "{} needs --upstream-proxy", flag);
    }
    return {};
  }
  AILERON_ASSIGN(const Secret text, ProxyUrlText(value));
  auto url = proxy::ParseProxyUrl(text.Reveal());
  if (!url) return Fail(Code::kInvalid, "--upstream-proxy: {}", url.error().message);
  const bool argument = value != "env" && !value.starts_with('@');
  if (argument && !url->password.empty()) {
    return Fail(Code::kInvalid,
                "--upstream-proxy: a password on the command line is seen by every user of this "
                "machine. Store it with \"aileron secret set\" and name it with "
                "--upstream-proxy-credential, or keep the URL in a file: --upstream-proxy @FILE");
  }
  options.upstream_proxy_credential = parsed.Value("--upstream-proxy-credential");
  if (!options.upstream_proxy_credential.empty() && !url->password.empty()) {
    return Fail(Code::kInvalid,
                "--upstream-proxy-credential: the proxy's URL has a password already");
  }
  if (!url->username.empty() && url->password.empty() &&
      options.upstream_proxy_credential.empty()) {
    return Fail(Code::kInvalid,
                "--upstream-proxy: the URL names a user without a password; name the vault entry "
                "that holds it with --upstream-proxy-credential");
  }
  options.upstream_proxy = url->Plain();
  options.upstream_proxy_password = std::move(url->password);
  options.no_proxy = parsed.Value("--no-proxy");
  if (value == "env" && !parsed.Has("--no-proxy")) {
    options.no_proxy = Environment({"no_proxy", "NO_PROXY"});
    return {};  // as other programs do, entries that mean nothing are passed over
  }
  return proxy::CheckNoProxy(options.no_proxy);
}

}  // namespace

Status CheckConnectTo(std::string_view text) {
  const auto bad = [&] {
    return Fail(
        Code::kInvalid,
        "--connect-to: \"{}\" is not HOST:PORT:ADDRESS[:PORT], such as api.test:443:127.0.0.1:8443",
        Printable(text));
  };
  std::string_view rest = text;
  if (TakeHost(rest).empty() || !rest.starts_with(':')) return bad();
  rest.remove_prefix(1);
  const std::string_view port = rest.substr(0, rest.find(':'));
  if (!IsPort(port) || port.size() == rest.size()) return bad();
  rest.remove_prefix(port.size() + 1);
  std::string_view address = rest;
  if (rest.starts_with('[') || rest.find(':') != std::string_view::npos) {
    address = TakeHost(rest);
    if (!rest.empty() && (rest[0] != ':' || !IsPort(rest.substr(1)))) return bad();
  }
  return address.empty() ? Status(bad()) : Status();
}

namespace {

// What cannot be read as a pattern is told before anything is started.
Status ReadCommands(const Parsed& parsed, launch::CommandOptions& options) {
  using command::Action;
  for (const auto& [action, into] :
       {std::pair(Action::kAllow, &options.allow), std::pair(Action::kAsk, &options.ask),
        std::pair(Action::kDeny, &options.deny), std::pair(Action::kRecord, &options.record)}) {
    const std::string flag = fmt::format("--command-{}", command::Name(action));
    *into = parsed.Values(flag);
    for (const std::string& pattern : *into) {
      const auto compiled = command::CommandRules::Compile(
          {{.layer = command::Layer::kFlag, .action = action, .pattern = pattern, .id = flag}});
      if (!compiled) return Fail(Code::kInvalid, "{}", compiled.error().message);
    }
  }
  options.otherwise = parsed.Value("--command-default", options.otherwise);
  return {};
}

}  // namespace

namespace {

// A folder; "overlay" or "overlay:FOLDER" for a copy of it; the one of a session that goes on.
Status ReadWorkspace(const Parsed& parsed, launch::Options& options) {
  constexpr std::string_view copy = "overlay";
  std::string value = parsed.Value("--workspace");
  if (value == copy || value.starts_with("overlay:")) {
    options.workspace_copy = true;
    value.erase(0, std::min(value.size(), copy.size() + 1));
    if (parsed.Has("--read-only")) {
      return Fail(Code::kInvalid,
                  "--workspace=overlay is for a workspace that is written; leave --read-only out");
    }
  }
  options.workspace = value;
  options.keep = parsed.Has("--keep");
  options.resume = parsed.Value("--resume");
  if (options.resume.empty()) return {};
  AILERON_ASSIGN(const os::Paths paths, os::FindPaths());
  AILERON_ASSIGN(const changes::Copy before, changes::Find(paths, options.resume));
  if (options.workspace.empty()) options.workspace = before.facts.workspace;
  return {};
}

}  // namespace

std::expected<launch::Options, Failure> LaunchOptions(const Parsed& parsed) {
  launch::Options options;
  options.command = parsed.arguments;
  options.sandbox = parsed.Value("--sandbox", options.sandbox);
  options.profile = parsed.Value("--profile", options.profile);
  if (parsed.Has("--no-devcontainer")) {
    for (const char* flag : {"--config", "--setup"}) {
      if (!parsed.Has(flag)) continue;
      return Fail(Code::kInvalid, "{} is about the devcontainer.json; leave --no-devcontainer out",
                  flag);
    }
  }
  options.allow = parsed.Values("--allow");
  options.deny = parsed.Values("--deny");
  options.workdir = parsed.Value("--workdir");
  AILERON_TRY(ReadWorkspace(parsed, options));
  for (const std::string_view flag : {"--allow", "--deny"}) {
    for (const std::string& rule : parsed.Values(flag)) {
      const auto action = flag == "--allow" ? policy::Action::kAllow : policy::Action::kDeny;
      if (auto target = policy::ParseFlagRule(action, rule); !target)
        return Fail(Code::kInvalid, "{}: {}", flag, target.error().message);
    }
  }
  options.ask = parsed.Values("--ask");
  for (const std::string& text : options.ask) {
    if (auto rule = policy::ParseRequestRule(policy::Action::kAsk, text); !rule)
      return Fail(Code::kInvalid, "--ask: {}", rule.error().message);
  }
  AILERON_TRY(ReadCommands(parsed, options.commands));
  options.learn = parsed.Has("--learn");
  if (options.learn) {
    if (parsed.Has("--profile")) {
      return Fail(Code::kInvalid, "--learn has the profile open; leave --profile out");
    }
    options.profile = policy::Name(policy::Profile::kOpen);
  }
  options.allow_write = parsed.Values("--allow-write");
  if (parsed.Has("--read-only")) options.workspace_access = sandbox::Access::kReadOnly;
  for (const std::string& text : parsed.Values("--mount")) {
    auto mount = sandbox::ParseMount(text);
    if (!mount)
      return std::unexpected(Failure({Code::kInvalid, "--mount: " + mount.error().message}));
    options.mounts.push_back(std::move(*mount));
  }
  for (const std::string& text : parsed.Values("--connect-to")) {
    AILERON_TRY(CheckConnectTo(text));
    options.connect_to.push_back(text);
  }
  if (const Status read = ReadEnvironment(parsed, options); !read) {
    return std::unexpected(Failure(kExitUsage, read.error()));
  }
  AILERON_TRY(ReadResources(parsed, options.resources));
  AILERON_TRY(ReadWalls(parsed, options));
  if (const Status read = ReadUpstreamProxy(parsed, options); !read) {
    return std::unexpected(Failure(kExitUsage, read.error()));
  }
  AILERON_TRY(ReadAsking(parsed, options));
  for (const std::string& text : parsed.Values("--publish")) {
    auto mapping = service::ParseMapping(text);
    if (!mapping) return Fail(Code::kInvalid, "--publish: {}", mapping.error().message);
    options.publishing.mappings.push_back(*mapping);
  }
  options.publishing.by_services = parsed.Has("--publish-services");
  AILERON_TRY(ReadReport(parsed, options));
  options.opaque = parsed.Values("--opaque");
  if (auto hosts = proxy::OpaqueHosts::Parse(options.opaque); !hosts)
    return std::unexpected(Failure(std::move(hosts.error())));
  options.timeouts = parsed.Values("--timeout");
  for (const std::string& setting : options.timeouts) {
    proxy::Timeouts unused;
    const Status readable = proxy::ApplyTimeout(setting, unused);
    if (!readable) return Fail(Code::kInvalid, "--timeout: {}", readable.error().message);
  }
  if (parsed.Has("--upstream-ca")) {
    auto pem = os::ReadFile(parsed.Value("--upstream-ca"), limits::ca_file_bytes);
    if (!pem)
      return std::unexpected(
          Failure(kExitUsage, {pem.error().code, "--upstream-ca: " + pem.error().message}));
    if (pem->find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
      return Fail(Code::kInvalid, "--upstream-ca: {} holds no certificate in PEM",
                  parsed.Value("--upstream-ca"));
    }
    options.upstream_ca = std::move(*pem);
  }
  const std::string tty = parsed.Value("--tty", "auto");
  options.status_line = parsed.Has("--status-line");
  if (options.status_line && tty == "never") {
    return Fail(Code::kInvalid,
                "--status-line is a row of the command's own terminal; leave --tty=never out");
  }
  options.tty = tty == "always"  ? launch::Tty::kAlways
                : tty == "never" ? launch::Tty::kNever
                                 : launch::Tty::kAuto;
  return options;
}

}  // namespace aileron::modes
