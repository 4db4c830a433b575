// SessionRequest: what a launcher asks for with POST /v1/sessions, read strictly.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/network.h"
#include "policy/request_rules.h"
#include "proxy/opaque.h"
#include "proxy/permit.h"
#include "session/resume.h"

namespace aileron::daemon {

struct SessionRequest {
  session::Session session;  // without id, times and state
  session::NetworkRequest network;
  std::string resume;         // sealed bytes; empty for a new session
  bool tell_waiting = false;  // the launcher wants to know of questions that wait
  Secret proxy_password;      // of the upstream proxy, when the launcher gave it; not in the JSON
};

// How a session reaches the network, as everything that decides about it wants it.
struct SessionSettings {
  policy::Network network;
  policy::RequestRules requests;
  std::vector<proxy::ConnectTo> connect_to;
  proxy::UpstreamProxy proxy;
  proxy::Timeouts timeouts;
  proxy::OpaqueHosts opaque;
  Duration hold{};
  bool unattended = false;
};

// kInvalid names the member that is missing, unknown or of the wrong type.
Result<SessionRequest> ParseSessionRequest(std::string_view json);

// The user's policy file, from the folder of the configuration; empty where there is none. kInvalid
// when somebody else can write it, or it is not valid.
Result<std::string> ReadRules(const std::string& config);

// All of them. `proxy_password` says whether the launcher gave one.
Result<SessionSettings> CompileSettings(const session::NetworkRequest& request,
                                        const Secret& proxy_password);

// How the upstream proxy's credential is called when it is no entry of the vault.
inline constexpr std::string_view kLaunchCredential = "(of the launch)";

// HOST:PORT:ADDRESS[:PORT], as curl's --connect-to, with an address literal; IPv6 in brackets.
Result<proxy::ConnectTo> ParseConnectTo(std::string_view text);

}  // namespace aileron::daemon
