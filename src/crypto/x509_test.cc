#include "crypto/x509.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace aileron::crypto {
namespace {

const Time kNow = *ParseTime("2026-11-23T12:00:00Z");

std::string PublicKeyOf(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  std::string bytes(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  EVP_PKEY_free(key);
  return bytes;
}

std::string FreshPublicKey() { return PublicKeyOf(EVP_EC_gen("P-256")); }

X509* FromDer(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  return d2i_X509(nullptr, &at, static_cast<long>(der.size()));
}

X509* FromPem(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return certificate;
}

// OpenSSL's own opinion, as strict as it can be: does `leaf` lead to `root` for `host` at `when`?
int VerifyError(X509* root, X509* leaf, const std::string& host, Time when) {
  X509_STORE* store = X509_STORE_new();
  X509_STORE_add_cert(store, root);
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, leaf, nullptr);
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
  X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM_set_time(
      parameters,
      std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count());
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) != 1) {
    ERR_clear_error();
    X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), host.size());
  }
  X509_verify_cert(context);
  const int error = X509_STORE_CTX_get_error(context);
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  return error;
}

int VerifyLeaf(const CertificateAuthority& authority, const std::string& der,
               const std::string& host, Time when) {
  X509* root = FromPem(authority.CertificatePem());
  X509* leaf = FromDer(der);
  const int error = VerifyError(root, leaf, host, when);
  X509_free(leaf);
  X509_free(root);
  return error;
}

TEST(X509, ALeafHoldsForItsHostAlone) {
  const auto authority = CertificateAuthority::Create("01JDSESSION", kNow);
  ASSERT_TRUE(authority);
  for (const std::string host :
       {"api.example.com", "localhost", "10.1.2.3", "2001:db8::1", "a_b.example.com"}) {
    const auto leaf = authority->IssueLeaf(host, FreshPublicKey(), kNow);
    ASSERT_TRUE(leaf) << leaf.error().message;
    EXPECT_EQ(VerifyLeaf(*authority, *leaf, host, kNow), X509_V_OK) << host;
    EXPECT_EQ(VerifyLeaf(*authority, *leaf, "other.example.com", kNow),
              X509_V_ERR_HOSTNAME_MISMATCH);
    EXPECT_EQ(VerifyLeaf(*authority, *leaf, "10.9.9.9", kNow), X509_V_ERR_IP_ADDRESS_MISMATCH);
  }
}

TEST(X509, LeavesOverOneKeyHaveNothingOfEachOther) {
  const auto authority = CertificateAuthority::Create("01JDSESSION", kNow);
  ASSERT_TRUE(authority);
  const std::string key = FreshPublicKey();
  const std::string long_name = std::string(60, 'a') + "." + std::string(60, 'b') + ".example";
  std::string before = "before.example";
  for (const std::string& host :
       {std::string("one.example"), long_name, std::string("10.1.2.3"), std::string("b.example")}) {
    EXPECT_FALSE(authority->IssueLeaf("*", key, kNow));  // what is refused leaves no trace
    const auto leaf = authority->IssueLeaf(host, key, kNow);
    ASSERT_TRUE(leaf) << leaf.error().message;
    EXPECT_EQ(VerifyLeaf(*authority, *leaf, host, kNow), X509_V_OK) << host;
    EXPECT_NE(VerifyLeaf(*authority, *leaf, before, kNow), X509_V_OK) << before;
    X509* parsed = FromDer(*leaf);
    EXPECT_EQ(X509_get_ext_count(parsed), 6);
    EXPECT_EQ(X509_NAME_entry_count(X509_get_subject_name(parsed)), host.size() > 64 ? 0 : 1);
    X509_free(parsed);
    const auto other = authority->IssueLeaf(host, key, kNow);
    EXPECT_NE(*other, *leaf);  // another serial
    before = host;
  }
  const auto other_key = authority->IssueLeaf("b.example", FreshPublicKey(), kNow);
  ASSERT_TRUE(other_key);
  EXPECT_EQ(VerifyLeaf(*authority, *other_key, "b.example", kNow), X509_V_OK);
}

TEST(X509, ALongNameStandsInTheAlternativeNameAlone) {
  const auto authority = CertificateAuthority::Create("01JDSESSION", kNow);
  const std::string host = std::string(60, 'a') + "." + std::string(60, 'b') + ".example.com";
  const auto leaf = authority->IssueLeaf(host, FreshPublicKey(), kNow);
  ASSERT_TRUE(leaf);
  EXPECT_EQ(VerifyLeaf(*authority, *leaf, host, kNow), X509_V_OK);
}

TEST(X509, ALeafIsShortLivedAndNeverOutlivesTheAuthority) {
  const auto authority = CertificateAuthority::Create("01JDSESSION", kNow);
  const auto leaf = authority->IssueLeaf("a.example", FreshPublicKey(), kNow);
  using std::chrono::hours;
  EXPECT_EQ(VerifyLeaf(*authority, *leaf, "a.example", kNow - hours(23)), X509_V_OK);
  EXPECT_NE(VerifyLeaf(*authority, *leaf, "a.example", kNow - hours(25)), X509_V_OK);
  EXPECT_EQ(VerifyLeaf(*authority, *leaf, "a.example", kNow + hours(6 * 24)), X509_V_OK);
  EXPECT_EQ(VerifyLeaf(*authority, *leaf, "a.example", kNow + hours(8 * 24)),
            X509_V_ERR_CERT_HAS_EXPIRED);

  const auto late = authority->IssueLeaf("a.example", FreshPublicKey(), kNow + hours(29 * 24));
  ASSERT_TRUE(late);
  EXPECT_EQ(VerifyLeaf(*authority, *late, "a.example", kNow + hours(29 * 24 + 1)), X509_V_OK);
  const auto too_late = authority->IssueLeaf("a.example", FreshPublicKey(), kNow + hours(31 * 24));
  ASSERT_FALSE(too_late);
  EXPECT_EQ(too_late.error().code, Code::kUnavailable);
  EXPECT_FALSE(authority->IssueLeaf("a.example", FreshPublicKey(), kNow - hours(48)));
}

TEST(X509, AnotherSessionsLeafIsNotBelieved) {
  const auto ours = CertificateAuthority::Create("01JDOURS", kNow);
  const auto theirs = CertificateAuthority::Create("01JDTHEIRS", kNow);
  const auto leaf = theirs->IssueLeaf("a.example", FreshPublicKey(), kNow);
  EXPECT_NE(VerifyLeaf(*ours, *leaf, "a.example", kNow), X509_V_OK);
}

TEST(X509, WhatIsNoHostOrNotOurKindOfKeyIsRefused) {
  const auto authority = CertificateAuthority::Create("01JDSESSION", kNow);
  for (const std::string_view host :
       {"", "*.example.com", "*", "a b", "127.1", "a.b,DNS:evil.com", "0x7f000001", "a.b\n"}) {
    EXPECT_FALSE(authority->IssueLeaf(host, FreshPublicKey(), kNow)) << host;
  }
  const std::string key = FreshPublicKey();
  EXPECT_FALSE(authority->IssueLeaf("a.b", "", kNow));
  EXPECT_FALSE(authority->IssueLeaf("a.b", "garbage", kNow));
  EXPECT_FALSE(authority->IssueLeaf("a.b", key + "x", kNow));
  EXPECT_FALSE(authority->IssueLeaf("a.b", key.substr(0, key.size() - 1), kNow));
  EXPECT_FALSE(authority->IssueLeaf("a.b", PublicKeyOf(EVP_EC_gen("P-384")), kNow));
  EXPECT_FALSE(authority->IssueLeaf("a.b", PublicKeyOf(EVP_RSA_gen(2048)), kNow));
  EXPECT_FALSE(authority->IssueLeaf("a.b", std::string(5000, '0'), kNow));
}

TEST(X509, TheAuthorityIsOneThatIssuesLeavesOnlyAndSaysWhoItIs) {
  const auto authority = CertificateAuthority::Create("01JDSESSION", kNow);
  X509* certificate = FromPem(authority->CertificatePem());
  ASSERT_NE(certificate, nullptr);
  EXPECT_EQ(X509_check_ca(certificate), 1);
  EXPECT_EQ(X509_get_pathlen(certificate), 0);
  EXPECT_EQ(X509_get_key_usage(certificate), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
  char subject[256];
  X509_NAME_oneline(X509_get_subject_name(certificate), subject, sizeof subject);
  EXPECT_STREQ(subject, "/O=aileron/CN=aileron session 01JDSESSION");
  X509_free(certificate);
}

TEST(X509, AnExportedAuthorityIssuesWhatTheOldOnesCertificateVouchesFor) {
  const auto authority = CertificateAuthority::Create("01JDSESSION", kNow);
  const auto key = authority->ExportPrivateKey();
  ASSERT_TRUE(key);
  const auto again = CertificateAuthority::Import(*key, authority->CertificatePem());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->CertificatePem(), authority->CertificatePem());
  const auto leaf = again->IssueLeaf("a.example", FreshPublicKey(), kNow);
  EXPECT_EQ(VerifyLeaf(*authority, *leaf, "a.example", kNow), X509_V_OK);
}

TEST(X509, AnImportThatDoesNotFitTogetherIsRefused) {
  const auto one = CertificateAuthority::Create("01JDONE", kNow);
  const auto two = CertificateAuthority::Create("01JDTWO", kNow);
  const Secret key = *one->ExportPrivateKey();
  EXPECT_FALSE(CertificateAuthority::Import(key, two->CertificatePem()));
  EXPECT_FALSE(CertificateAuthority::Import(key, ""));
  EXPECT_FALSE(CertificateAuthority::Import(key, "-----BEGIN CERTIFICATE-----\n"));
  EXPECT_FALSE(CertificateAuthority::Import(Secret(), one->CertificatePem()));
  EXPECT_FALSE(CertificateAuthority::Import(Secret("garbage"), one->CertificatePem()));
}

}  // namespace
}  // namespace aileron::crypto
