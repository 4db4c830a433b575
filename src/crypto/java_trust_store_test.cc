#include "crypto/java_trust_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/limits.h"

namespace aileron::crypto {
namespace {

using testing::HasSubstr;

// One certificate, of CN=one, as "keytool -importcert -alias one" of OpenJDK 17 and 25 stores it.
constexpr std::string_view kPem =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBcTCCARegAwIBAgIUOgaqhIvogT+0B9vxyc9jSo/KkGUwCgYIKoZIzj0EAwIw\n"
    "DjEMMAoGA1UEAwwDb25lMB4XDTI2MTEyNzAyNDA1OFoXDTM2MTEyNDAyNDA1OFow\n"
    "DjEMMAoGA1UEAwwDb25lMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE6gLvX7pf\n"
    "iuPtexUc5iHitZvdqqor8aZtD6u4O3MV3pAB+BkSxFy6MRWp5hr+u5+7DG2/GzVI\n"
    "ZO8GId5c60GyhaNTMFEwHQYDVR0OBBYEFMvqi5hc+jixpxEafYt2D9xxkPa6MB8G\n"
    "A1UdIwQYMBaAFMvqi5hc+jixpxEafYt2D9xxkPa6MA8GA1UdEwEB/wQFMAMBAf8w\n"
    "CgYIKoZIzj0EAwIDSAAwRQIhAO97o/zONC+CYfgZUYf/xowsM/f78QCT3XlofOqb\n"
    "Wfa1AiBd0jPvHu89xPOJd/DlgxgEUYhhl/fOV5emh03yVQbSJQ==\n"
    "-----END CERTIFICATE-----\n";
constexpr std::string_view kJks =
    "/u3+7QAAAAIAAAABAAAAAgADb25lAAABohrgpE0ABVguNTA5AAABdTCCAXEwggEXoAMCAQICFDoGqoSL6IE/tAfb"
    "8cnPY0qPypBlMAoGCCqGSM49BAMCMA4xDDAKBgNVBAMMA29uZTAeFw0yNjExMjcwMjQwNThaFw0zNjExMjQwMjQw"
    "NThaMA4xDDAKBgNVBAMMA29uZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOoC71+6X4rj7XsVHOYh4rWb3aqq"
    "K/GmbQ+ruDtzFd6QAfgZEsRcujEVqeYa/rufuwxtvxs1SGTvBiHeXOtBsoWjUzBRMB0GA1UdDgQWBBTL6ouYXPo4"
    "sacRGn2Ldg/ccZD2ujAfBgNVHSMEGDAWgBTL6ouYXPo4sacRGn2Ldg/ccZD2ujAPBgNVHRMBAf8EBTADAQH/MAoG"
    "CCqGSM49BAMCA0gAMEUCIQDve6P8zjQvgmH4GVGH/8aMLDP3+/EAk915aHzqm1n2tQIgXdIz7x7vPcTziXfw5YMY"
    "BFGIYZf3zleXpodN8lUG0iXXGYG0hNJjQounm+dMbLGHnTt+kA==";
// A JKS of another password than "changeit".
constexpr std::string_view kOtherJks =
    "/u3+7QAAAAIAAAABAAAAAgADb25lAAABohrgtvUABVguNTA5AAABdTCCAXEwggEXoAMCAQICFDoGqoSL6IE/tAfb"
    "8cnPY0qPypBlMAoGCCqGSM49BAMCMA4xDDAKBgNVBAMMA29uZTAeFw0yNjExMjcwMjQwNThaFw0zNjExMjQwMjQw"
    "NThaMA4xDDAKBgNVBAMMA29uZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOoC71+6X4rj7XsVHOYh4rWb3aqq"
    "K/GmbQ+ruDtzFd6QAfgZEsRcujEVqeYa/rufuwxtvxs1SGTvBiHeXOtBsoWjUzBRMB0GA1UdDgQWBBTL6ouYXPo4"
    "sacRGn2Ldg/ccZD2ujAfBgNVHSMEGDAWgBTL6ouYXPo4sacRGn2Ldg/ccZD2ujAPBgNVHRMBAf8EBTADAQH/MAoG"
    "CCqGSM49BAMCA0gAMEUCIQDve6P8zjQvgmH4GVGH/8aMLDP3+/EAk915aHzqm1n2tQIgXdIz7x7vPcTziXfw5YMY"
    "BFGIYZf3zleXpodN8lUG0iU94msamAUGqL+RFEmDavULo6gnBQ==";
// PKCS#12: -J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE, and without and with a MAC.
constexpr std::string_view kClear =
    "MIICDAIBAzCCAgUGCSqGSIb3DQEHAaCCAfYEggHyMIIB7jCCAeoGCSqGSIb3DQEHAaCCAdsEggHXMIIB0zCCAc8G"
    "CyqGSIb3DQEMCgEDoIIBjTCCAYkGCiqGSIb3DQEJFgGgggF5BIIBdTCCAXEwggEXoAMCAQICFDoGqoSL6IE/tAfb"
    "8cnPY0qPypBlMAoGCCqGSM49BAMCMA4xDDAKBgNVBAMMA29uZTAeFw0yNjExMjcwMjQwNThaFw0zNjExMjQwMjQw"
    "NThaMA4xDDAKBgNVBAMMA29uZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOoC71+6X4rj7XsVHOYh4rWb3aqq"
    "K/GmbQ+ruDtzFd6QAfgZEsRcujEVqeYa/rufuwxtvxs1SGTvBiHeXOtBsoWjUzBRMB0GA1UdDgQWBBTL6ouYXPo4"
    "sacRGn2Ldg/ccZD2ujAfBgNVHSMEGDAWgBTL6ouYXPo4sacRGn2Ldg/ccZD2ujAPBgNVHRMBAf8EBTADAQH/MAoG"
    "CCqGSM49BAMCA0gAMEUCIQDve6P8zjQvgmH4GVGH/8aMLDP3+/EAk915aHzqm1n2tQIgXdIz7x7vPcTziXfw5YMY"
    "BFGIYZf3zleXpodN8lUG0iUxLzAVBgkqhkiG9w0BCRQxCB4GAG8AbgBlMBYGDGCGSAGG+WatynsBATEGBgRVHSUA";
constexpr std::string_view kMac =
    "MIICWwIBAzCCAgUGCSqGSIb3DQEHAaCCAfYEggHyMIIB7jCCAeoGCSqGSIb3DQEHAaCCAdsEggHXMIIB0zCCAc8G"
    "CyqGSIb3DQEMCgEDoIIBjTCCAYkGCiqGSIb3DQEJFgGgggF5BIIBdTCCAXEwggEXoAMCAQICFDoGqoSL6IE/tAfb"
    "8cnPY0qPypBlMAoGCCqGSM49BAMCMA4xDDAKBgNVBAMMA29uZTAeFw0yNjExMjcwMjQwNThaFw0zNjExMjQwMjQw"
    "NThaMA4xDDAKBgNVBAMMA29uZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOoC71+6X4rj7XsVHOYh4rWb3aqq"
    "K/GmbQ+ruDtzFd6QAfgZEsRcujEVqeYa/rufuwxtvxs1SGTvBiHeXOtBsoWjUzBRMB0GA1UdDgQWBBTL6ouYXPo4"
    "sacRGn2Ldg/ccZD2ujAfBgNVHSMEGDAWgBTL6ouYXPo4sacRGn2Ldg/ccZD2ujAPBgNVHRMBAf8EBTADAQH/MAoG"
    "CCqGSM49BAMCA0gAMEUCIQDve6P8zjQvgmH4GVGH/8aMLDP3+/EAk915aHzqm1n2tQIgXdIz7x7vPcTziXfw5YMY"
    "BFGIYZf3zleXpodN8lUG0iUxLzAVBgkqhkiG9w0BCRQxCB4GAG8AbgBlMBYGDGCGSAGG+WatynsBATEGBgRVHSUA"
    "ME0wMTANBglghkgBZQMEAgEFAAQg/hoW9NOM9hnsMqQFDypA2TFnrUuUvLdgaQGGAsV02akEFAgt+9PqaE0reS4p"
    "TDdsru1JlLxpAgInEA==";
constexpr std::string_view kOtherMac =
    "MIICWwIBAzCCAgUGCSqGSIb3DQEHAaCCAfYEggHyMIIB7jCCAeoGCSqGSIb3DQEHAaCCAdsEggHXMIIB0zCCAc8G"
    "CyqGSIb3DQEMCgEDoIIBjTCCAYkGCiqGSIb3DQEJFgGgggF5BIIBdTCCAXEwggEXoAMCAQICFDoGqoSL6IE/tAfb"
    "8cnPY0qPypBlMAoGCCqGSM49BAMCMA4xDDAKBgNVBAMMA29uZTAeFw0yNjExMjcwMjQwNThaFw0zNjExMjQwMjQw"
    "NThaMA4xDDAKBgNVBAMMA29uZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOoC71+6X4rj7XsVHOYh4rWb3aqq"
    "K/GmbQ+ruDtzFd6QAfgZEsRcujEVqeYa/rufuwxtvxs1SGTvBiHeXOtBsoWjUzBRMB0GA1UdDgQWBBTL6ouYXPo4"
    "sacRGn2Ldg/ccZD2ujAfBgNVHSMEGDAWgBTL6ouYXPo4sacRGn2Ldg/ccZD2ujAPBgNVHRMBAf8EBTADAQH/MAoG"
    "CCqGSM49BAMCA0gAMEUCIQDve6P8zjQvgmH4GVGH/8aMLDP3+/EAk915aHzqm1n2tQIgXdIz7x7vPcTziXfw5YMY"
    "BFGIYZf3zleXpodN8lUG0iUxLzAVBgkqhkiG9w0BCRQxCB4GAG8AbgBlMBYGDGCGSAGG+WatynsBATEGBgRVHSUA"
    "ME0wMTANBglghkgBZQMEAgEFAAQgJ6+CJ/IVSHZfLtw4yQ0aF/UbJSR1hVUOhYiX0GFjhVsEFCV7n9jVwTsDIBlZ"
    "juchOHyPh5s0AgInEA==";
constexpr std::string_view kEncrypted =
    "MIIC4gIBAzCCAowGCSqGSIb3DQEHAaCCAn0EggJ5MIICdTCCAnEGCSqGSIb3DQEHBqCCAmIwggJeAgEAMIICVwYJ"
    "KoZIhvcNAQcBMGYGCSqGSIb3DQEFDTBZMDgGCSqGSIb3DQEFDDArBBQXTl8N/61TR5JmpUYBirXoT+zxjwICJxAC"
    "ASAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEFItVACfdBiwPjJBE+jeu1iAggHgtXS/O6rpA2dtidqdVFbY"
    "FHj5CWdGaVS6a1Px8F860fg6VNSWHzAzcy27l72EIeveu6rqmzosKcZnVRbtufTEtEUBREv5KpXS2yBaTI8WtyuH"
    "4OP/u5DtWjJfkFoavWEbyfGLdZLRPYxAihD66CeUj6HaZPMFmNAURDM5Vf3YUzlx+zCFTBgxbSQ6hwrTwm03xQoj"
    "PQNcETStC8NTeT+gJI5pvDnmoHRBiEvdR1MuHGX2qlfTJ6st4uLltnDiVl4CDjdZU9owjVY+NgMswKXcjPsabSix"
    "hnwc9dArzJwPX99Lq9RYPzr5m0tt8WHhXB1hkMVu23NBlR8sl+YgiK1iVFHdrAKzafHC3svlSNH7L6bprAaucT90"
    "JEBLKAQTeqp7dxpYQKQ+JIxQWbP773AoqCR7G2J3pw5lY0/GebGcLOJqHyqxdjrEC7lLQCkMTwxw8msbDShmvonI"
    "K+wDQahL0gXBKK1L/gpO+5p6ecBDj9Yd5yH+U7fbecnbNSDhR3kKMZ+k/9moF/NBddGE/MU7HqBDRspBxV3XPKin"
    "JfWtuoBnUXDWFIRWOCUKrm/sAJu6vR/OW3AOYPa+ghPSnS9uqUNridBzmkMNDDIEvtzqPvYVFVFV66sjbBIf+s6J"
    "xSKKME0wMTANBglghkgBZQMEAgEFAAQgYCqyBDvX2Ec5XP9vR4Ffc/9OxCnI1kwRUfxm7Kpp4j8EFMlhZgZEFFrP"
    "fpMJj8rDSNFMsp7nAgInEA==";
constexpr std::string_view kAnother =
    "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";

std::string Bytes(std::string_view text) { return *Base64Decode(text); }

Result<std::string> AddTo(std::string_view store, std::string_view pem, std::string_view alias) {
  long rounds = limits::java_stores_iterations;
  return AddToJavaTrustStore(store, pem, alias, rounds);
}

Result<std::string> Added(std::string_view store) { return AddTo(Bytes(store), kAnother, "ours"); }

TEST(JavaTrustStore, WhatJavaItselfWritesIsWrittenOfItsPkcs12) {
  // Of the store in the clear comes a JKS that has what keytool's has: all but times and the new
  // one.
  const auto made = Added(kClear);
  ASSERT_TRUE(made) << made.error().message;
  const auto same = Added(kJks);
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(made->size(), same->size());
  for (const auto& store : {*made, *same}) {
    EXPECT_TRUE(store.starts_with(std::string_view("\xfe\xed\xfe\xed\0\0\0\2\0\0\0\2", 12)));
    EXPECT_TRUE(store.contains(CertificateDer(kPem)));
    EXPECT_TRUE(store.contains(CertificateDer(kAnother)));
    EXPECT_TRUE(store.contains("ours"));
  }
  EXPECT_TRUE(Added(kMac).has_value());
}

TEST(JavaTrustStore, WhatIsMadeIsAStoreAgain) {
  const auto once = Added(kJks);
  const auto twice = AddTo(*once, kPem, "again");
  ASSERT_TRUE(twice) << twice.error().message;
  EXPECT_EQ(twice->substr(8, 4), std::string("\0\0\0\3", 4));
}

TEST(JavaTrustStore, AStoreOfAnotherPasswordStaysAsItIs) {
  for (const std::string_view store : {kOtherJks, kOtherMac}) {
    const auto made = Added(store);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Code::kUnsupported);
    EXPECT_THAT(made.error().message, HasSubstr("password"));
  }
  EXPECT_THAT(Added(kEncrypted).error().message, HasSubstr("encrypted"));
}

TEST(JavaTrustStore, AStoreWithSomebodysKeysIsRefused) {
  std::string store = Bytes(kJks);
  store[15] = 1;  // the first entry's tag
  const auto made = AddTo(store, kAnother, "ours");
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("keys"));
}

TEST(JavaTrustStore, ACertificateThatJavaDoesNotTrustIsNotTrustedAfterwards) {
  std::string store = Bytes(kClear);
  // The attribute "trustedKeyUsage" becomes another one.
  const std::string der("\x60\x86\x48\x01\x86\xf9\x66", 7);  // 2.16.840.1.113894
  const std::size_t oid = store.find(der);
  ASSERT_NE(oid, store.npos);
  store[oid + 6] = 0x65;
  const auto made = AddTo(store, kAnother, "ours");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(made->contains(CertificateDer(kPem)));
}

TEST(JavaTrustStore, StoresShareTheRoundsOfTheirMacs) {
  long rounds = limits::java_stores_iterations;
  ASSERT_TRUE(AddToJavaTrustStore(Bytes(kMac), kAnother, "ours", rounds));
  const long taken = limits::java_stores_iterations - rounds;
  EXPECT_GE(taken, 1);
  // Those of another password are paid for, too.
  long left = rounds;
  EXPECT_FALSE(AddToJavaTrustStore(Bytes(kOtherMac), kAnother, "ours", left));
  EXPECT_LT(left, rounds);
  rounds = taken - 1;
  const auto made = AddToJavaTrustStore(Bytes(kMac), kAnother, "ours", rounds);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("iterations"));
  EXPECT_EQ(rounds, taken - 1);
}

TEST(JavaTrustStore, AMacOfAnotherKindIsNotReckoned) {
  std::string store = Bytes(kMac);
  // The last SHA-256 (2.16.840.1.101.3.4.2.1) is the MAC's; it becomes SHA3-256.
  const std::size_t oid = store.rfind(std::string_view("\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9));
  ASSERT_NE(oid, store.npos);
  store[oid + 8] = 8;
  long rounds = limits::java_stores_iterations;
  const auto made = AddToJavaTrustStore(store, kAnother, "ours", rounds);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("kind"));
  EXPECT_EQ(rounds, limits::java_stores_iterations);
}

TEST(JavaTrustStore, NoPartOfAStoreIsTakenForOne) {
  for (const std::string_view text : {kJks, kClear}) {
    const std::string store = Bytes(text);
    for (std::size_t size = 0; size < store.size(); ++size) {
      EXPECT_FALSE(AddTo(store.substr(0, size), kAnother, "ours")) << size;
    }
  }
  EXPECT_FALSE(AddTo(Bytes(kJks), "no certificate", "ours"));
  std::string many = Bytes(kJks);
  many[8] = 0x7f;
  EXPECT_THAT(AddTo(many, kAnother, "ours").error().message, HasSubstr("says that"));
}

}  // namespace
}  // namespace aileron::crypto
