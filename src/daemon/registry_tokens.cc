// Tested by tests/image/test_registry.py.

#include "daemon/registry_tokens.h"

#include <algorithm>

#include "base/secret_writer.h"
#include "daemon/limits.h"

namespace aileron::daemon {

namespace {

// The Authorization field that the binding stands for; empty where it is another thing.
Secret AuthorizationOf(const vault::Binding& binding, const Secret& secret) {
  SecretWriter value(2 * limits::kCredentialMax);
  if (binding.scheme == vault::Scheme::kBearer) {
    value.Put("Bearer ");
    value.Put(secret.Reveal());
  } else if (binding.scheme == vault::Scheme::kBasic) {
    SecretWriter pair(limits::kCredentialMax + 1024);
    if (!binding.username.empty()) {
      pair.Put(binding.username);
      pair.Put(":");
    }
    pair.Put(secret.Reveal());
    value.Put("Basic ");
    value.PutBase64(pair.View());
  }
  return value.overflowed() ? Secret() : value.Take();
}

bool Serves(const vault::Binding& binding, const std::string& path) {
  return (binding.scheme == vault::Scheme::kBasic || binding.scheme == vault::Scheme::kBearer) &&
         binding.approval != vault::Approval::kFirstUse && binding.scope.Covers("GET", path);
}

}  // namespace

void RegistryTokens::Get(Wanted wanted, Done done) {
  const ServiceUrl& url = wanted.realm.url;
  const auto bound = bindings_.set().Applicable(url.host, url.port, vault_.names());
  const auto found = std::ranges::find_if(
      bound, [&](const vault::Binding* one) { return Serves(*one, url.path); });
  if (found == bound.end()) {
    return done(Fail(Code::kNotFound, "no credential that may be used unasked is bound to {}",
                     url.Authority()));
  }
  // The set may be read anew while the credential is opened.
  const vault::Binding binding = **found;
  credentials_.Open(binding, [this, alive = std::weak_ptr(alive_), binding,
                              wanted = std::move(wanted),
                              done = std::move(done)](const OpenedCredential& opened) {
    if (alive.expired()) return;
    if (!opened) {
      const Unopened& why = opened.error();
      return done(Fail(Code::kUnavailable, "{} needs the credential {}: {}. {}",
                       wanted.realm.url.Authority(), binding.credential, why.message, why.hint));
    }
    Ask(wanted, binding, opened->secret, done);
  });
}

void RegistryTokens::Ask(Wanted wanted, const vault::Binding& binding, const Secret& secret,
                         Done done) {
  if (fetches_.size() >= limits::kRegistryTokens) {
    return done(
        Fail(Code::kUnavailable, "too many tokens are being fetched. Try again in a moment"));
  }
  auto request = fetch::TokenRequest({.realm = wanted.realm,
                                      .service = wanted.service,
                                      .repository = wanted.repository,
                                      .authorization = AuthorizationOf(binding, secret),
                                      .identity_token = {}});
  if (!request) return done(std::unexpected(request.error()));
  request->ca = std::move(wanted.ca);
  const std::uint64_t number = next_++;
  fetches_[number] = std::make_unique<fetch::Fetch>(
      loop_, *std::move(request),
      [this, number, realm = std::move(wanted.realm),
       done = std::move(done)](Result<fetch::Response> answer) {
        const auto last = fetches_.extract(number);  // it is calling: it goes in the end
        if (!answer) return done(std::unexpected(std::move(answer.error())));
        done(fetch::ReadToken(realm, *answer));
      });
}

}  // namespace aileron::daemon
