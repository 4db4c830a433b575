// CertificateAuthority: a session's own authority, which vouches for hosts to that session's
// sandbox and to nobody else.
//
// ECDSA P-256. The authority is self-signed, CA:TRUE with pathlen 0, so what it issues can issue
// nothing; its subject names aileron and the session, so a person who finds it in a trust store
// knows where it came from. Leaves are for exactly one host, never a wildcard, for serverAuth only,
// and outlive neither a week nor the authority.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace aileron::crypto {

class CertificateAuthority {
 public:
  static Result<CertificateAuthority> Create(std::string_view session_id, Time now);
  // What ExportPrivateKey and CertificatePem gave. kInvalid when they do not belong together.
  static Result<CertificateAuthority> Import(const Secret& private_key,
                                             std::string_view certificate_pem);

  CertificateAuthority(CertificateAuthority&&) noexcept;
  CertificateAuthority& operator=(CertificateAuthority&&) noexcept;
  ~CertificateAuthority();

  const std::string& CertificatePem() const;
  // DER (SEC 1), for a blob that is sealed before it leaves the process.
  Result<Secret> ExportPrivateKey() const;

  // A certificate (DER) for `host`, a name or an IP literal in any spelling ParseHost takes, over
  // the P-256 key whose SubjectPublicKeyInfo (DER) is `public_key`. kInvalid for any other host or
  // key; kUnavailable when the authority itself has run out at `now`.
  Result<std::string> IssueLeaf(std::string_view host, std::string_view public_key, Time now) const;

 private:
  struct State;
  explicit CertificateAuthority(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace aileron::crypto
