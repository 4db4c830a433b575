// TLS 1.2 and 1.3: the contexts that streams are opened with (stream.h), keys and certificates.
//
// OpenSSL's types stay inside this room. Nothing here opens a file after it was made: the worker is
// confined by then.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct evp_pkey_st;
struct ssl_ctx_st;
struct ssl_st;
struct x509_st;

namespace aileron::net {

class RootIndex;
class Stream;

// Loads no configuration file and no engine. Call once, before the process is confined.
void PrepareTls();

// What is spoken inside (RFC 7301). As a client's offer kHttp2 means HTTP/2 or else HTTP/1.1.
enum class Alpn : unsigned char { kHttp1, kHttp2 };

// KeyPair: a fresh ECDSA P-256 key.
class KeyPair {
 public:
  static Result<KeyPair> Make();
  // SubjectPublicKeyInfo, DER.
  std::string PublicKey() const;

 private:
  friend class Identity;
  std::shared_ptr<evp_pkey_st> key_;
};

// Identity: a certificate and the key it is for.
class Identity {
 public:
  // kInvalid when the certificate cannot be read or is for another key.
  static Result<Identity> Make(const KeyPair& key, std::string_view certificate_der);

 private:
  friend class TlsServer;
  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> certificate_;
};

// What a server says to a ClientHello.
enum class HelloAnswer {
  kGo,      // identity was set
  kWait,    // asked again by the next Handshake()
  kRefuse,  // alert, and the end
};

// What a client says first.
struct Hello {
  std::string name;            // of the SNI extension, lower case; empty without one
  Alpn offers = Alpn::kHttp1;  // kHttp2: HTTP/2 too
};

// TlsServer: faces clients. The certificate is chosen per connection, when the name is known.
class TlsServer {
 public:
  // It may be called again for the same hello after kWait.
  using OnHello = std::function<HelloAnswer(const Hello& hello, Identity& identity)>;

  // kHttp2: takes HTTP/2 from who offers it; kHttp1: never.
  static Result<std::unique_ptr<TlsServer>> Make(Alpn best = Alpn::kHttp1);

  struct Callback;  // the C side

 private:
  friend class Stream;
  TlsServer() = default;
  std::shared_ptr<ssl_ctx_st> context_;
};

// RootBundle: the PEM text of the trusted roots, mapped, indexed when it is first needed (see
// root_index.h): an idle worker holds no certificate.
class RootBundle {
 public:
  // The system's bundle, from where distributions put it. Empty when there is none.
  static RootBundle OfSystem();
  RootBundle() = default;
  RootBundle(RootBundle&& other) noexcept;
  RootBundle& operator=(RootBundle&& other) noexcept;
  ~RootBundle();

  std::string_view pem() const { return {data_, size_}; }
  const std::string& path() const { return path_; }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
  std::string path_;
};

// TlsClient: faces upstreams. Verifies chain and name, always.
class TlsClient {
 public:
  // `extra_pem` is trusted besides the bundle. kInvalid when it holds no certificate.
  static Result<std::unique_ptr<TlsClient>> Make(RootBundle bundle, std::string_view extra_pem);
  ~TlsClient();

  struct Sessions;  // to resume, by host and port

 private:
  friend class Stream;
  TlsClient();
  Status EnsureRoots();

  std::unique_ptr<RootIndex> roots_;  // once it was needed; outlives the context, which asks it
  std::shared_ptr<ssl_ctx_st> context_;
  RootBundle bundle_;
  std::string extra_pem_;
  std::unique_ptr<Sessions> sessions_;
};

}  // namespace aileron::net
