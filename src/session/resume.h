// Resume: all that a new daemon needs to take up a session that an old one lost, sealed so that the
// launcher who keeps it can neither read nor change it.
//
//   sealed = XChaCha20-Poly1305 of the fields below under the daemon's key, purpose and version as
//            associated data (crypto/aead.h)
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "command/rules.h"
#include "session/session.h"

namespace aileron::session {

// How a session reaches the network, as its launcher asked for it.
struct NetworkRequest {
  std::string profile;             // empty: as the policy files say
  std::vector<std::string> allow;  // HOST[:PORT]
  std::vector<std::string> deny;
  std::vector<std::string> ask;  // METHOD[,METHOD] HOST[:PORT][/PATH]
  // The policy files as they were when the session began: what is in force when a new daemon finds
  // them broken. Their texts are not the launcher's to say.
  std::string user_policy;
  std::vector<std::pair<std::string, std::string>> project;  // path and text, the nearest first
  std::string upstream_ca;                                   // PEM
  std::vector<std::string> connect_to;                       // HOST:PORT:ADDR[:PORT]
  std::string upstream_proxy;                                // http://[USER@]HOST:PORT; empty: none
  std::string upstream_proxy_credential;                     // the vault entry with its password
  std::string no_proxy;
  std::vector<std::string> timeouts;  // NAME=DURATION
  std::vector<std::string> opaque;    // HOST[:PORT]
  // How long a request waits for a person before it is answered "pending".
  Duration hold{};
  // Nobody is asked: what would ask is refused.
  bool unattended = false;
  // Every command is recorded.
  bool learn = false;
  bool operator==(const NetworkRequest&) const = default;
};

// Which commands a session may run.
struct CommandRequest {
  std::vector<command::CommandRule> rules;
  command::Action otherwise = command::Action::kAllow;  // where no rule speaks
  // The sandbox has the filter that makes its commands wait, from its start or never.
  bool filtered = false;
  // Rules about the network name programs. Of the policy as it is: not kept.
  std::vector<std::string> programs;
  // Whether commands are mediated at all.
  bool mediated() const { return !rules.empty() || otherwise != command::Action::kAllow; }
};

// A look-alike that the sandbox holds for a binding, and where it was put.
struct Sentinel {
  std::string variable;  // or empty
  std::string value;
  std::string secret_key;  // the second part of a look-alike for AWS, or empty
  std::string file;        // its path, or empty
  std::string content;
  bool operator==(const Sentinel&) const = default;
};

struct ResumeState {
  Session session;  // as it was opened; its state is not part of it
  NetworkRequest network;
  CommandRequest commands;
  std::map<std::string, Sentinel> sentinels;  // by binding
  std::string ca_certificate;                 // PEM
  Secret ca_key;
  Secret proxy_password;  // when the launcher gave one, instead of a vault entry
};

std::string SealResume(const Secret& key, const ResumeState& state);
// kInvalid for anything that SealResume with that key did not write.
Result<ResumeState> OpenResume(const Secret& key, std::string_view sealed);

}  // namespace aileron::session
