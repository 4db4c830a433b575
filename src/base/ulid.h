// Ulid: the ids of sessions, requests and records (github.com/ulid/spec): 48 bits of milliseconds
// and 80 random bits, written as 26 characters of Crockford's base 32, so that text order is time
// order.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace aileron {

class Ulid {
 public:
  Ulid() = default;
  static Ulid Make(Time now, const std::array<std::uint8_t, 10>& random);
  // With the kernel's random bytes.
  static Ulid Make(Time now);
  static Result<Ulid> Parse(std::string_view text);

  std::string ToString() const;
  auto operator<=>(const Ulid&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

}  // namespace aileron
