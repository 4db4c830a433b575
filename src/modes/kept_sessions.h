// What is left of sessions on the disk (changes/store.h), beside what the daemon knows of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "modes/api.h"
#include "os/paths.h"

namespace aileron::modes {

struct KeptSession {
  std::string session;
  std::string workspace;
  std::uint64_t bytes = 0;
};

// Without snapshots, the oldest first. Reads all that is kept to know its size.
std::vector<KeptSession> KeptSessions(const os::Paths& paths);

enum class Which : std::uint8_t { kLive, kAll };
// `sessions` of the daemon's, those of which something is kept with "kept_bytes", also where it
// does not know them any more; kLive: without those that ended and left nothing.
Json WithKept(const Json& sessions, const std::vector<KeptSession>& kept, Which which);

}  // namespace aileron::modes
