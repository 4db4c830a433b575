#include "tls.h"

#include <openssl/err.h>

#include <array>

#include "die.h"
#include "limits.h"

namespace loadgen {

TlsContext::TlsContext(const Options& options)
    : context_(SSL_CTX_new(TLS_client_method())), resume_(options.resume) {
  SSL_CTX* context = context_.get();
  if (context == nullptr) Die("OpenSSL gives no context");
  if (options.tls == "1.2") SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  if (options.tls == "1.3") SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  if (!options.groups.empty() && SSL_CTX_set1_groups_list(context, options.groups.c_str()) != 1) {
    Die("OpenSSL knows no such groups: " + options.groups);
  }
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (resume_) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_app_data(context, this);
    SSL_CTX_sess_set_new_cb(context, Keep);
  }
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, limits::tls_read_buffer);
  if (options.ca_file) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    if (SSL_CTX_load_verify_locations(context, options.ca_file->c_str(), nullptr) != 1) {
      Die("cannot read certificates from " + *options.ca_file);
    }
  }
  constexpr std::array<unsigned char, 9> http1{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  constexpr std::array<unsigned char, 3> http2{2, 'h', '2'};
  if (options.mode == Mode::kH2) {
    SSL_CTX_set_alpn_protos(context, http2.data(), http2.size());
  } else {
    SSL_CTX_set_alpn_protos(context, http1.data(), http1.size());
  }
}

int TlsContext::Keep(SSL* tls, SSL_SESSION* session) {
  auto* context = static_cast<TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(tls)));
  const std::lock_guard lock(context->mutex_);
  const char* host = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name);
  context->newest_[host == nullptr ? "" : host] =
      std::shared_ptr<SSL_SESSION>(session, SSL_SESSION_free);
  return 1;
}

Tls TlsContext::Start(int descriptor, const std::string& host) const {
  Tls tls(SSL_new(context_.get()));
  SSL_set_fd(tls.get(), descriptor);
  SSL_set_tlsext_host_name(tls.get(), host.c_str());
  SSL_set1_host(tls.get(), host.c_str());
  SSL_set_connect_state(tls.get());
  if (resume_) {
    const std::lock_guard lock(mutex_);
    if (const auto found = newest_.find(host); found != newest_.end()) {
      SSL_set_session(tls.get(), found->second.get());
    }
  }
  return tls;
}

bool WouldBlock(const Tls& tls, int result) {
  const int error = SSL_get_error(tls.get(), result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

std::string TlsError(const Tls& tls) {
  const unsigned long error = ERR_peek_error();
  ERR_clear_error();
  const long verified = SSL_get_verify_result(tls.get());
  if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
  if (error == 0) return "connection closed";
  std::array<char, 128> text{};
  ERR_error_string_n(error, text.data(), text.size());
  return text.data();
}

bool SpeaksH2(const Tls& tls) {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(tls.get(), &name, &size);
  return size == 2 && name[0] == 'h' && name[1] == '2';
}

TlsFacts Describe(const Tls& tls) {
  TlsFacts facts{.version = SSL_get_version(tls.get()),
                 .cipher = SSL_get_cipher_name(tls.get()),
                 .group = "",
                 .leaf = "",
                 .issuer = ""};
  const auto group = static_cast<int>(SSL_get_negotiated_group(tls.get()));
  if (const char* name = group > 0 ? OBJ_nid2sn(group) : nullptr) facts.group = name;
  if (const X509* leaf = SSL_get0_peer_certificate(tls.get())) {
    const EVP_PKEY* key = X509_get0_pubkey(leaf);
    facts.leaf = EVP_PKEY_get0_type_name(key) + std::to_string(EVP_PKEY_get_bits(key));
    std::array<char, 128> common{};
    if (X509_NAME_get_text_by_NID(X509_get_issuer_name(leaf), NID_commonName, common.data(),
                                  static_cast<int>(common.size())) > 0) {
      facts.issuer = common.data();
    }
  }
  return facts;
}

}  // namespace loadgen
