#include "net/client_certificate.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "net/limits.h"

namespace aileron::net {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Bio Open(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
}

// Nobody is there to be asked for a passphrase.
int NoPassphrase(char*, int, int, void*) { return -1; }

std::unexpected<Error> Wrong(std::string_view what) {
  ERR_clear_error();
  return Fail(Code::kInvalid, "it is not a client certificate in PEM: {}", what);
}

}  // namespace

Result<ClientCertificate> ClientCertificate::FromPem(std::string_view pem) {
  if (pem.size() > limits::client_certificate_max) return Wrong("it is too large");
  ClientCertificate client;
  client.key_ = std::shared_ptr<EVP_PKEY>(
      PEM_read_bio_PrivateKey(Open(pem).get(), nullptr, NoPassphrase, nullptr), EVP_PKEY_free);
  if (!client.key_) return Wrong("there is no private key in it, or an encrypted one");
  const Bio text = Open(pem);
  while (X509* certificate = PEM_read_bio_X509(text.get(), nullptr, NoPassphrase, nullptr)) {
    std::shared_ptr<X509> owned(certificate, X509_free);
    if (client.certificate_) {
      client.chain_.push_back(std::move(owned));
    } else {
      client.certificate_ = std::move(owned);
    }
  }
  ERR_clear_error();
  if (!client.certificate_) return Wrong("there is no certificate in it");
  if (X509_check_private_key(client.certificate_.get(), client.key_.get()) != 1) {
    return Wrong("its first certificate is for another key");
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(client.certificate_.get(), EVP_sha256(), digest, &size) != 1) {
    return Wrong("the certificate cannot be read");
  }
  client.fingerprint_.assign(reinterpret_cast<const char*>(digest), size);
  return client;
}

}  // namespace aileron::net
