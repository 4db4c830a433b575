// Opening: a credential that is being fetched from where it is kept.
#pragma once

#include <expected>
#include <functional>
#include <string>

#include "base/secret.h"
#include "base/time.h"
#include "daemon/background.h"
#include "daemon/command_world.h"
#include "daemon/opened.h"
#include "daemon/vault_service.h"
#include "net/loop.h"
#include "vault/credential_source.h"

namespace aileron::daemon {

struct Fresh {
  Secret secret;
  Duration keep{};   // until it should be fetched again; zero: at the next request
  Duration valid{};  // as long as it may still be used if that fails
};
using FreshCredential = std::expected<Fresh, Unopened>;

// Destroying it cancels.
class Opening {
 public:
  // Called once, from the loop, never from the constructor. It must not destroy the opening before
  // it has returned.
  using OnFresh = std::function<void(FreshCredential)>;
  virtual ~Opening() = default;
};

// What openings work with; borrowed from the daemon.
struct OpeningWorld {
  net::Loop& loop;
  VaultService& vault;
  AuditService& audit;
  Background& files;  // for reading users' files alone: what hangs there holds up nothing else
  CommandWorld commands;
  bool storing = false;  // the vault changes by an opening's own hand
};

// An entry of the vault.
std::expected<Secret, Unopened> OpenEntry(VaultService& vault, const std::string& name);

// A file that could not be read, or a service that could not be asked.
Unopened WhyNot(const Error& error, std::string_view otherwise_hint);

// Of the bytes that a command or a file gave: the first line, or all but a last line end. Empty is
// an error.
FreshCredential TakeFrom(Secret bytes, const vault::CredentialSource& source);

// A stranger's text for a hint: one line, printable, short, and without `secret`.
std::string ForHint(std::string_view text, std::string_view secret = {});

}  // namespace aileron::daemon
