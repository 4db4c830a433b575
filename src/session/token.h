// Token: what a sandbox shows to say which session it is and what it may ask for.
//
//   token   = "ail1." base64url(payload) "." base64url(signature)
//   payload = wire: u8 version (1), text session id, u64 issued (microseconds), u32 count, count ×
//   text
//
// Signed with Ed25519 over "aileron session token" and the payload. It grants no more than the
// capabilities it lists, and is worth nothing once its session has ended: who verifies it asks
// whether that session is running.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/sign.h"

namespace aileron::session {

// What the token of a sandbox lists. None of them decides an approval or reads the vault.
inline constexpr std::string_view kListTools = "tools.list";
inline constexpr std::string_view kRunOperations = "operations.run";
inline constexpr std::string_view kPollApprovals = "approvals.poll";
inline constexpr std::string_view kDrainResults = "results.drain";
inline constexpr std::string_view kReadLookAlikes = "look_alikes.read";

struct Token {
  std::string session_id;
  Time issued{};
  std::vector<std::string> capabilities;

  bool Can(std::string_view capability) const;
};

std::string SignToken(const crypto::SigningKey& key, const Token& token);

// kDenied for anything that SignToken with that key did not write, and says nothing about why: a
// forger learns nothing. The signature is checked before a byte of the payload is read.
Result<Token> VerifyToken(const crypto::PublicKey& key, std::string_view text);

}  // namespace aileron::session
