#include "audit/chain.h"

#include <algorithm>

#include "base/result.h"
#include "base/text.h"
#include "base/wire.h"

namespace aileron::audit {
namespace {

template <std::size_t N>
std::string_view View(const std::array<std::uint8_t, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), N};
}

std::string SignedText(HeadKind kind, const LogId& id, const Head& head) {
  WireWriter text;
  text.Text(kind == HeadKind::kHead ? "aileron audit head v1" : "aileron audit checkpoint v1");
  text.Text(View(id));
  text.U64(head.seq);
  text.Text(View(head.hash));
  text.U64(static_cast<std::uint64_t>(head.time_us));
  return text.Take();
}

template <std::size_t N>
bool ReadHex(std::string_view text, std::array<std::uint8_t, N>& out) {
  const auto bytes = HexDecode(text);
  if (!bytes || bytes->size() != N) return false;
  std::ranges::copy(*bytes, out.begin());
  return true;
}

}  // namespace

crypto::Digest ChainStart(const LogId& id) {
  return crypto::Sha256().Update("aileron audit v1").Update(View(id)).Finish();
}

crypto::Digest ChainLink(const crypto::Digest& before, std::uint64_t seq, std::string_view body) {
  std::array<std::uint8_t, 8> number;
  for (std::size_t i = 0; i < 8; ++i) number[i] = static_cast<std::uint8_t>(seq >> (56 - 8 * i));
  return crypto::Sha256().Update(View(before)).Update(View(number)).Update(body).Finish();
}

Head SignHead(HeadKind kind, const LogId& id, std::uint64_t seq, const crypto::Digest& hash,
              std::int64_t time_us, const crypto::SigningKey& key) {
  Head head{seq, hash, time_us, {}};
  head.signature = key.Sign(SignedText(kind, id, head));
  return head;
}

bool VerifyHead(HeadKind kind, const LogId& id, const Head& head, const crypto::PublicKey& key) {
  return crypto::Verify(key, SignedText(kind, id, head), head.signature);
}

std::string RenderHeadFile(const HeadFile& file) {
  std::string text =
      fmt::format("aileron-audit-head 1 {} {} {} {} {}", HexEncode(file.id), file.head.seq,
                  HexEncode(file.head.hash), file.head.time_us, HexEncode(file.head.signature));
  AILERON_CHECK(text.size() < kHeadFileSize);
  text.resize(kHeadFileSize - 1, ' ');
  return text + '\n';
}

std::optional<HeadFile> ParseHeadFile(std::string_view text) {
  if (text.size() != kHeadFileSize) return std::nullopt;
  const auto words = Split(Trim(text), ' ');
  if (words.size() != 7 || words[0] != "aileron-audit-head" || words[1] != "1") return std::nullopt;
  HeadFile file;
  const auto seq = ParseInteger<std::uint64_t>(words[3]);
  const auto time_us = ParseInteger<std::int64_t>(words[5]);
  if (!seq || !time_us || !ReadHex(words[2], file.id) || !ReadHex(words[4], file.head.hash) ||
      !ReadHex(words[6], file.head.signature)) {
    return std::nullopt;
  }
  file.head.seq = *seq;
  file.head.time_us = *time_us;
  return file;
}

}  // namespace aileron::audit
