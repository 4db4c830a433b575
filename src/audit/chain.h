// Chain: how records are linked and how the end of the log is signed. Pure.
//
//   link   hash = SHA-256(hash before ‖ seq as 8 bytes, big-endian ‖ body)
//   start  the hash before record 1 = SHA-256("aileron audit v1" ‖ log id)
//   head   (seq, hash, time) of the last record, signed with the log's id and a label, so that no
//          signature of one kind or log stands for another
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/hash.h"
#include "crypto/sign.h"

namespace aileron::audit {

using LogId = std::array<std::uint8_t, 16>;

crypto::Digest ChainStart(const LogId& id);
crypto::Digest ChainLink(const crypto::Digest& before, std::uint64_t seq, std::string_view body);

enum class HeadKind { kHead, kCheckpoint };

struct Head {
  std::uint64_t seq = 0;
  crypto::Digest hash{};
  std::int64_t time_us = 0;
  crypto::Signature signature{};
};

Head SignHead(HeadKind kind, const LogId& id, std::uint64_t seq, const crypto::Digest& hash,
              std::int64_t time_us, const crypto::SigningKey& key);
bool VerifyHead(HeadKind kind, const LogId& id, const Head& head, const crypto::PublicKey& key);

// audit.head: one line of text, always kHeadFileSize bytes, so that it is overwritten in place
// within one disk sector.
//   "aileron-audit-head 1" log-id seq hash time_us signature *" " LF
inline constexpr std::size_t kHeadFileSize = 512;
struct HeadFile {
  LogId id{};
  Head head;
};
std::string RenderHeadFile(const HeadFile& file);
std::optional<HeadFile> ParseHeadFile(std::string_view text);

}  // namespace aileron::audit
