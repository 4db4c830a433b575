// Kdf: a key from a passphrase, by Argon2id.
//
// The parameters are stored beside what the key protects, so that a later version can raise the
// cost. They may come from a hostile file: Check bounds them before memory or time is spent.
#pragma once

#include <array>
#include <cstdint>

#include "base/result.h"
#include "base/secret.h"

namespace aileron::crypto {

struct KdfCost {
  std::uint32_t memory_kib = 128 * 1024;
  std::uint32_t passes = 3;
};

// For tests: as weak as Argon2id can be.
inline constexpr KdfCost kCheapestKdf{.memory_kib = 8, .passes = 1};

struct KdfParameters {
  std::uint32_t memory_kib = 0;
  std::uint32_t passes = 0;
  std::array<std::uint8_t, 16> salt{};
};

// `cost` with a fresh random salt.
KdfParameters MakeKdfParameters(KdfCost cost);

// kInvalid outside limits::kKdf…
Status Check(const KdfParameters& parameters);

// A key of kAeadKeySize bytes. Takes a good part of a second and memory_kib: not on an event loop.
// Pure, so any thread may call it. kUnavailable when the memory cannot be had.
Result<Secret> DeriveKey(const KdfParameters& parameters, const Secret& passphrase);

}  // namespace aileron::crypto
