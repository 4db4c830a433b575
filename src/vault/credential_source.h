// CredentialSource: where a credential comes from that is not in the vault: "from:" of a binding.
// Only the user's own bindings may have one: it names commands, files and servers of the user's.
//
//   from:                        exactly one of
//     exec: pass show work/api     a command; its words as a shell splits and quotes them, and
//                                  nothing else of a shell's: no variable, pattern or pipe
//     shell: pass show x | head    a line for /bin/sh -c
//     file: /home/me/.api-key      a file of the user's that nobody else may read
//     hashicorp: https://HOST:8200 HashiCorp Vault, key/value engine version 2
//   and with them
//     take: line                   exec, shell, file: the first line, or "whole" (but its last line
//                                  end)
//     timeout: 20s                 exec, shell, hashicorp; 60s at most
//     mount: secret                hashicorp: where the engine is mounted
//     path: work/api               hashicorp: the secret's path below it
//     field: value                 hashicorp: which of its fields
//     token: token/hashicorp       hashicorp: the vault entry that holds the token, or
//     token_file: /home/me/.vault-token   a file as above
//     namespace: team              hashicorp: X-Vault-Namespace
//     ca: /home/me/corp.pem        hashicorp: an authority that is trusted besides the system's
//     cache: 30s                   how long it may be kept; 0s: opened for each request
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/service_url.h"
#include "base/time.h"
#include "vault/settings.h"

namespace aileron::vault {

struct CredentialSource {
  enum class Kind { kExec, kShell, kFile, kHashicorp };
  enum class Take { kLine, kWhole };

  Kind kind = Kind::kExec;
  std::string text;               // of exec, shell, file or hashicorp, as written
  std::vector<std::string> argv;  // exec and shell
  Take take = Take::kLine;
  Duration timeout{};
  Duration cache{};
  ServiceUrl address;  // hashicorp, and all below
  std::string mount, path, field, token, token_file, name_space, ca;

  static std::expected<CredentialSource, FieldError> Check(const Settings& settings);
  // What Check makes the same of again; defaults are left out.
  Settings Write() const;
  std::string_view KindName() const;  // "exec"

  bool operator==(const CredentialSource&) const = default;
};

// The words of a command line: blanks separate, quotes of both kinds and backslashes group. An
// error for what only a shell could do, and for a quote without its end.
Result<std::vector<std::string>> SplitCommand(std::string_view line);

}  // namespace aileron::vault
