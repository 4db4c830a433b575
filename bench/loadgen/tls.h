// TlsContext: the client's side of TLS, shared by all connections. HTTP/1.1 or HTTP/2 by ALPN.
// Every handshake is a full one, unless resumption was asked for.
#pragma once

#include <openssl/ssl.h>

#include <map>
#include <memory>
#include <mutex>
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
  static int Keep(SSL* tls, SSL_SESSION* session);

  std::unique_ptr<SSL_CTX, Free> context_;
  bool resume_;
  mutable std::mutex mutex_;  // of newest_: threads share the context
  std::map<std::string, std::shared_ptr<SSL_SESSION>> newest_;  // by host
};

// True when the call that returned `result` only has to be made again later.
bool WouldBlock(const Tls& tls, int result);

// Why the last call failed, in OpenSSL's words; the thread's queue of errors is empty afterwards.
std::string TlsError(const Tls& tls);

// Whether ALPN chose HTTP/2.
bool SpeaksH2(const Tls& tls);

TlsFacts Describe(const Tls& tls);

}  // namespace loadgen
