// What the log's writer and its verifier both read: the key, the head file, the row that names the
// log. Rows with bytes of the wrong length are damage, not a crash.
#pragma once

#include <optional>
#include <string>

#include "audit/chain.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/sign.h"
#include "store/database.h"

namespace aileron::audit {

// The signing key in the file. kNotFound when there is none, kInvalid when it is damaged.
Result<crypto::SigningKey> ReadKey(const std::string& path);
Status WriteKey(const std::string& path, const crypto::SigningKey& key);

// Nothing when the file is missing or is not a head.
std::optional<HeadFile> ReadHeadFile(const std::string& path);

// Who the log is, and its head as the database has it.
struct Identity {
  LogId id{};
  crypto::PublicKey public_key{};
  std::optional<Head> head;
};
// Nothing when the log is new; kInvalid when the row is damaged.
Result<std::optional<Identity>> ReadIdentity(const store::Database& database);

// The last record's place in the chain.
struct Tail {
  std::uint64_t seq = 0;
  std::int64_t time_us = 0;
  crypto::Digest hash{};
};
Result<std::optional<Tail>> ReadTail(const store::Database& database);
// The hash of one record, when it is there.
Result<std::optional<crypto::Digest>> ReadHash(const store::Database& database, std::uint64_t seq);

// What the head file, beside the records, says about the end of the log: empty when they agree.
Result<std::string> CompareHead(const store::Database& database, const Identity& identity,
                                const std::optional<HeadFile>& file,
                                const crypto::PublicKey& public_key);

// Copies bytes of exactly the right length. False for any other.
template <std::size_t N>
bool CopyBytes(std::string_view bytes, std::array<std::uint8_t, N>& out) {
  if (bytes.size() != N) return false;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return true;
}

}  // namespace aileron::audit
