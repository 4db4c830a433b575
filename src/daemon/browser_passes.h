// BrowserPasses: who may use the daemon's API from a browser.
//
//   link    256 random bits, given to the user's terminal; good once, for kBrowserLinkLife
//   sign-in 256 random bits, in the browser's cookie, which a link was exchanged for; good for
//           kBrowserSignInLife, and no longer than kBrowserIdle without a request
//
// Of both only the SHA-256 is kept. Without clock, socket or file: callers pass Uptime().
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/hash.h"

namespace aileron::daemon {

class BrowserPasses {
 public:
  // kUnavailable when too many wait to be opened.
  Result<std::string> MakeLink(Duration now);
  // Uses the link up. The sign-in's cookie; nothing for a link that is unknown, was used or is
  // over.
  std::optional<std::string> Enter(std::string_view link, Duration now);
  // Whether that is the cookie of a sign-in, which is now in use.
  bool Admits(std::string_view cookie, Duration now);

  // All sign-ins are in use: something is being sent to somebody.
  void KeepAlive(Duration now);
  // Ends what is over. True when that was a sign-in.
  bool Expire(Duration now);
  // How many sign-ins it ended.
  std::size_t Revoke();

  std::size_t links() const { return links_.size(); }
  std::size_t sign_ins() const { return sign_ins_.size(); }

 private:
  struct Link {
    crypto::Digest digest;
    Duration until{};
  };
  struct SignIn {
    crypto::Digest digest;
    Duration until{};
    Duration idle_until{};
  };
  std::vector<Link> links_;
  std::vector<SignIn> sign_ins_;  // oldest first
};

}  // namespace aileron::daemon
