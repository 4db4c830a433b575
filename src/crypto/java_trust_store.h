// Java's trust stores: files "cacerts" of certificates that a Java virtual machine believes, and
// one more of them.
//
// Two kinds are read. JKS (OpenJDK, sun.security.provider.JavaKeyStore), big-endian:
//
//   store = u32 0xfeedfeed, u32 version = 2, u32 count, count *entry, sha1(20)
//   entry = u32 2, text alias, u64 milliseconds since 1970, text "X.509", u32 length, DER
//   text  = u16 length, bytes (modified UTF-8)
//
// where the digest is that of the password in UTF-16BE, "Mighty Aphrodite" and all that stands
// before it. And PKCS#12 (RFC 7292) as JDK 18 and later have it: certificates in the clear, each
// with the attribute 2.16.840.1.113894.746875.1.1 (Oracle, "trustedKeyUsage").
//
// What is written is JKS, which every virtual machine since 8 reads under either kind's name
// (java.security, "keystore.type.compat"). A store may be a stranger's: its size, its counts and
// the work of its MAC are bounded. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace aileron::crypto {

// `store` and the one certificate of `pem`, under the alias `alias` (lower-case ASCII); the
// password of both is "changeit", as that of all such files. Of `rounds`, which all stores share,
// its MAC's are taken off before they are made. kInvalid for what is no trust store; kUnsupported
// for one of another password, with encrypted certificates, with somebody's keys, with a MAC of
// another kind than that of RFC 7292, or with more rounds than there are.
Result<std::string> AddToJavaTrustStore(std::string_view store, std::string_view pem,
                                        std::string_view alias, long& rounds);

// The first certificate of `pem` in DER; empty: there is none. It is not looked into.
std::string CertificateDer(std::string_view pem);

}  // namespace aileron::crypto
