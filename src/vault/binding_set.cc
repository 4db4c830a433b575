#include "vault/binding_set.h"

#include <algorithm>

namespace aileron::vault {
namespace {

bool Covers(const Binding& binding, std::string_view host, std::uint16_t port) {
  return binding.port == port && binding.host.Matches(host);
}

// The most specific of those that cover the host; null when none does.
const Binding* MostSpecific(const std::vector<Binding>& bindings, std::string_view host,
                            std::uint16_t port) {
  const Binding* best = nullptr;
  for (const Binding& each : bindings) {
    if (!Covers(each, host, port)) continue;
    if (best == nullptr || each.host.Specificity() > best->host.Specificity()) best = &each;
  }
  return best;
}

// The entry of the vault that a binding needs and that is not there; empty when none is missing.
std::string MissingEntry(const Binding& binding, const CredentialNames& present) {
  if (!present.contains(binding.credential)) return binding.credential;
  const bool client = binding.oauth2 && !binding.oauth2->client_secret.empty();
  if (client && !present.contains(binding.oauth2->client_secret)) {
    return binding.oauth2->client_secret;
  }
  return "";
}

std::string WhyMissing(const Binding& binding, std::string_view entry) {
  const std::string_view effect =
      binding.source == Source::kUser ? "; requests to its host are refused until it has" : "";
  return fmt::format("the vault has no entry {0}{1}. Run \"aileron secret set {0}\"", entry,
                     effect);
}

BindingStatus StatusOf(const Binding& binding, const CredentialNames& present) {
  if (binding.from) return {&binding, CredentialState::kElsewhere, true, ""};
  const std::string missing = MissingEntry(binding, present);
  const bool there = missing.empty();
  BindingStatus status{&binding, there ? CredentialState::kPresent : CredentialState::kMissing};
  status.active = there || binding.source == Source::kUser;
  if (!there) status.why = WhyMissing(binding, missing);
  return status;
}

BindingStatus Inactive(BindingStatus status, std::string why) {
  status.active = false;
  status.why = std::move(why);
  return status;
}

}  // namespace

const Binding* BindingSet::Find(std::string_view name) const {
  for (const auto* list : {&user_, &builtin_}) {
    const auto found = std::ranges::find(*list, name, &Binding::name);
    if (found != list->end()) return &*found;
  }
  return nullptr;
}

std::vector<BindingStatus> BindingSet::All(const CredentialNames& present) const {
  std::vector<BindingStatus> all;
  for (const Binding& each : user_) all.push_back(StatusOf(each, present));
  for (const Binding& each : builtin_) {
    BindingStatus status = StatusOf(each, present);
    if (const auto named = std::ranges::find(user_, each.name, &Binding::name);
        named != user_.end()) {
      status = Inactive(std::move(status), "a binding of yours has the same name");
    } else if (const Binding* yours = MostSpecific(user_, each.host.host(), each.port);
               yours != nullptr && !each.host.wildcard()) {
      status =
          Inactive(std::move(status), fmt::format("your binding {} covers its host", yours->name));
    }
    all.push_back(std::move(status));
  }
  return all;
}

std::vector<BindingStatus> BindingSet::For(std::string_view host, std::uint16_t port,
                                           const CredentialNames& present) const {
  std::vector<BindingStatus> found;
  std::vector<BindingStatus> others;
  const auto add = [&](const std::vector<Binding>& bindings, const Binding* above) {
    const Binding* const best = MostSpecific(bindings, host, port);
    for (const Binding& each : bindings) {
      if (!Covers(each, host, port)) continue;
      BindingStatus status = StatusOf(each, present);
      if (above != nullptr) {
        status = Inactive(std::move(status),
                          fmt::format("your binding {} covers the host", above->name));
      } else if (each.source == Source::kBuiltin &&
                 std::ranges::find(user_, each.name, &Binding::name) != user_.end()) {
        status = Inactive(std::move(status), "a binding of yours has the same name");
      } else if (each.host.Specificity() < best->host.Specificity()) {
        status = Inactive(std::move(status),
                          fmt::format("the binding {} names the host more closely", best->name));
      }
      (status.active ? found : others).push_back(std::move(status));
    }
    return best;
  };
  add(builtin_, add(user_, nullptr));
  std::ranges::move(others, std::back_inserter(found));
  return found;
}

std::vector<const Binding*> BindingSet::Applicable(std::string_view host, std::uint16_t port,
                                                   const CredentialNames& present) const {
  std::vector<const Binding*> bindings;
  for (const BindingStatus& status : For(host, port, present)) {
    if (status.active) bindings.push_back(status.binding);
  }
  return bindings;
}

}  // namespace aileron::vault
