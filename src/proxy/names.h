// SyntheticNames: one address per name, for a sandbox in which every address leads to us.
//
// A name's addresses are computed from it, so that they stay the same when a worker is started
// again: IPv4 out of 198.18.0.0/15 (RFC 2544, in use nowhere), IPv6 out of fd00:a11e::/32. Names
// that meet take the next free number. The table is bounded; names are never forgotten, since a
// client may keep an address for as long as it likes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/address.h"

namespace aileron::proxy {

class SyntheticNames {
 public:
  struct Addresses {
    policy::Address v4;
    policy::Address v6;
  };

  SyntheticNames();
  // The addresses of `name` (canonical). Nothing when the table is full.
  std::optional<Addresses> AddressesOf(std::string_view name);
  // The name that a synthetic address stands for, or null.
  const std::string* NameOf(const policy::Address& address) const;
  // Whether the address is one that we give out, or could.
  static bool IsSynthetic(const policy::Address& address);

  std::size_t size() const { return numbers_.size(); }

 private:
  static Addresses Of(std::uint32_t number);
  static std::optional<std::uint32_t> NumberOf(const policy::Address& address);

  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::unordered_map<std::uint32_t, const std::string*> names_;  // into the keys of numbers_
};

}  // namespace aileron::proxy
