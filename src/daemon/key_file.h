// KeyFile: state/daemon.key, the daemon's own keys, made on first use.
//
//   file = resume key (32 bytes, XChaCha20-Poly1305) token seed (32 bytes, Ed25519)      mode 0600
//
// Lost or replaced, running sessions cannot be resumed and their tokens are void; nothing else.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/sign.h"

namespace aileron::daemon {

struct DaemonKeys {
  Secret resume;
  crypto::SigningKey token;
};

// kInvalid, with the way out, when the file is not what it must be or others can read it.
Result<DaemonKeys> LoadKeys(const std::string& path);

}  // namespace aileron::daemon
