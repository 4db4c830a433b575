#include "net/root_index.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "net/test_authority.h"
#include "net/tls.h"

namespace aileron::net {
namespace {

class RootIndexTest : public testing::Test {
 protected:
  RootIndexTest() : store_(X509_STORE_new(), X509_STORE_free) {}

  int Verify(const TestAuthority& issuer) {
    const KeyPair key = *KeyPair::Make();
    const std::string der = issuer.Sign("a.test", key.PublicKey());
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    X509* leaf = d2i_X509(nullptr, &at, static_cast<long>(der.size()));
    X509_STORE_CTX* context = X509_STORE_CTX_new();
    X509_STORE_CTX_init(context, store_.get(), leaf, nullptr);
    X509_verify_cert(context);
    const int error = X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_free(leaf);
    return error;
  }

  RootIndex index_;  // outlives the store
  std::shared_ptr<X509_STORE> store_;
};

TEST_F(RootIndexTest, ARootIsParsedWhenAChainLeadsToItAndNoOther) {
  const TestAuthority one("one");
  const TestAuthority two("two");
  const TestAuthority stranger("stranger");
  EXPECT_EQ(index_.Add("# comment\n" + one.pem() + "# another\n" + two.pem()), 2u);
  ASSERT_TRUE(index_.Serve(store_.get()));
  EXPECT_EQ(index_.waiting(), 2u);
  EXPECT_EQ(Verify(stranger), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  EXPECT_EQ(index_.waiting(), 2u);
  EXPECT_EQ(Verify(one), X509_V_OK);
  EXPECT_EQ(index_.waiting(), 1u);
  EXPECT_EQ(Verify(one), X509_V_OK);
  EXPECT_EQ(Verify(two), X509_V_OK);
  EXPECT_EQ(Verify(stranger), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
}

TEST_F(RootIndexTest, RootsOfOneNameComeTogether) {
  // OpenSSL tells roots of one name apart by what the leaf says of the key, and looks no further
  // than the store once it found one there.
  const TestAuthority old("same name");
  const TestAuthority renewed("same name");
  const TestAuthority other("other");
  EXPECT_EQ(index_.Add(old.pem() + other.pem() + renewed.pem()), 3u);
  ASSERT_TRUE(index_.Serve(store_.get()));
  (void)Verify(renewed);
  EXPECT_EQ(index_.waiting(), 1u);
  EXPECT_EQ(sk_X509_OBJECT_num(X509_STORE_get0_objects(store_.get())), 2);
}

TEST_F(RootIndexTest, ANameThatOnlyLooksLikeARootsIsNotTrusted) {
  const TestAuthority real("root");
  const TestAuthority forged("root");
  index_.Add(real.pem());
  ASSERT_TRUE(index_.Serve(store_.get()));
  EXPECT_NE(Verify(forged), X509_V_OK);
  EXPECT_EQ(Verify(real), X509_V_OK);
}

TEST_F(RootIndexTest, WhatIsDamagedOrNoCertificateIsLeftOut) {
  const TestAuthority one("one");
  std::string cut = one.pem();
  cut.erase(cut.size() / 2, 64);
  const std::string other_kind = "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n";
  const std::string empty = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
  EXPECT_EQ(index_.Add(""), 0u);
  EXPECT_EQ(index_.Add("no certificate"), 0u);
  EXPECT_EQ(index_.Add(other_kind + empty + one.pem() + cut), 1u);
  ASSERT_TRUE(index_.Serve(store_.get()));
  EXPECT_EQ(Verify(one), X509_V_OK);
}

}  // namespace
}  // namespace aileron::net
