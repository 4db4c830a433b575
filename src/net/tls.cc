// Tested by src/proxy/data_plane_test.cc.

#include "net/tls.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <utility>

#include "base/text.h"
#include "net/limits.h"
#include "net/root_index.h"
#include "net/tls_internal.h"
#include "os/fd.h"

namespace aileron::net {

std::string LastTlsReason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown reason" : reason;
}

namespace {

template <typename... Args>
std::unexpected<Error> FailTls(fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Error{
      Code::kInternal,
      fmt::format("{}: {}", fmt::format(format, std::forward<Args>(args)...), LastTlsReason())});
}

Result<std::shared_ptr<ssl_ctx_st>> MakeContext(const SSL_METHOD* method) {
  std::shared_ptr<ssl_ctx_st> context(SSL_CTX_new(method), SSL_CTX_free);
  if (!context) return FailTls("cannot set up TLS");
  SSL_CTX* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_read_ahead(raw, 1);
  return context;
}

// The name in a server_name extension: u16 list, u8 type 0, u16 length, bytes (RFC 6066 §3).
std::string HelloName(SSL* tls) {
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(tls, TLSEXT_TYPE_server_name, &data, &size) != 1) return {};
  constexpr std::size_t head = 5;
  if (size < head || data[2] != TLSEXT_NAMETYPE_host_name) return {};
  const std::size_t name = static_cast<std::size_t>(data[3]) << 8 | data[4];
  if (name == 0 || name > TLSEXT_MAXLEN_host_name || name > size - head) return {};
  return ToLower(std::string_view(reinterpret_cast<const char*>(data) + head, name));
}

// Whether "h2" stands in a list of protocols: each a length and its bytes (RFC 7301 §3.1).
bool Offers(std::string_view list, std::string_view protocol) {
  while (!list.empty()) {
    const auto size = static_cast<unsigned char>(list.front());
    if (size >= list.size()) return false;
    if (list.substr(1, size) == protocol) return true;
    list.remove_prefix(size + 1u);
  }
  return false;
}

Alpn HelloOffers(SSL* tls) {
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  constexpr auto type = TLSEXT_TYPE_application_layer_protocol_negotiation;
  constexpr std::size_t length = 2;
  if (SSL_client_hello_get0_ext(tls, type, &data, &size) != 1 || size < length) return Alpn::kHttp1;
  const std::string_view list(reinterpret_cast<const char*>(data) + length, size - length);
  return Offers(list, "h2") ? Alpn::kHttp2 : Alpn::kHttp1;
}

}  // namespace

// Nothing is taken apart when the process ends, which frees it all anyway.
void PrepareTls() {
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS |
                       OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT,
                   nullptr);
}

Result<KeyPair> KeyPair::Make() {
  KeyPair pair;
  pair.key_ = std::shared_ptr<EVP_PKEY>(EVP_EC_gen("P-256"), EVP_PKEY_free);
  if (!pair.key_) return FailTls("cannot make a key");
  return pair;
}

std::string KeyPair::PublicKey() const {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &der);
  AILERON_CHECK(size > 0);
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

Result<Identity> Identity::Make(const KeyPair& key, std::string_view certificate_der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(certificate_der.data());
  Identity identity;
  identity.key_ = key.key_;
  identity.certificate_ = std::shared_ptr<X509>(
      d2i_X509(nullptr, &bytes, static_cast<long>(certificate_der.size())), X509_free);
  if (!identity.certificate_) return FailTls("cannot read a certificate");
  if (X509_check_private_key(identity.certificate_.get(), key.key_.get()) != 1) {
    return FailTls("a certificate is for another key");
  }
  return identity;
}

// --- server

struct TlsServer::Callback {
  static int OnClientHello(SSL* tls, int* alert, void*) {
    auto* on_hello = static_cast<OnHello*>(SSL_get_app_data(tls));
    Identity identity;
    switch ((*on_hello)({.name = HelloName(tls), .offers = HelloOffers(tls)}, identity)) {
      case HelloAnswer::kWait:
        return SSL_CLIENT_HELLO_RETRY;
      case HelloAnswer::kGo:
        if (SSL_use_certificate(tls, identity.certificate_.get()) == 1 &&
            SSL_use_PrivateKey(tls, identity.key_.get()) == 1) {
          return SSL_CLIENT_HELLO_SUCCESS;
        }
        *alert = SSL_AD_INTERNAL_ERROR;
        return SSL_CLIENT_HELLO_ERROR;
      case HelloAnswer::kRefuse:
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_CLIENT_HELLO_ERROR;
    }
    return SSL_CLIENT_HELLO_ERROR;
  }

  // A client that offers only others gets no ALPN and decides. `best` is null for HTTP/1.1 alone.
  static int OnAlpn(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned in_size, void* best) {
    const std::string_view offered(reinterpret_cast<const char*>(in), in_size);
    for (const std::string_view taken : {"\x02h2", "\x08http/1.1"}) {
      if (!Offers(offered, taken.substr(1)) || (best == nullptr && taken[0] == 2)) continue;
      *out = reinterpret_cast<const unsigned char*>(taken.data() + 1);
      *out_size = static_cast<unsigned char>(taken.size() - 1);
      return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
  }
};

Result<std::unique_ptr<TlsServer>> TlsServer::Make(Alpn best) {
  std::unique_ptr<TlsServer> server(new TlsServer());
  AILERON_ASSIGN(server->context_, MakeContext(TLS_server_method()));
  SSL_CTX* context = server->context_.get();
  SSL_CTX_set_client_hello_cb(context, Callback::OnClientHello, nullptr);
  SSL_CTX_set_alpn_select_cb(context, Callback::OnAlpn, best == Alpn::kHttp2 ? context : nullptr);
  // Tickets only: sessions of clients take no memory here.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  constexpr unsigned char id[] = "aileron";
  SSL_CTX_set_session_id_context(context, id, sizeof id - 1);
  return server;
}

// --- roots

RootBundle RootBundle::OfSystem() {
  for (const char* path : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                           "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    os::Fd file(open(path, O_RDONLY | O_CLOEXEC));
    struct stat about{};
    if (!file || fstat(file.get(), &about) != 0 || about.st_size <= 0) continue;
    const auto size = static_cast<std::size_t>(about.st_size);
    if (size > limits::root_bundle_max) continue;
    void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (data == MAP_FAILED) continue;
    RootBundle bundle;
    bundle.data_ = static_cast<const char*>(data);
    bundle.size_ = size;
    bundle.path_ = path;
    return bundle;
  }
  return {};
}

RootBundle::RootBundle(RootBundle&& other) noexcept { *this = std::move(other); }
RootBundle& RootBundle::operator=(RootBundle&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(path_, other.path_);
  return *this;
}
RootBundle::~RootBundle() {
  if (data_ != nullptr) munmap(const_cast<char*>(data_), size_);
}

// --- client

TlsClient::TlsClient() : sessions_(std::make_unique<Sessions>()) {}
TlsClient::~TlsClient() = default;

namespace {

// Whether `pem` holds a certificate.
bool HoldsCertificate(std::string_view pem) {
  BIO* text = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* first = PEM_read_bio_X509(text, nullptr, nullptr, nullptr);
  const bool holds = first != nullptr;
  X509_free(first);
  BIO_free(text);
  ERR_clear_error();
  return holds;
}

}  // namespace

Result<std::unique_ptr<TlsClient>> TlsClient::Make(RootBundle bundle, std::string_view extra_pem) {
  std::unique_ptr<TlsClient> client(new TlsClient());
  client->bundle_ = std::move(bundle);
  client->extra_pem_ = extra_pem;
  AILERON_ASSIGN(client->context_, MakeContext(TLS_client_method()));
  SSL_CTX* context = client->context_.get();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  constexpr unsigned char http11[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(context, http11, sizeof http11 - 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_app_data(context, client->sessions_.get());
  SSL_CTX_sess_set_new_cb(context, Sessions::OnNew);
  if (!extra_pem.empty() && !HoldsCertificate(extra_pem)) {
    return Fail(Code::kInvalid, "the extra roots hold no certificate in PEM");
  }
  return client;
}

Status TlsClient::EnsureRoots() {
  if (roots_) return {};
  X509_STORE* store = SSL_CTX_get_cert_store(context_.get());
  // As curl does: a certificate that is trusted by name need not be a root.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  auto roots = std::make_unique<RootIndex>();
  if (roots->Add(bundle_.pem()) + roots->Add(extra_pem_) == 0) {
    return Fail(Code::kUnavailable,
                "no trusted root certificates were found on the host. Install ca-certificates");
  }
  if (!roots->Serve(store)) return FailTls("cannot use the trusted roots");
  roots_ = std::move(roots);
  bundle_ = RootBundle();
  return {};
}

SSL_SESSION* TlsClient::Sessions::Take(const std::string& peer) {
  const auto found = kept.find(peer);
  if (found == kept.end()) return nullptr;
  SSL_SESSION* session = found->second;
  kept.erase(found);
  return session;
}

// Keeps the newest session of each peer: TLS 1.3 tickets are meant to be used once.
int TlsClient::Sessions::OnNew(SSL* tls, SSL_SESSION* session) {
  auto* sessions = static_cast<Sessions*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(tls)));
  const auto* peer = static_cast<const std::string*>(SSL_get_app_data(tls));
  if (peer == nullptr) return 0;
  if (sessions->kept.size() >= limits::tls_sessions_max && !sessions->kept.contains(*peer)) {
    SSL_SESSION_free(sessions->kept.begin()->second);
    sessions->kept.erase(sessions->kept.begin());
  }
  SSL_SESSION*& slot = sessions->kept[*peer];
  if (slot != nullptr) SSL_SESSION_free(slot);
  slot = session;
  return 1;
}

TlsClient::Sessions::~Sessions() {
  for (auto& [peer, session] : kept) SSL_SESSION_free(session);
}

}  // namespace aileron::net
