// LookAlike: a user and a password that the daemon gives for a host, with no authority in them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "shim/api.h"

namespace aileron::shim {

struct LookAlike {
  std::string host;  // host[:port], without the port 443
  std::string username;
  std::string password;
  bool swapped = false;  // on the wire; else it is dropped there, and the credential put in
};

// What the daemon gives for `place`, a host[:port]; nothing where nothing is bound. `path` and
// `username` may be empty.
Result<std::optional<LookAlike>> FindLookAlike(Api& api, const std::string& place,
                                               const std::string& path,
                                               const std::string& username);

// All that are swapped.
Result<std::vector<LookAlike>> ListLookAlikes(Api& api);

}  // namespace aileron::shim
