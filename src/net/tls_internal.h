// What tls.cc and stream.cc share of OpenSSL. Not for other rooms.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <unordered_map>

#include "net/tls.h"

namespace aileron::net {

// The newest reason on OpenSSL's error queue, which is emptied.
std::string LastTlsReason();

struct TlsClient::Sessions {
  ~Sessions();
  // The caller owns what is returned.
  SSL_SESSION* Take(const std::string& peer);
  static int OnNew(SSL* tls, SSL_SESSION* session);
  std::unordered_map<std::string, SSL_SESSION*> kept;
};

}  // namespace aileron::net
