// UpstreamProxy: the proxy of a company through which a session reaches the world, and which hosts
// are reached without it.
//
//   url      = "http://" [ user [ ":" password ] "@" ] host [ ":" port ] [ "/" ]     port 1080 if
//                                                                          none, as curl has it
//   no_proxy = entry *( ( "," / " " ) entry ) / "*"
//   entry    = name            the host and all below it; a leading dot means the same
//            / address / address "/" length            hosts that are such literals
//
// Pure: the launcher reads the URL, the daemon and the worker ask who goes through the proxy, and
// all three see the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace aileron::proxy {

// The binding under which a worker asks for the proxy's credential. No binding of a user's can be
// named so.
inline constexpr std::string_view kUpstreamProxyBinding = "(upstream proxy)";

struct UpstreamProxy {
  std::string host;  // empty: none
  std::uint16_t port = 0;
  std::string username;    // empty: the credential holds user:password
  std::string credential;  // the vault entry, or what else to call it in the record; empty: none
  std::string no_proxy;
  bool operator==(const UpstreamProxy&) const = default;

  // Whether connections to `host` (lower case; a literal without brackets) go through it.
  bool Serves(std::string_view target) const;
};

// Whether `host` is one that the list exempts. Entries that cannot be read match nothing.
bool InNoProxy(std::string_view list, std::string_view host);

// kInvalid names the first entry that matches nothing.
Status CheckNoProxy(std::string_view list);

struct ProxyUrl {
  std::string host;
  std::uint16_t port = 0;
  std::string username;
  Secret password;            // empty when the URL has none
  std::string Plain() const;  // "http://user@host:port", without the password
};

// kInvalid, never quoting the part before the "@".
Result<ProxyUrl> ParseProxyUrl(std::string_view url);

}  // namespace aileron::proxy
