// Ports: those of a sandbox that are ours, and no program's of the agent.
#pragma once

#include <cstdint>

namespace aileron::service {

// On 127.0.0.1, below the ports that an agent can have: init, for services, and the sandbox's API
// without TLS, which others reach over HTTPS.
inline constexpr std::uint16_t kControlPort = 1;
inline constexpr std::uint16_t kApiPort = 2;
// The data plane's, besides the ports that connections are captured on.
inline constexpr std::uint16_t kDnsPort = 53;
inline constexpr std::uint16_t kProxyPort = 3128;

inline constexpr std::uint16_t kOwnPorts[] = {kControlPort, kApiPort, kDnsPort, kProxyPort};

}  // namespace aileron::service
