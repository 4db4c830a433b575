// SessionRequest: what a launcher asks for with POST /v1/sessions, read strictly.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/network.h"
#include "proxy/permit.h"
#include "session/resume.h"

namespace aileron::daemon {

struct SessionRequest {
  session::Session session;  // without id, times and state
  session::NetworkRequest network;
  std::string resume;  // sealed bytes; empty for a new session
};

// kInvalid names the member that is missing, unknown or of the wrong type.
Result<SessionRequest> ParseSessionRequest(std::string_view json);

// The flags of a session as rules. kInvalid names the flag.
Result<policy::Network> CompileNetwork(const session::NetworkRequest& request);

// HOST:PORT:ADDRESS[:PORT], as curl's --connect-to, with an address literal; IPv6 in brackets.
Result<proxy::ConnectTo> ParseConnectTo(std::string_view text);

}  // namespace aileron::daemon
