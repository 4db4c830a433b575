// TlsContext: the client's side of TLS, shared by all connections. HTTP/1.1 by ALPN, no resumption,
// so that every handshake is a full one.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "options.h"
#include "stats.h"

namespace loadgen {

struct FreeTls {
  void operator()(SSL* tls) const { SSL_free(tls); }
};
using Tls = std::unique_ptr<SSL, FreeTls>;

class TlsContext {
 public:
  explicit TlsContext(const Options& options);

  // TLS over `descriptor`, which is borrowed, to be verified against `host`.
  Tls Start(int descriptor, const std::string& host) const;

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
};

// True when the call that returned `result` only has to be made again later.
bool WouldBlock(const Tls& tls, int result);

// Why the last call failed, in OpenSSL's words; the thread's queue of errors is empty afterwards.
std::string TlsError(const Tls& tls);

TlsFacts Describe(const Tls& tls);

}  // namespace loadgen
