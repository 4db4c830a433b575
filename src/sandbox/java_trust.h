// JavaTrust: the session's authority where Java looks for it.
//
// A Java virtual machine believes neither the system's bundle nor the environment, but a store of
// its own (crypto/java_trust_store.h). Copies of the stores in this root that have the session's
// authority as well are mounted over them. A root is a stranger's: what is no store of certificates
// stays as it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aileron::sandbox {

// Paths below the folder `root` (empty: this process's) where stores may be: those of
// distributions, of JDKs where these are put, and of the one at `java_home` (empty: none).
std::vector<std::string> JavaStorePaths(const std::string& root, const std::string& java_home);

// In the mount namespace of this process, whose runtime folder can be written still. `pem` is the
// session's authority.
Status TrustInJava(std::string_view pem, const std::string& java_home);

}  // namespace aileron::sandbox
