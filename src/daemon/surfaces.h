// Surfaces: where people see that something waits for them, besides the terminal. The user's
// approvals.yaml:
//
//   version: 1
//   desktop: true                          notifications; false if not said
//   webhooks:
//     - url: https://hooks.example.com/me  http is for this machine alone; no query
//       secret: webhook/example            an entry of the vault: what messages are signed with
//       ca: /etc/ssl/company.pem           an authority besides the system's
//       events: [created, decided]         without it: created, decided, expired, cancelled
//
// The file is strict: an unknown or repeated key, a wrong type or a bad value is an error with file
// and line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "approval/event.h"
#include "base/result.h"
#include "base/service_url.h"

namespace aileron::daemon {

// What somebody outside is told of. "created", "decided", "expired", "cancelled", "finished".
enum class Occasion { kCreated, kDecided, kExpired, kCancelled, kFinished };
std::string_view OccasionName(Occasion occasion);
// Nothing for changes that nobody outside is told of.
std::optional<Occasion> OccasionOf(approval::Change change);

struct Webhook {
  ServiceUrl url;
  std::string written;  // the URL as it stands in the file
  std::string secret;   // the name of a vault entry
  std::string ca;       // a path, or empty
  std::vector<Occasion> events;

  bool Wants(Occasion occasion) const;
  bool operator==(const Webhook&) const = default;
};

struct Surfaces {
  bool desktop = false;
  std::vector<Webhook> webhooks;
};

// `file` is for messages alone. An empty text asks for nothing.
Result<Surfaces> ParseSurfaces(std::string_view text, std::string_view file);

}  // namespace aileron::daemon
