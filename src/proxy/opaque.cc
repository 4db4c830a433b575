#include "proxy/opaque.h"

#include <algorithm>

#include "base/text.h"
#include "proxy/limits.h"

namespace aileron::proxy {

namespace {

constexpr std::uint16_t kHttpsPort = 443;

bool Overlap(const HostPattern& a, const HostPattern& b) {
  if (a == b) return true;
  if (!a.wildcard()) return b.Matches(a.host());
  if (!b.wildcard()) return a.Matches(b.host());
  // Of two wildcards one is below the other, or they share nothing.
  return a.Matches(b.host()) || b.Matches(a.host());
}

}  // namespace

Result<OpaqueHosts> OpaqueHosts::Parse(std::span<const std::string> entries) {
  if (entries.size() > limits::opaque_max) {
    return Fail(Code::kInvalid, "{} opaque hosts are too many; at most {} are taken",
                entries.size(), limits::opaque_max);
  }
  OpaqueHosts hosts;
  for (const std::string& text : entries) {
    auto entry = ParseHostPort(text);
    if (!entry) return Wrap(std::move(entry.error()), "--opaque {}", Printable(text));
    entry->port = entry->port.value_or(kHttpsPort);
    hosts.entries_.push_back(std::move(*entry));
  }
  return hosts;
}

bool OpaqueHosts::Contains(std::string_view host, std::uint16_t port) const {
  return std::ranges::any_of(entries_, [&](const HostPort& entry) {
    return entry.port == port && entry.pattern.Matches(host);
  });
}

const HostPort* OpaqueHosts::Meets(const HostPattern& pattern, std::uint16_t port) const {
  for (const HostPort& entry : entries_) {
    if (entry.port == port && Overlap(entry.pattern, pattern)) return &entry;
  }
  return nullptr;
}

std::vector<std::string> OpaqueHosts::Entries() const {
  std::vector<std::string> texts;
  for (const HostPort& entry : entries_) {
    texts.push_back(FormatHostPort(entry.pattern.ToString(), *entry.port));
  }
  return texts;
}

}  // namespace aileron::proxy
