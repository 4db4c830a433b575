// Bounds of the crypto room.
#pragma once

#include <chrono>
#include <cstdint>

namespace aileron::crypto::limits {

// Argon2id parameters that are believed when they are read back from a file.
inline constexpr std::uint32_t kKdfMemoryMinKib = 8;
inline constexpr std::uint32_t kKdfMemoryMaxKib = 1024 * 1024;
inline constexpr std::uint32_t kKdfPassesMax = 16;

// Certificates. The day in front is for clients whose clock is behind.
inline constexpr std::chrono::hours kBackdated{24};
inline constexpr std::chrono::hours kAuthorityLife{30 * 24};
inline constexpr std::chrono::hours kLeafLife{7 * 24};
// A P-256 private key, DER, has 121 bytes.
inline constexpr std::size_t kPrivateKeyMax = 1024;

// A key or a signature of minisign as text: its comments have at most 1 and 8 KiB.
inline constexpr std::size_t kMinisignMax = 16 << 10;

// A Java trust store: those of distributions have 150 certificates in 170 KB. Java's own MACs of
// them take 10,000 rounds.
inline constexpr std::size_t java_store_max = 4 << 20;
inline constexpr std::uint64_t java_certificates = 4096;
inline constexpr long java_mac_iterations = 200'000;
// Of a root: how many stores are tried, how much of them is read, and the rounds of their MACs.
// Half a second of a slow machine, whoever made the root.
inline constexpr std::size_t java_stores = 32;
inline constexpr std::size_t java_stores_bytes = 16 << 20;
inline constexpr long java_stores_iterations = 400'000;

}  // namespace aileron::crypto::limits
