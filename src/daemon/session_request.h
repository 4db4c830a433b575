// SessionRequest: what a launcher asks for with POST /v1/sessions, read strictly.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "command/rules.h"
#include "policy/credential_rules.h"
#include "policy/merge.h"
#include "policy/network.h"
#include "policy/programs.h"
#include "policy/request_rules.h"
#include "proxy/opaque.h"
#include "proxy/permit.h"
#include "session/resume.h"

namespace aileron::daemon {

struct SessionRequest {
  session::Session session;  // without id, times and state
  session::NetworkRequest network;
  session::CommandRequest commands;
  std::string resume;         // sealed bytes; empty for a new session
  bool tell_waiting = false;  // the launcher wants to know of questions that wait
  Secret proxy_password;      // of the upstream proxy, when the launcher gave it; not in the JSON
};

// How a session reaches the network, as everything that decides about it wants it.
struct SessionSettings {
  policy::Network network;
  policy::RequestRules requests;
  policy::CredentialRules credentials;
  policy::Programs programs;                   // that rules about the network name
  std::vector<command::CommandRule> commands;  // of the files, checked
  command::Action command_default = command::Action::kAllow;
  policy::Approvals approvals;
  std::vector<proxy::ConnectTo> connect_to;
  proxy::UpstreamProxy proxy;
  proxy::Timeouts timeouts;
  proxy::OpaqueHosts opaque;
  Duration hold{};
  bool unattended = false;

  // Whether they want commands to be judged.
  bool mediated() const { return !commands.empty() || command_default != command::Action::kAllow; }
};

// kInvalid names the member that is missing, unknown or of the wrong type.
Result<SessionRequest> ParseSessionRequest(std::string_view json);

// All of them: what the policy files say, and on top of it what the launcher asked for.
// `proxy_password` says whether the launcher gave one.
Result<SessionSettings> CompileSettings(const session::NetworkRequest& request,
                                        const Secret& proxy_password, policy::Merged policy);

// How the upstream proxy's credential is called when it is no entry of the vault.
inline constexpr std::string_view kLaunchCredential = "(of the launch)";

// HOST:PORT:ADDRESS[:PORT], as curl's --connect-to, with an address literal; IPv6 in brackets.
Result<proxy::ConnectTo> ParseConnectTo(std::string_view text);

}  // namespace aileron::daemon
