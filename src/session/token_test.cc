#include "session/token.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "base/ulid.h"

namespace aileron::session {
namespace {

Token Example() {
  return {.session_id = Ulid::Make(Now()).ToString(),
          .issued = Time(std::chrono::seconds(1)),
          .capabilities = {std::string(kListTools), std::string(kRunOperations)}};
}

TEST(TokenTest, ATokenSaysWhatWasSigned) {
  const auto key = crypto::SigningKey::Generate();
  const Token token = Example();
  const std::string text = SignToken(key, token);
  const auto read = VerifyToken(key.public_key(), text);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->session_id, token.session_id);
  EXPECT_EQ(read->issued, token.issued);
  EXPECT_TRUE(read->Can(kListTools));
  EXPECT_FALSE(read->Can(kPollApprovals));
  EXPECT_FALSE(read->Can("vault.read"));
}

TEST(TokenTest, NoChangedByteIsAccepted) {
  const auto key = crypto::SigningKey::Generate();
  const std::string text = SignToken(key, Example());
  // The last character of an unpadded base64 carries unused bits; the decoder must refuse those
  // too.
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char other : {'A', 'B', '.', '-', '\0'}) {
      std::string forged = text;
      if (forged[i] == other) continue;
      forged[i] = other;
      EXPECT_FALSE(VerifyToken(key.public_key(), forged).has_value()) << i;
    }
  }
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(VerifyToken(key.public_key(), text.substr(0, size)).has_value());
  }
  EXPECT_FALSE(VerifyToken(key.public_key(), text + "A").has_value());
  EXPECT_FALSE(VerifyToken(key.public_key(), std::string(1 << 20, 'A')).has_value());
}

TEST(TokenTest, AnotherKeyOrPurposeSignsNoToken) {
  const auto key = crypto::SigningKey::Generate();
  const auto other = crypto::SigningKey::Generate();
  EXPECT_FALSE(VerifyToken(key.public_key(), SignToken(other, Example())).has_value());
  // The payload signed for something else.
  const std::string text = SignToken(key, Example());
  const std::size_t dot = text.rfind('.');
  const auto payload = Base64Decode(std::string_view(text).substr(5, dot - 5), Base64::kUrl);
  ASSERT_TRUE(payload);
  const auto signature = key.Sign(*payload);
  const std::string forged =
      text.substr(0, dot + 1) +
      Base64Encode({reinterpret_cast<const char*>(signature.data()), signature.size()},
                   Base64::kUrl);
  EXPECT_FALSE(VerifyToken(key.public_key(), forged).has_value());
}

}  // namespace
}  // namespace aileron::session
