// ClientCertificate: a certificate with its key and chain, to be presented to a server that asks.
//
//   PEM = private key (not encrypted), certificate of that key, certificates of its chain; the key
//         anywhere, the certificate before its chain
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct evp_pkey_st;
struct x509_st;

namespace aileron::net {

class ClientCertificate {
 public:
  // kInvalid, without quoting it, when `pem` is not that.
  static Result<ClientCertificate> FromPem(std::string_view pem);

 private:
  friend class Stream;
  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> certificate_;
  std::vector<std::shared_ptr<x509_st>> chain_;
  std::string fingerprint_;  // SHA-256 of the certificate
};

}  // namespace aileron::net
