#include "crypto/x509.h"

#include <arpa/inet.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <climits>

#include "base/free_with.h"
#include "base/host_pattern.h"
#include "crypto/limits.h"
#include "crypto/random.h"

namespace aileron::crypto {

using namespace std::literals;

namespace {

using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using Subject = std::unique_ptr<X509_NAME, FreeWith<X509_NAME_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;

// The error of the library call that just failed; empties its queue.
std::unexpected<Error> FailLibrary(std::string_view tried) {
  char reason[160] = "no reason given";
  if (const unsigned long code = ERR_peek_last_error(); code != 0) {
    ERR_error_string_n(code, reason, sizeof reason);
  }
  ERR_clear_error();
  return Fail(Code::kInternal, "cannot {}: {}", tried, reason);
}

time_t Seconds(Time time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

bool SetSerial(X509* certificate) {
  // RFC 5280 §4.1.2.2: positive and at most 20 bytes. 127 random bits, never 0.
  auto bytes = RandomBytes<16>();
  bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0x7f) | 0x40);
  const std::unique_ptr<BIGNUM, FreeWith<BN_free>> number(
      BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool AddName(X509_NAME* name, const char* field, std::string_view value) {
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

// `value` is a constant of ours: this grammar of OpenSSL's is not for strangers' text.
bool AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool SetSubject(X509* certificate, std::string_view common) {
  const Subject name(X509_NAME_new());
  return name && (common.empty() || AddName(name.get(), "CN", common)) &&
         X509_set_subject_name(certificate, name.get()) == 1;
}

bool SetValidity(X509* certificate, time_t from, time_t until) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), from) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), until) != nullptr;
}

std::optional<time_t> FromAsn1(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return timegm(&parts);
}

// The one name that `certificate` is for, in place of the one before.
bool SetSubjectAlternative(X509* certificate, const Host& host, bool critical) {
  for (int at; (at = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1)) >= 0;) {
    X509_EXTENSION_free(X509_delete_ext(certificate, at));
  }
  const Names names(GENERAL_NAMES_new());
  GENERAL_NAME* const name = GENERAL_NAME_new();
  if (!names || name == nullptr) return false;
  if (sk_GENERAL_NAME_push(names.get(), name) <= 0) {
    GENERAL_NAME_free(name);
    return false;
  }
  std::array<unsigned char, 16> address;
  std::string_view bytes = host.text;
  if (host.kind != HostKind::kName) {
    const bool v4 = host.kind == HostKind::kIpv4;
    if (inet_pton(v4 ? AF_INET : AF_INET6, host.text.c_str(), address.data()) != 1) return false;
    bytes = {reinterpret_cast<const char*>(address.data()), v4 ? 4u : 16u};
  }
  ASN1_STRING* const text =
      ASN1_STRING_type_new(host.kind == HostKind::kName ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
  if (text == nullptr) return false;
  GENERAL_NAME_set0_value(name, host.kind == HostKind::kName ? GEN_DNS : GEN_IPADD, text);
  if (ASN1_STRING_set(text, bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), critical ? 1 : 0,
                           X509V3_ADD_DEFAULT) == 1;
}

// A P-256 SubjectPublicKeyInfo (RFC 5480 §2) is a constant and an uncompressed point.
constexpr std::string_view kSpkiHead =
    "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
    "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00"sv;
constexpr std::size_t kPointBytes = 65;

// P-256 and nothing else: the one kind of key that workers make. Whether the point is on the curve
// is not looked at: a certificate over one that is not serves nobody.
Result<std::string_view> PointOf(std::string_view der) {
  if (der.size() != kSpkiHead.size() + kPointBytes || !der.starts_with(kSpkiHead) ||
      der[kSpkiHead.size()] != '\x04') {
    return Fail(Code::kInvalid, "the public key for a certificate is not a P-256 key");
  }
  return der.substr(kSpkiHead.size());
}

Result<std::string> PointOf(const EVP_PKEY* key) {
  std::string point(kPointBytes, '\0');
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY,
                                      reinterpret_cast<unsigned char*>(point.data()), point.size(),
                                      &size) != 1 ||
      size != kPointBytes) {
    return FailLibrary("export a public key");
  }
  return point;
}

// X509_set_pubkey would write the key and read it again, which takes OpenSSL 3.0 longer than to
// sign.
bool SetPoint(X509* certificate, std::string_view point) {
  auto* const bytes = static_cast<unsigned char*>(OPENSSL_memdup(point.data(), point.size()));
  if (bytes == nullptr) return false;
  if (X509_PUBKEY_set0_param(
          X509_get_X509_PUBKEY(certificate), OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
          OBJ_nid2obj(NID_X9_62_prime256v1), bytes, static_cast<int>(point.size())) == 1) {
    return true;
  }
  OPENSSL_free(bytes);
  return false;
}

Result<std::string> ToPem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), certificate) != 1) {
    return FailLibrary("write a certificate");
  }
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return std::string(bytes, static_cast<std::size_t>(size));
}

}  // namespace

struct CertificateAuthority::State {
  Key key;
  Certificate certificate;
  std::string pem;
  time_t from = 0;
  time_t until = 0;

  Result<X509*> LeafFor(std::string_view public_key);

  // The leaf that was issued last, and the key it is for: a worker has one key.
  std::string leaf_key;
  Certificate leaf;
};

CertificateAuthority::CertificateAuthority(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
CertificateAuthority::CertificateAuthority(CertificateAuthority&&) noexcept = default;
CertificateAuthority& CertificateAuthority::operator=(CertificateAuthority&&) noexcept = default;
CertificateAuthority::~CertificateAuthority() = default;

Result<CertificateAuthority> CertificateAuthority::Create(std::string_view session_id, Time now) {
  auto state = std::make_unique<State>();
  state->key.reset(EVP_EC_gen("P-256"));
  state->certificate.reset(X509_new());
  X509* const certificate = state->certificate.get();
  if (!state->key || certificate == nullptr) return FailLibrary("make a certificate authority");
  AILERON_ASSIGN(const std::string point, PointOf(state->key.get()));
  state->from = Seconds(now - limits::kBackdated);
  state->until = Seconds(now + limits::kAuthorityLife);
  X509_NAME* const name = X509_get_subject_name(certificate);
  const std::string common = fmt::format("aileron session {}", session_id);
  const bool built =
      X509_set_version(certificate, X509_VERSION_3) == 1 && SetSerial(certificate) &&
      SetValidity(certificate, state->from, state->until) && AddName(name, "O", "aileron") &&
      AddName(name, "CN", common) && X509_set_issuer_name(certificate, name) == 1 &&
      SetPoint(certificate, point) &&
      AddExtension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      AddExtension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
      AddExtension(certificate, certificate, NID_subject_key_identifier, "hash") &&
      AddExtension(certificate, certificate, NID_authority_key_identifier, "keyid:always") &&
      X509_sign(certificate, state->key.get(), EVP_sha256()) > 0;
  if (!built) return FailLibrary("make a certificate authority");
  AILERON_ASSIGN(state->pem, ToPem(certificate));
  return CertificateAuthority(std::move(state));
}

Result<CertificateAuthority> CertificateAuthority::Import(const Secret& private_key,
                                                          std::string_view certificate_pem) {
  auto state = std::make_unique<State>();
  const auto der = private_key.Reveal();
  if (der.size() > limits::kPrivateKeyMax || certificate_pem.size() > INT_MAX) {
    return Fail(Code::kInvalid,
                "the session's certificate authority is too large to be one of ours");
  }
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  state->key.reset(d2i_PrivateKey(EVP_PKEY_EC, nullptr, &at, static_cast<long>(der.size())));
  const Bio bio(BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size())));
  if (bio) state->certificate.reset(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  const X509* const certificate = state->certificate.get();
  const bool whole = state->key && certificate != nullptr &&
                     X509_check_private_key(certificate, state->key.get()) == 1 &&
                     X509_check_ca(state->certificate.get()) == 1;
  ERR_clear_error();
  if (!whole) {
    return Fail(Code::kInvalid,
                "the key and the certificate of a session's authority do not belong "
                "together");
  }
  const auto from = FromAsn1(X509_get0_notBefore(certificate));
  const auto until = FromAsn1(X509_get0_notAfter(certificate));
  if (!from || !until) return Fail(Code::kInvalid, "the session's authority has no valid dates");
  state->from = *from;
  state->until = *until;
  AILERON_ASSIGN(state->pem, ToPem(state->certificate.get()));
  return CertificateAuthority(std::move(state));
}

const std::string& CertificateAuthority::CertificatePem() const { return state_->pem; }

Result<Secret> CertificateAuthority::ExportPrivateKey() const {
  const int size = i2d_PrivateKey(state_->key.get(), nullptr);
  if (size <= 0) return FailLibrary("export the authority's key");
  Secret key = Secret::OfSize(static_cast<std::size_t>(size));
  auto* at = reinterpret_cast<unsigned char*>(key.RevealWritable().data());
  if (i2d_PrivateKey(state_->key.get(), &at) != size) {
    return FailLibrary("export the authority's key");
  }
  return key;
}

// A leaf over that key with all that is the same in each: what is missing is serial, validity,
// subject and alternative name.
Result<X509*> CertificateAuthority::State::LeafFor(std::string_view public_key) {
  if (leaf && leaf_key == public_key) return leaf.get();
  AILERON_ASSIGN(const std::string_view point, PointOf(public_key));
  Certificate fresh(X509_new());
  X509* const issuer = certificate.get();
  const bool built =
      fresh && X509_set_version(fresh.get(), X509_VERSION_3) == 1 &&
      X509_set_issuer_name(fresh.get(), X509_get_subject_name(issuer)) == 1 &&
      SetPoint(fresh.get(), point) &&
      AddExtension(fresh.get(), issuer, NID_basic_constraints, "critical,CA:FALSE") &&
      AddExtension(fresh.get(), issuer, NID_key_usage, "critical,digitalSignature") &&
      AddExtension(fresh.get(), issuer, NID_ext_key_usage, "serverAuth") &&
      AddExtension(fresh.get(), issuer, NID_subject_key_identifier, "hash") &&
      AddExtension(fresh.get(), issuer, NID_authority_key_identifier, "keyid:always");
  if (!built) return FailLibrary("make a certificate");
  leaf = std::move(fresh);
  leaf_key = public_key;
  return leaf.get();
}

Result<std::string> CertificateAuthority::IssueLeaf(std::string_view host,
                                                    std::string_view public_key, Time now) const {
  State& state = *state_;
  AILERON_ASSIGN(const Host parsed, ParseHost(host));
  AILERON_ASSIGN(X509* const leaf, state.LeafFor(public_key));
  if (Seconds(now) < state.from || Seconds(now) >= state.until) {
    return Fail(Code::kUnavailable,
                "the session's certificate authority is not valid at {}: start a new session",
                FormatTime(now));
  }
  // ub-common-name is 64; without a subject the alternative name must be critical (RFC 5280).
  const bool named = parsed.text.size() <= 64;
  const bool built = SetSerial(leaf) &&
                     SetValidity(leaf, std::max(state.from, Seconds(now - limits::kBackdated)),
                                 std::min(state.until, Seconds(now + limits::kLeafLife))) &&
                     SetSubject(leaf, named ? std::string_view(parsed.text) : "") &&
                     SetSubjectAlternative(leaf, parsed, /*critical=*/!named) &&
                     X509_sign(leaf, state.key.get(), EVP_sha256()) > 0;
  if (!built) return FailLibrary("make a certificate");
  unsigned char* der = nullptr;
  const int size = i2d_X509(leaf, &der);
  if (size <= 0) return FailLibrary("write a certificate");
  std::string bytes(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace aileron::crypto
