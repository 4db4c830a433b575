// ConnectorOffer: what "connector add" brings, checked before anything is installed.
//
// The specs come one behind the other, as the files they were, and a signature is checked against
// these bytes: what was signed is what is read. A signature that is there must be good and of a
// known key; a spec without one, or that takes the place of another signer's, wants a person's yes.
// No I/O.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "daemon/connectors.h"
#include "daemon/keyring.h"
#include "daemon/request.h"

namespace aileron::daemon {

struct OfferedSpec {
  std::string file;  // for messages
  std::size_t size = 0;
  std::string signature;  // of minisign, as text; empty: none
};

struct ConnectorOffer {
  std::vector<OfferedSpec> specs;
  bool check = false;      // only tell what would be
  bool confirmed = false;  // whoever may has seen what they reach, and wants them

  // kInvalid names the member that is wrong.
  static Result<ConnectorOffer> Parse(std::string_view body);
  // All of them, in their order, or why one of them is refused. Takes long where they are large.
  std::expected<std::vector<SharedConnector>, Refusal> Examine(
      std::string_view bytes, std::span<const KnownKey> keys) const;
};

// Why a person must say yes to `fresh`, which takes the place of `before` (or of nothing); empty
// where nobody needs to.
std::string_view WhyConfirm(const InstalledConnector& fresh, const InstalledConnector* before);

}  // namespace aileron::daemon
