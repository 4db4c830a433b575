// Tested by src/proxy/data_plane_test.cc.

#include "net/test_authority.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "net/endpoint.h"

namespace aileron::net {
namespace {

constexpr long day = 24 * 3600;

void AddExtension(X509* certificate, int kind, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
  AILERON_CHECK(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

std::shared_ptr<X509> Begin(const std::string& name, long from, long until) {
  static long serial = 1;
  std::shared_ptr<X509> certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name)
    : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(Begin(name, -day, day)) {
  X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
  X509_set_pubkey(certificate_.get(), key_.get());
  AddExtension(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate_.get(), NID_key_usage, "critical,keyCertSign");
  AILERON_CHECK(X509_sign(certificate_.get(), key_.get(), EVP_sha256()) > 0);
  BIO* text = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(text, certificate_.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(text, &data);
  pem_.assign(data, static_cast<std::size_t>(size));
  BIO_free(text);
}

std::string TestAuthority::Sign(const std::string& host, const std::string& public_key,
                                int days) const {
  const auto certificate = Begin("leaf", days < 0 ? days * day : -day, days < 0 ? -60 : days * day);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
  const auto* bytes = reinterpret_cast<const unsigned char*>(public_key.data());
  EVP_PKEY* key = d2i_PUBKEY(nullptr, &bytes, static_cast<long>(public_key.size()));
  AILERON_CHECK(key != nullptr);
  X509_set_pubkey(certificate.get(), key);
  EVP_PKEY_free(key);
  AddExtension(certificate.get(), NID_subject_alt_name,
               (Endpoint::Parse(host, 0) ? "IP:" : "DNS:") + host);
  AILERON_CHECK(X509_sign(certificate.get(), key_.get(), EVP_sha256()) > 0);
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

}  // namespace aileron::net
