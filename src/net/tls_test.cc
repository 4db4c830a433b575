#include "net/tls.h"

#include <gtest/gtest.h>

#include "net/test_authority.h"

namespace aileron::net {
namespace {

TEST(Tls, ACertificateForAnotherKeyIsNoIdentity) {
  const TestAuthority authority("test");
  const KeyPair one = *KeyPair::Make();
  const KeyPair two = *KeyPair::Make();
  EXPECT_TRUE(Identity::Make(one, authority.Sign("a.test", one.PublicKey())));
  EXPECT_FALSE(Identity::Make(two, authority.Sign("a.test", one.PublicKey())));
  EXPECT_FALSE(Identity::Make(one, "no certificate"));
}

TEST(Tls, ExtraRootsWithoutACertificateAreRefused) {
  EXPECT_FALSE(TlsClient::Make({}, "no certificate"));
  EXPECT_TRUE(TlsClient::Make({}, TestAuthority("test").pem()));
}

}  // namespace
}  // namespace aileron::net
