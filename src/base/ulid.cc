#include "base/ulid.h"

#include <sys/random.h>

namespace aileron {

namespace {
constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kLength = 26;
}  // namespace

Ulid Ulid::Make(Time now, const std::array<std::uint8_t, 10>& random) {
  Ulid id;
  auto ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  for (std::size_t i = 6; i-- > 0;) {
    id.bytes_[i] = static_cast<std::uint8_t>(ms);
    ms >>= 8;
  }
  std::copy(random.begin(), random.end(), id.bytes_.begin() + 6);
  return id;
}

Ulid Ulid::Make(Time now) {
  std::array<std::uint8_t, 10> random;
  AILERON_CHECK(getrandom(random.data(), random.size(), 0) == static_cast<ssize_t>(random.size()));
  return Make(now, random);
}

Result<Ulid> Ulid::Parse(std::string_view text) {
  Ulid id;
  if (text.size() != kLength || text[0] > '7')
    return Fail(Code::kInvalid, "\"{}\" is not an id", text);
  unsigned __int128 value = 0;
  for (const char c : text) {
    const auto digit = kDigits.find(c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
    if (digit == std::string_view::npos) return Fail(Code::kInvalid, "\"{}\" is not an id", text);
    value = value << 5 | digit;
  }
  for (std::size_t i = 16; i-- > 0;) {
    id.bytes_[i] = static_cast<std::uint8_t>(value);
    value >>= 8;
  }
  return id;
}

std::string Ulid::ToString() const {
  unsigned __int128 value = 0;
  for (const std::uint8_t byte : bytes_) value = value << 8 | byte;
  std::string text(kLength, '0');
  for (std::size_t i = kLength; i-- > 0;) {
    text[i] = kDigits[static_cast<std::size_t>(value & 31)];
    value >>= 5;
  }
  return text;
}

}  // namespace aileron
