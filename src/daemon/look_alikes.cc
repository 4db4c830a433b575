#include "daemon/look_alikes.h"

#include <algorithm>

#include "base/host_pattern.h"

namespace aileron::daemon {

namespace {

// What git asks of a repository (gitprotocol-http(5)).
constexpr std::pair<std::string_view, std::string_view> kGitRequests[] = {
    {"GET", "/info/refs"}, {"POST", "/git-upload-pack"}, {"POST", "/git-receive-pack"}};

bool IsFor(const vault::Binding& binding, std::string_view path) {
  if (vault::PlaceOf(binding) != "authorization") return false;
  if (path.empty()) return true;
  return std::ranges::any_of(kGitRequests, [&](const auto& one) {
    return binding.scope.Covers(one.first, fmt::format("/{}{}", path, one.second));
  });
}

std::string FirstOf(std::string_view a, std::string_view b, std::string_view c) {
  return std::string(!a.empty() ? a : !b.empty() ? b : c);
}

// Without a name of its own, the secret of "basic" is user:password, and there is no part of it
// that could be swapped alone.
bool CanSwap(const vault::Binding& binding) {
  return binding.emit() == vault::Emit::kSentinel &&
         (binding.scheme != vault::Scheme::kBasic || !binding.username.empty());
}

std::optional<LookAlike> Swapped(const vault::Binding& binding, const Sentinels& sentinels,
                                 std::string_view username) {
  const auto sentinel = sentinels.find(binding.name);
  if (!CanSwap(binding) || sentinel == sentinels.end()) return std::nullopt;
  return LookAlike{.username = FirstOf(binding.username, username, kStandInUser),
                   .password = sentinel->second.value,
                   .swapped = true};
}

}  // namespace

std::string PlaceOf(const LookAlike& look_alike) {
  constexpr std::uint16_t https_port = 443;
  return look_alike.port == https_port ? look_alike.host
                                       : FormatHostPort(look_alike.host, look_alike.port);
}

std::optional<LookAlike> FindLookAlike(std::span<const vault::Binding* const> bindings,
                                       const Sentinels& sentinels, const LookAlikeWish& wish) {
  for (const vault::Binding* binding : bindings) {
    if (!IsFor(*binding, wish.path)) continue;
    std::optional<LookAlike> found = Swapped(*binding, sentinels, wish.username);
    if (!found && binding->emit() == vault::Emit::kInject) {
      found = LookAlike{.username = FirstOf(wish.username, kStandInUser, ""),
                        .password = std::string(kStandInPassword)};
    }
    if (!found) continue;
    found->host = wish.host;
    found->port = wish.port;
    return found;
  }
  return std::nullopt;
}

std::vector<LookAlike> ListLookAlikes(std::span<const vault::Binding* const> bindings,
                                      const Sentinels& sentinels) {
  std::vector<LookAlike> list;
  for (const vault::Binding* binding : bindings) {
    if (binding->host.wildcard() || !IsFor(*binding, "")) continue;
    std::optional<LookAlike> one = Swapped(*binding, sentinels, "");
    if (!one) continue;
    one->host = binding->host.ToString();
    one->port = binding->port;
    const bool known = std::ranges::any_of(list, [&](const LookAlike& other) {
      return other.host == one->host && other.port == one->port;
    });
    if (!known) list.push_back(std::move(*one));
  }
  return list;
}

}  // namespace aileron::daemon
