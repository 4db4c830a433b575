#include "net/client_certificate.h"

#include <gtest/gtest.h>

namespace aileron::net {
namespace {

// Made for this test alone, and used nowhere else.
constexpr std::string_view kKey = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgX0xrCefLS3ICrEoF
TjnJoJg5hAkLCq6YVZhuQr5ufoahRANCAATBswuLsYFjCzfdFIxmjr1KmAjE8ffU
OOQm0QrVlR4weaIx1cbs36p6fMuq6I8rvviSNPTblJNZ3pY5F/GNg9+/
-----END PRIVATE KEY-----
)";
constexpr std::string_view kCertificate = R"(-----BEGIN CERTIFICATE-----
MIIBeDCCAR2gAwIBAgIULtMOJnhkp3kJ78OKqMT+HBwpHFYwCgYIKoZIzj0EAwIw
EDEOMAwGA1UEAwwFYWdlbnQwIBcNMjYxMTI1MTgzOTAxWhgPMjEyNjExMDExODM5
MDFaMBAxDjAMBgNVBAMMBWFnZW50MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
wbMLi7GBYws33RSMZo69SpgIxPH31DjkJtEK1ZUeMHmiMdXG7N+qenzLquiPK774
kjT025STWd6WORfxjYPfv6NTMFEwHQYDVR0OBBYEFDMPF+O0kJJL8F8ZLkJtQVTB
BWAXMB8GA1UdIwQYMBaAFDMPF+O0kJJL8F8ZLkJtQVTBBWAXMA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAKiQy5RRvWU6nxofRoiRF7VhjHOVI6rg
waiJhUlZzzXlAiEA8UMFQkeprxr56szRWcjucvXk0jGidYWybbG+0xXnnT4=
-----END CERTIFICATE-----
)";
constexpr std::string_view kOther = R"(-----BEGIN CERTIFICATE-----
MIIBdjCCAR2gAwIBAgIUKh5Qw74T0RsC4+JW+0Q3dalW6bAwCgYIKoZIzj0EAwIw
EDEOMAwGA1UEAwwFb3RoZXIwIBcNMjYxMTI1MTgzOTAxWhgPMjEyNjExMDExODM5
MDFaMBAxDjAMBgNVBAMMBW90aGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
48x/xRqxA8tXGTgCD0kfHmpemzjj05dJRNDFdl66qUoA46DVATQY+H8QwkVw3lKX
PhzZ5d/F4UUZK5XzrXt2ZaNTMFEwHQYDVR0OBBYEFBCdMfvrDRgUeIqY4xd0jet0
3ybxMB8GA1UdIwQYMBaAFBCdMfvrDRgUeIqY4xd0jet03ybxMA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgM5cpsiN3VGnHsSN/HULrGhpabVYO6gAI
Qfcj8JSzbh8CIF1kYQxGtRx//eEsQq3Ra1zdCBlrnDfOvxU+/mVpfMw8
-----END CERTIFICATE-----
)";
constexpr std::string_view kEncryptedKey = R"(-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,7E561B2639F06F16F1C2A24024071852

AdpqklUgZyKsyXHEmO21HQH/yh0WQexvkLtSaoqZv4FRgbBaRwayrNF7jyqk/1Wv
Zo7U0PqDTD2ALk49kGF1J5gUPzBHzfetyyjkweHfNxJOfAz/FsVFUadYPGPq4GIX
RzbgCbmbp7L6Lfl9oL8knwXz9mIraLCETbJlTNotz9U=
-----END EC PRIVATE KEY-----
)";

std::string ErrorOf(std::string text) {
  const auto certificate = ClientCertificate::FromPem(text);
  return certificate ? "" : certificate.error().message;
}

std::string Joined(std::string_view a, std::string_view b, std::string_view c = "") {
  return std::string(a) + std::string(b) + std::string(c);
}

TEST(ClientCertificate, IsAKeyACertificateAndItsChainInAnyPlaceOfTheKey) {
  EXPECT_EQ(ErrorOf(Joined(kKey, kCertificate)), "");
  EXPECT_EQ(ErrorOf(Joined(kCertificate, kKey)), "");
  EXPECT_EQ(ErrorOf(Joined(kCertificate, kOther, kKey)), "");
}

TEST(ClientCertificate, AnythingElseIsRefusedAndNotQuoted) {
  EXPECT_NE(ErrorOf(""), "");
  EXPECT_TRUE(ErrorOf(std::string(kCertificate)).contains("no private key"));
  EXPECT_TRUE(ErrorOf(std::string(kKey)).contains("no certificate"));
  EXPECT_TRUE(ErrorOf(Joined(kKey, kOther)).contains("another key"));
  EXPECT_TRUE(ErrorOf(Joined(kEncryptedKey, kCertificate)).contains("encrypted"));
  EXPECT_TRUE(ErrorOf("token-value").contains("no private key"));
  EXPECT_FALSE(ErrorOf("token-value").contains("token-value"));
}

}  // namespace
}  // namespace aileron::net
