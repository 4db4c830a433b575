// TestAuthority: a certificate authority for tests, which stand for sites and for the daemon.
// Nothing in the program uses it.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

struct evp_pkey_st;
struct x509_st;

namespace aileron::net {

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name);
  const std::string& pem() const { return pem_; }
  // A certificate, DER, for `host` (a name or an address) and the key (SubjectPublicKeyInfo, DER).
  // `days` below zero: it has expired.
  std::string Sign(const std::string& host, const std::string& public_key, int days = 1) const;

 private:
  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> certificate_;
  std::string pem_;
};

}  // namespace aileron::net
