#include "daemon/session_request.h"

#include <nlohmann/json.hpp>

#include "base/host_pattern.h"
#include "base/text.h"
#include "daemon/limits.h"
#include "daemon/members.h"
#include "daemon/request.h"
#include "proxy/limits.h"
#include "session/limits.h"
#include "vault/entry_name.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

Status ParseNetwork(const json& object, session::NetworkRequest& network) {
  if (!object.is_object()) return Fail(Code::kInvalid, "\"network\" must be an object");
  Members members(object, "network.");
  AILERON_TRY(members.Text("profile", network.profile, 32));
  AILERON_TRY(members.Texts("allow", network.allow, limits::kNetworkRules, limits::kBodyMax));
  AILERON_TRY(members.Texts("deny", network.deny, limits::kNetworkRules, limits::kBodyMax));
  AILERON_TRY(members.Texts("ask", network.ask, limits::kNetworkRules, limits::kBodyMax));
  AILERON_TRY(members.Text("upstream_proxy", network.upstream_proxy, limits::kPathBytes));
  AILERON_TRY(members.Text("upstream_proxy_credential", network.upstream_proxy_credential, 200));
  AILERON_TRY(members.Text("no_proxy", network.no_proxy, proxy::limits::no_proxy_max));
  AILERON_TRY(
      members.Texts("opaque", network.opaque, session::limits::kOpaqueMax, limits::kCommandBytes));
  AILERON_TRY(members.Texts("timeouts", network.timeouts, session::limits::kTimeoutsMax, 4096));
  std::int64_t hold_s = 0;
  AILERON_TRY(members.Number("hold_s", hold_s));
  network.hold = std::chrono::seconds(hold_s);
  if (hold_s < 0 || network.hold > proxy::limits::hold_max) {
    return Fail(Code::kInvalid, "\"network.hold_s\" is a number from 0 to {}",
                std::chrono::seconds(proxy::limits::hold_max).count());
  }
  AILERON_TRY(members.Flag("unattended", network.unattended));
  AILERON_TRY(members.Flag("learn", network.learn));
  return members.Done();
}

// The rules of the launch's own flags.
Status ParseCommands(const json& object, session::CommandRequest& commands) {
  if (!object.is_object()) return Fail(Code::kInvalid, "\"commands\" must be an object");
  Members members(object, "commands.");
  for (const auto action : {command::Action::kAllow, command::Action::kAsk, command::Action::kDeny,
                            command::Action::kRecord}) {
    std::vector<std::string> patterns;
    const std::string name(command::Name(action));
    AILERON_TRY(members.Texts(name.c_str(), patterns, limits::kCommandRules, limits::kBodyMax));
    for (std::string& pattern : patterns) {
      std::string id = fmt::format("--command-{} {}", name, Printable(pattern));
      commands.rules.push_back({.layer = command::Layer::kFlag,
                                .action = action,
                                .pattern = std::move(pattern),
                                .id = std::move(id)});
    }
  }
  std::string otherwise(command::Name(commands.otherwise));
  AILERON_TRY(members.Text("default", otherwise, 16));
  AILERON_TRY(members.Done());
  const auto action = command::ParseAction(otherwise);
  if (!action) return Fail(Code::kInvalid, "\"commands.default\" is allow, ask or deny");
  commands.otherwise = *action;
  auto compiled = command::CommandRules::Compile(commands.rules, commands.otherwise);
  if (!compiled) return std::unexpected(std::move(compiled.error()));
  return {};
}

}  // namespace

Result<SessionRequest> ParseSessionRequest(std::string_view text) {
  AILERON_ASSIGN(const json object, ObjectIn(text));
  SessionRequest request;
  session::Session& session = request.session;
  Members members(object, "");
  AILERON_TRY(members.Texts("command", session.command, 1 << 16, limits::kCommandBytes));
  AILERON_TRY(members.Text("workspace", session.workspace, limits::kPathBytes));
  AILERON_TRY(members.Text("driver", session.driver, 64));
  AILERON_TRY(members.Text("tier", session.tier, 64));
  AILERON_TRY(members.Text("image", session.image, limits::kPathBytes));
  AILERON_TRY(members.Number("pid", session.launcher_pid));
  if (const json* network = members.Take("network"); network != nullptr) {
    AILERON_TRY(ParseNetwork(*network, request.network));
  }
  if (const json* commands = members.Take("commands"); commands != nullptr) {
    AILERON_TRY(ParseCommands(*commands, request.commands));
  }
  std::vector<std::string> project;
  AILERON_TRY(members.Texts("project_policies", project, session::limits::kPolicyFilesMax,
                            session::limits::kPolicyFilesMax * limits::kPathBytes));
  for (std::string& path : project) {
    if (!path.starts_with('/')) {
      return Fail(Code::kInvalid, "\"project_policies\" are absolute paths of files");
    }
    request.network.project.emplace_back(std::move(path), "");
  }
  AILERON_TRY(members.Text("upstream_ca", request.network.upstream_ca, limits::kUpstreamCa));
  AILERON_TRY(members.Texts("connect_to", request.network.connect_to, limits::kConnectTo,
                            limits::kCommandBytes));
  AILERON_TRY(members.Flag("tell_waiting", request.tell_waiting));
  std::string resume;
  AILERON_TRY(members.Text("resume", resume, limits::kBodyMax));
  AILERON_TRY(members.Done());
  if (!resume.empty()) {
    auto sealed = Base64Decode(resume);
    if (!sealed) return Fail(Code::kInvalid, "\"resume\" is not base64");
    request.resume = std::move(*sealed);
  } else if (session.command.empty()) {
    return Fail(Code::kInvalid, "\"command\" is missing");
  }
  const std::string& ca = request.network.upstream_ca;
  if (!ca.empty() && ca.find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    return Fail(Code::kInvalid, "--upstream-ca: the file holds no PEM certificate");
  }
  return request;
}

namespace {

Result<policy::Network> CompileNetwork(const session::NetworkRequest& request,
                                       policy::Profile profile, std::vector<policy::Rule> rules) {
  for (const auto& [action, texts] : {std::pair(policy::Action::kAllow, &request.allow),
                                      std::pair(policy::Action::kDeny, &request.deny)}) {
    for (const std::string& text : *texts) {
      auto rule = policy::ParseFlagRule(action, text);
      if (!rule)
        return Wrap(std::move(rule.error()), "--{} {}", policy::Name(action), Printable(text));
      rules.push_back(std::move(*rule));
    }
  }
  AILERON_ASSIGN(const proxy::OpaqueHosts opaque, proxy::OpaqueHosts::Parse(request.opaque));
  for (const std::string& entry : opaque.Entries()) {
    AILERON_ASSIGN(policy::Rule rule, policy::ParseFlagRule(policy::Action::kAllow, entry));
    rule.id = fmt::format("--opaque {}", entry);
    rules.push_back(std::move(rule));
  }
  return policy::Network::Compile(profile, rules);
}

Result<policy::RequestRules> CompileRequests(const session::NetworkRequest& request,
                                             std::vector<policy::RequestRule> rules) {
  for (const std::string& text : request.ask) {
    auto rule = policy::ParseRequestRule(policy::Action::kAsk, text);
    if (!rule) return Wrap(std::move(rule.error()), "--ask");
    rules.push_back(std::move(*rule));
  }
  return policy::RequestRules::Compile(std::move(rules));
}

}  // namespace

namespace {

Result<proxy::UpstreamProxy> CompileProxy(const session::NetworkRequest& request,
                                          const Secret& password) {
  proxy::UpstreamProxy compiled;
  if (request.upstream_proxy.empty()) return compiled;
  auto url = proxy::ParseProxyUrl(request.upstream_proxy);
  if (!url) return Wrap(std::move(url.error()), "--upstream-proxy");
  compiled.host = std::move(url->host);
  compiled.port = url->port;
  compiled.username = std::move(url->username);
  compiled.no_proxy = request.no_proxy;
  if (!request.upstream_proxy_credential.empty()) {
    AILERON_TRY(vault::CheckName(request.upstream_proxy_credential));
    compiled.credential = request.upstream_proxy_credential;
  } else if (!password.empty()) {
    compiled.credential = kLaunchCredential;
  }
  return compiled;
}

}  // namespace

Result<SessionSettings> CompileSettings(const session::NetworkRequest& request,
                                        const Secret& proxy_password, policy::Merged merged) {
  AILERON_ASSIGN(policy::Programs programs,
                 policy::Programs::Compile(merged.hosts, merged.requests, merged.credentials));
  AILERON_ASSIGN(policy::Network network,
                 CompileNetwork(request, merged.profile, std::move(merged.hosts)));
  AILERON_ASSIGN(policy::RequestRules requests,
                 CompileRequests(request, std::move(merged.requests)));
  if (request.learn) {
    merged.commands.push_back({.layer = command::Layer::kFlag,
                               .action = command::Action::kRecord,
                               .pattern = "*",
                               .id = "--learn"});
  }
  AILERON_TRY(command::CheckRuleCount(merged.commands.size()));
  SessionSettings settings{.network = std::move(network),
                           .requests = std::move(requests),
                           .credentials = policy::CredentialRules(std::move(merged.credentials)),
                           .programs = std::move(programs),
                           .commands = std::move(merged.commands),
                           .command_default = merged.command_action(),
                           .approvals = std::move(merged.approvals),
                           .hold = request.hold,
                           .unattended = request.unattended};
  std::vector<std::string> opaque = request.opaque;
  for (const policy::OpaqueHost& one : merged.opaque) {
    opaque.push_back(FormatHostPort(one.host.ToString(), one.port));
  }
  AILERON_ASSIGN(settings.opaque, proxy::OpaqueHosts::Parse(opaque));
  for (const std::string& text : request.connect_to) {
    AILERON_ASSIGN(proxy::ConnectTo one, ParseConnectTo(text));
    settings.connect_to.push_back(std::move(one));
  }
  AILERON_ASSIGN(settings.proxy, CompileProxy(request, proxy_password));
  for (const std::string& text : request.timeouts) {
    const Status applied = proxy::ApplyTimeout(text, settings.timeouts);
    if (!applied) return Wrap(applied.error(), "--timeout");
  }
  return settings;
}

Result<proxy::ConnectTo> ParseConnectTo(std::string_view text) {
  const auto wrong = [&] {
    return Fail(Code::kInvalid, "--connect-to {}: write it as HOST:PORT:ADDRESS[:PORT]",
                Printable(text));
  };
  // Cuts "part:" off the front, where a part may be an address in brackets.
  const auto cut = [&](std::string_view& rest) -> std::optional<std::string_view> {
    std::size_t end = rest.find(':');
    if (rest.starts_with('[')) {
      const std::size_t bracket = rest.find(']');
      if (bracket == std::string_view::npos) return std::nullopt;
      end = rest.find(':', bracket);
    }
    const std::string_view part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return part;
  };
  std::string_view rest = text;
  const auto host = cut(rest), port = cut(rest), address = cut(rest);
  if (!host || !port || !address) return wrong();
  const auto from_port = ParseInteger<std::uint16_t>(*port);
  const auto to_port = rest.empty() ? from_port : ParseInteger<std::uint16_t>(rest);
  const auto from = ParseHost(*host);
  const auto to = ParseHost(*address);
  if (!from_port || !to_port || *from_port == 0 || *to_port == 0 || !from || !to) return wrong();
  if (to->kind == HostKind::kName) return wrong();
  return proxy::ConnectTo{from->text, *from_port, to->text, *to_port};
}

}  // namespace aileron::daemon
