// ServiceUrl: where a service of the user's is: one that credentials come from (a HashiCorp Vault,
// a token endpoint), or that is told of questions.
//
//   url = ("https://" / "http://") host [":" port] ["/" path]      host and port as in
//                                                                 host_pattern.h; path of RFC 3986
//
// http is for this machine alone (localhost, 127.0.0.0/8, ::1): what is sent there is not for
// others. No user information, query or fragment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aileron {

// Whether a host, as ParseHost spells it, is this machine: localhost, 127.0.0.0/8, ::1.
bool IsThisMachine(std::string_view host);

struct ServiceUrl {
  bool tls = true;
  std::string host;  // as ParseHost spells it, an address without brackets
  std::uint16_t port = 443;
  std::string path = "/";

  // kInvalid says what is wrong, without the URL.
  static Result<ServiceUrl> Parse(std::string_view text);
  // "HOST" or "HOST:PORT", with brackets where an IPv6 address needs them; the port that the scheme
  // stands for is left out.
  std::string Authority() const;

  bool operator==(const ServiceUrl&) const = default;
};

}  // namespace aileron
