// Hosts: where the registry of a domain is asked.
//
// Of docker.io that is registry-1.docker.io, of any other domain the domain itself, over HTTPS. The
// user's file says what else:
//
//   version: 1
//   registries:
//     docker.io:
//       mirrors: [https://mirror.example.com, https://cache.example.com/hub]
//     registry.example.com:5000:
//       plain_http: true
//       ca: /etc/ssl/team.pem
//       token_server: auth.example.com
//
// Mirrors are asked first, in their order. Without TLS (plain_http) whoever is between reads and
// changes what comes. Authorities (ca) are trusted besides the system's. A credential of the
// vault's goes to the registry itself or to its token server, as it is named here, and to no other.
//
// A mirror that begins with http:// is asked without TLS. What is behind its host comes before the
// repository's name. A file of roots is found, too, where docker and podman look for one:
// certs.d/HOST[:PORT]/ca.crt (docker's "Verify repository client with certificates").
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/service_url.h"

namespace aileron::registry {

// One place where a repository may be asked for.
struct Place {
  ServiceUrl url;      // its path is not used
  std::string prefix;  // of the repository's name: "hub/", or empty
  std::string ca;      // a file, or empty
  bool mirror = false;
  std::string login;         // whose login is looked for: a mirror's is its own
  std::string token_server;  // HOST[:PORT] that the vault may be asked for; empty: the place itself

  // Whether nobody on the way can read or change what is said.
  bool IsPrivate() const { return url.tls || IsThisMachine(url.host); }
};

struct HostSettings {
  bool plain_http = false;
  std::string token_server;
  std::string ca;
  std::vector<Place> mirrors;
};

struct Settings {
  std::map<std::string, HostSettings> hosts;  // by domain, as references have it
  std::vector<std::string> certificates;      // folders like /etc/docker/certs.d, the best first
};

// kInvalid: "FILE:LINE:COLUMN: what". An empty text says nothing.
Result<Settings> ParseSettings(std::string_view text, std::string_view file);

// The mirrors, and then the registry itself. Looks for files of roots.
Result<std::vector<Place>> PlacesFor(const Settings& settings, std::string_view domain);

}  // namespace aileron::registry
