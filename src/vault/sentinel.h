// Sentinels: look-alikes of credentials, with no authority.
//
// A client that checks what its token looks like accepts one: same prefix, same length class, same
// alphabet as the service's own. After the prefix stands "aileron" (kSentinelMark), so that a
// person or a log can tell it from a real one; the rest is random.
#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"

namespace aileron::vault {

inline constexpr std::string_view kSentinelMark = "aileron";

// For the credential named `credential` (its service chooses the shape). `value`, when the vault is
// open, refines the shape: of the real value only a well-known prefix and its length class are
// kept.
std::string MakeSentinel(std::string_view credential, const Secret* value = nullptr);

// An access key id and a secret access key, of the same make.
struct AwsSentinel {
  std::string access_key_id;
  std::string secret_access_key;
};
AwsSentinel MakeAwsSentinel();

// Does `text` have the mark where MakeSentinel puts it?
bool LooksLikeSentinel(std::string_view text);

}  // namespace aileron::vault
