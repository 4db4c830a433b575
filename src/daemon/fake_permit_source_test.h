// FakePermitSource: the world of Permits in tests.
#pragma once

#include "daemon/permits.h"

namespace aileron::daemon {

inline vault::Binding FakeBinding(std::string name, std::string host, std::uint16_t port = 443,
                                  std::string sentinel = "") {
  return vault::MakeBinding({.name = std::move(name),
                             .host = std::move(host),
                             .scheme = "bearer",
                             .credential = "token/example",
                             .port = port,
                             .sentinel = sentinel.empty() ? std::nullopt : std::optional(sentinel)},
                            vault::Source::kUser)
      .value();
}

class FakePermitSource final : public PermitSource {
 public:
  std::vector<const vault::Binding*> Applicable(std::string_view host,
                                                std::uint16_t port) override {
    std::vector<const vault::Binding*> found;
    for (const auto& binding : bindings) {
      if (binding.host.Matches(host) && binding.port == port) found.push_back(&binding);
    }
    return found;
  }
  // What the driver would find for an Open.
  OpenedCredential OpenCredential(const std::string& name) {
    opened.push_back(name);
    if (locked) return std::unexpected(Unopened{"vault_locked", "the vault is locked", "unlock"});
    return OpenedSecret{.secret = Secret(value)};
  }
  Result<std::string> IssueLeaf(std::string_view host, std::string_view) override {
    return "leaf for " + std::string(host);
  }
  void DeniedUnasked(const About& about, std::string_view code, std::string_view hint) override {
    unasked.push_back(fmt::format("{} {} {}", about.What(), code, hint));
  }
  std::string Outage() override { return outage; }

  std::vector<vault::Binding> bindings;
  std::vector<std::string> opened;
  std::vector<std::string> unasked;
  std::string value = "s3cret";
  std::string outage;
  bool locked = false;
};

}  // namespace aileron::daemon
