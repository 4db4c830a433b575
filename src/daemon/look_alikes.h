// LookAlikes: what a client in the sandbox is told where it asks for a user and a password.
//
// Only of bindings whose credential stands in the Authorization field, which is where such a client
// puts what it is told. Where the binding swaps, it is the session's own look-alike, which becomes
// the credential on the wire; where it injects, a word that is dropped on the wire. Neither has any
// authority, and the vault is not asked.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "session/resume.h"
#include "vault/binding.h"

namespace aileron::daemon {

// Of injecting bindings.
inline constexpr std::string_view kStandInPassword = "aileron-puts-the-credential-here";
// Where neither the client nor the binding names a user; the sites that take tokens as passwords
// take any.
inline constexpr std::string_view kStandInUser = "x-access-token";

struct LookAlike {
  std::string host;
  std::uint16_t port = 443;
  std::string username;
  std::string password;
  bool swapped = false;  // on the wire, rather than dropped
};

// host, or host:port where it is not that of HTTPS.
std::string PlaceOf(const LookAlike& look_alike);

// What a client asks with.
struct LookAlikeWish {
  std::string host;
  std::uint16_t port = 443;
  std::string path;      // of a git repository, without the first slash; or empty
  std::string username;  // or empty
};

using Sentinels = std::map<std::string, session::Sentinel>;

// By the first of the bindings that hold for that host which the wish is for; those that swap have
// a look-alike in `sentinels`, or were bound too late for this session.
std::optional<LookAlike> FindLookAlike(std::span<const vault::Binding* const> bindings,
                                       const Sentinels& sentinels, const LookAlikeWish& wish);

// Those that are swapped, of hosts that are named exactly; each host and port once.
std::vector<LookAlike> ListLookAlikes(std::span<const vault::Binding* const> bindings,
                                      const Sentinels& sentinels);

}  // namespace aileron::daemon
