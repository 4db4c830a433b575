#include "proxy/names.h"

#include "proxy/limits.h"
#include "proxy/site.h"

namespace aileron::proxy {
namespace {

constexpr std::uint32_t numbers = 1u << 17;   // 198.18.0.0/15
constexpr std::uint32_t internal_number = 1;  // 198.18.0.1
constexpr std::uint32_t first_free = 256;
constexpr std::uint32_t base_v4 = 198u << 24 | 18u << 16;
constexpr std::array<std::uint8_t, 4> base_v6 = {0xfd, 0x00, 0xa1, 0x1e};

// FNV-1a: the same in every build and on every machine.
std::uint32_t Hash(std::string_view name) {
  std::uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619u;
  return hash;
}

}  // namespace

SyntheticNames::SyntheticNames() {
  const auto [entry, fresh] = numbers_.emplace(kInternalHost, internal_number);
  names_.emplace(internal_number, &entry->first);
}

SyntheticNames::Addresses SyntheticNames::Of(std::uint32_t number) {
  const std::uint32_t v4 = base_v4 | number;
  std::array<std::uint8_t, 16> v6{};
  std::copy(base_v6.begin(), base_v6.end(), v6.begin());
  for (int i = 0; i < 4; ++i) v6[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return {
      policy::Address::V4({static_cast<std::uint8_t>(v4 >> 24), static_cast<std::uint8_t>(v4 >> 16),
                           static_cast<std::uint8_t>(v4 >> 8), static_cast<std::uint8_t>(v4)}),
      policy::Address::V6(v6)};
}

std::optional<std::uint32_t> SyntheticNames::NumberOf(const policy::Address& address) {
  const auto bytes = address.bytes();
  const std::size_t tail = bytes.size() - 4;
  std::uint32_t low = 0;
  for (std::size_t i = tail; i < bytes.size(); ++i) low = low << 8 | bytes[i];
  if (address.family() == policy::Family::kIpv4) {
    if ((low & ~(numbers - 1)) != base_v4) return std::nullopt;
    return low & (numbers - 1);
  }
  if (!std::equal(base_v6.begin(), base_v6.end(), bytes.begin())) return std::nullopt;
  for (std::size_t i = base_v6.size(); i < tail; ++i) {
    if (bytes[i] != 0) return std::nullopt;
  }
  if (low >= numbers) return std::nullopt;
  return low;
}

std::optional<SyntheticNames::Addresses> SyntheticNames::AddressesOf(std::string_view name) {
  const std::string key(name);
  if (const auto found = numbers_.find(key); found != numbers_.end()) return Of(found->second);
  if (numbers_.size() >= limits::names_max) return std::nullopt;
  std::uint32_t number = Hash(name) % (numbers - first_free) + first_free;
  while (names_.contains(number)) number = number + 1 < numbers ? number + 1 : first_free;
  const auto [entry, fresh] = numbers_.emplace(key, number);
  names_.emplace(number, &entry->first);
  return Of(number);
}

const std::string* SyntheticNames::NameOf(const policy::Address& address) const {
  const auto number = NumberOf(address);
  if (!number) return nullptr;
  const auto found = names_.find(*number);
  return found == names_.end() ? nullptr : found->second;
}

bool SyntheticNames::IsSynthetic(const policy::Address& address) {
  return NumberOf(address).has_value();
}

}  // namespace aileron::proxy
