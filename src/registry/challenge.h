// Challenge: how a registry wants to be asked (RFC 9110 §11.6.1).
//
//   WWW-Authenticate = challenge *( "," challenge )
//   challenge        = scheme [ 1*SP ( token68 / parameter *( "," parameter ) ) ]
//   parameter        = token "=" ( token / quoted-string )
//
// Registries use two (distribution, "Token Authentication Specification"; docker's registry):
//
//   Bearer realm="https://auth.example.com/token",service="registry",scope="repository:a/b:pull"
//   Basic realm="Registry"
//
// Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace aileron::registry {

struct Challenge {
  std::string scheme;                             // lower case
  std::map<std::string, std::string> parameters;  // by lower-case name; of several the first

  // Empty when there is none.
  std::string Parameter(const std::string& name) const;
};

// Of one field's value. What cannot be read ends the list.
std::vector<Challenge> ParseChallenges(std::string_view field);

}  // namespace aileron::registry
