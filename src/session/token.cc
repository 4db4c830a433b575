#include "session/token.h"

#include "base/text.h"
#include "base/ulid.h"
#include "base/wire.h"
#include "session/limits.h"

namespace aileron::session {

namespace {

constexpr std::string_view kPrefix = "ail1.";
// Keeps a signature of this key over anything else from being a token.
constexpr std::string_view kPurpose = "aileron session token";
constexpr std::uint8_t kVersion = 1;

std::unexpected<Error> Refuse() {
  return Fail(Code::kDenied, "the session token is not valid. Launch a new session.");
}

std::string Signed(std::string_view payload) {
  std::string message(kPurpose);
  message.push_back('\0');
  message.append(payload);
  return message;
}

}  // namespace

bool Token::Can(std::string_view capability) const {
  return std::find(capabilities.begin(), capabilities.end(), capability) != capabilities.end();
}

std::string SignToken(const crypto::SigningKey& key, const Token& token) {
  AILERON_CHECK(token.capabilities.size() <= limits::kCapabilities);
  WireWriter payload;
  payload.U8(kVersion);
  payload.Text(token.session_id);
  payload.U64(static_cast<std::uint64_t>(token.issued.time_since_epoch().count()));
  payload.U32(static_cast<std::uint32_t>(token.capabilities.size()));
  for (const std::string& capability : token.capabilities) payload.Text(capability);
  const crypto::Signature signature = key.Sign(Signed(payload.bytes()));
  const std::string_view signature_text(reinterpret_cast<const char*>(signature.data()),
                                        signature.size());
  return fmt::format("{}{}.{}", kPrefix, Base64Encode(payload.bytes(), Base64::kUrl),
                     Base64Encode(signature_text, Base64::kUrl));
}

Result<Token> VerifyToken(const crypto::PublicKey& key, std::string_view text) {
  if (text.size() > limits::kTokenMax || !text.starts_with(kPrefix)) return Refuse();
  text.remove_prefix(kPrefix.size());
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return Refuse();
  const auto payload = Base64Decode(text.substr(0, dot), Base64::kUrl);
  const auto signature_text = Base64Decode(text.substr(dot + 1), Base64::kUrl);
  crypto::Signature signature;
  if (!payload || !signature_text || signature_text->size() != signature.size()) return Refuse();
  std::memcpy(signature.data(), signature_text->data(), signature.size());
  if (!crypto::Verify(key, Signed(*payload), signature)) return Refuse();

  WireReader reader(*payload);
  Token token;
  if (reader.U8() != kVersion) return Refuse();
  token.session_id = reader.Text();
  token.issued = Time(Duration(static_cast<std::int64_t>(reader.U64())));
  const std::uint32_t count = reader.U32();
  if (count > limits::kCapabilities) return Refuse();
  for (std::uint32_t i = 0; i < count && !reader.failed(); ++i) {
    token.capabilities.emplace_back(reader.Text());
  }
  if (!reader.Done() || !Ulid::Parse(token.session_id)) return Refuse();
  return token;
}

}  // namespace aileron::session
