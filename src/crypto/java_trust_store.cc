#include "crypto/java_trust_store.h"

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/free_with.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/limits.h"

namespace aileron::crypto {

using namespace std::literals;

namespace {

constexpr std::string_view kMagic = "\xfe\xed\xfe\xed"sv;
constexpr std::string_view kVersion = "\0\0\0\2"sv;
constexpr std::string_view kTrusted = "\0\0\0\2"sv;
constexpr std::uint64_t kTrustedTag = 2;
constexpr std::string_view kCertificateType = "X.509";
constexpr std::size_t kDigestBytes = 20;
constexpr std::string_view kPassword = "changeit";
constexpr std::string_view kSalt = "Mighty Aphrodite";
constexpr const char* kTrustedKeyUsage = "2.16.840.1.113894.746875.1.1";

constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kEnd = "-----END CERTIFICATE-----";

using Pkcs12 = std::unique_ptr<PKCS12, FreeWith<PKCS12_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;

void FreeSafes(STACK_OF(PKCS7) * safes) { sk_PKCS7_pop_free(safes, PKCS7_free); }
void FreeBags(STACK_OF(PKCS12_SAFEBAG) * bags) {
  sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}
using Safes = std::unique_ptr<STACK_OF(PKCS7), FreeWith<FreeSafes>>;
using Bags = std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), FreeWith<FreeBags>>;

std::string BigEndian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return text;
}

// Takes fields off the front; the first that is not whole makes all that follow empty.
class Fields {
 public:
  explicit Fields(std::string_view rest) : rest_(rest) {}

  std::string_view Take(std::uint64_t count) {
    if (count > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::uint64_t Number(std::size_t bytes) {
    std::uint64_t value = 0;
    for (const char c : Take(bytes)) value = value << 8 | static_cast<std::uint8_t>(c);
    return value;
  }
  bool failed() const { return failed_; }
  bool AtEnd() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

std::array<std::uint8_t, kDigestBytes> DigestOf(std::string_view before) {
  std::string password;
  for (const char c : kPassword) password.append(1, '\0').append(1, c);
  return Sha1({password, kSalt, before});
}

std::string EntryOf(std::string_view alias, std::string_view der) {
  std::string entry(kTrusted);
  entry.append(BigEndian(alias.size(), 2)).append(alias);
  entry.append(8, '\0');  // nobody says since when
  entry.append(BigEndian(kCertificateType.size(), 2)).append(kCertificateType);
  return entry.append(BigEndian(der.size(), 4)).append(der);
}

std::string StoreOf(std::uint64_t count, std::string_view entries) {
  std::string store(kMagic);
  store.append(kVersion).append(BigEndian(count, 4)).append(entries);
  const auto digest = DigestOf(store);
  return store.append(reinterpret_cast<const char*>(digest.data()), digest.size());
}

// Entries as they stand in a JKS, and how many.
struct Entries {
  std::string bytes;
  std::uint64_t count = 0;
};

Result<Entries> EntriesOfJks(std::string_view store) {
  const std::size_t head = kMagic.size() + kVersion.size() + 4;
  if (store.size() < head + kDigestBytes) return Fail(Code::kInvalid, "the store is cut off");
  if (store.substr(kMagic.size(), kVersion.size()) != kVersion)
    return Fail(Code::kUnsupported, "the store is of another version than 2");
  const std::string_view before = store.substr(0, store.size() - kDigestBytes);
  Fields fields(before.substr(kMagic.size() + kVersion.size()));
  const std::uint64_t count = fields.Number(4);
  if (count > limits::java_certificates)
    return Fail(Code::kUnsupported, "the store says that it has {} certificates", count);
  for (std::uint64_t left = count; left > 0 && !fields.failed(); --left) {
    if (fields.Number(4) != kTrustedTag && !fields.failed())
      return Fail(Code::kUnsupported, "the store has keys, not certificates alone");
    fields.Take(fields.Number(2));  // alias
    fields.Take(8);                 // since when
    fields.Take(fields.Number(2));  // type
    fields.Take(fields.Number(4));  // certificate
  }
  if (!fields.AtEnd()) return Fail(Code::kInvalid, "the store's entries are not whole");
  const auto digest = DigestOf(before);
  if (store.substr(before.size()) !=
      std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size())) {
    return Fail(Code::kUnsupported, "the store was changed, or its password is not \"{}\"",
                kPassword);
  }
  return Entries{.bytes = std::string(before.substr(head)), .count = count};
}

bool IsTrusted(const PKCS12_SAFEBAG* bag) {
  const STACK_OF(X509_ATTRIBUTE)* attributes = PKCS12_SAFEBAG_get0_attrs(bag);
  for (int i = 0; i < sk_X509_ATTRIBUTE_num(attributes); ++i) {
    char name[80];
    const ASN1_OBJECT* object = X509_ATTRIBUTE_get0_object(sk_X509_ATTRIBUTE_value(attributes, i));
    if (OBJ_obj2txt(name, sizeof name, object, 1) > 0 && name == std::string_view(kTrustedKeyUsage))
      return true;
  }
  return false;
}

// A name for `bag` that JKS writes as it is.
std::string AliasOf(PKCS12_SAFEBAG* bag, std::uint64_t number) {
  std::string alias;
  if (char* name = PKCS12_get_friendlyname(bag); name != nullptr) {
    alias = name;
    OPENSSL_free(name);
  }
  const bool plain = !alias.empty() && alias.size() < 256 &&
                     std::ranges::all_of(alias, [](char c) { return c >= 0x20 && c < 0x7f; });
  return plain ? alias : fmt::format("certificate {}", number);
}

Status AddBags(const STACK_OF(PKCS12_SAFEBAG) * bags, Entries& entries) {
  for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i) {
    PKCS12_SAFEBAG* bag = sk_PKCS12_SAFEBAG_value(bags, i);
    if (PKCS12_SAFEBAG_get_nid(bag) != NID_certBag)
      return Fail(Code::kUnsupported, "the store has keys, not certificates alone");
    if (!IsTrusted(bag)) continue;
    const Certificate certificate(PKCS12_SAFEBAG_get1_cert(bag));
    unsigned char* der = nullptr;
    const int size = certificate ? i2d_X509(certificate.get(), &der) : -1;
    if (size <= 0) return Fail(Code::kInvalid, "the store has what is no certificate");
    if (++entries.count > limits::java_certificates) {
      OPENSSL_free(der);
      return Fail(Code::kUnsupported, "the store has too many certificates");
    }
    entries.bytes += EntryOf(AliasOf(bag, entries.count),
                             {reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
    OPENSSL_free(der);
  }
  return {};
}

// PBMAC1 (RFC 9579) has rounds of its own, elsewhere.
bool IsPlainDigest(const X509_ALGOR* algorithm) {
  constexpr std::array kDigests = {NID_sha1, NID_sha224, NID_sha256, NID_sha384, NID_sha512};
  const ASN1_OBJECT* object = nullptr;
  if (algorithm != nullptr) X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  return object != nullptr && std::ranges::find(kDigests, OBJ_obj2nid(object)) != kDigests.end();
}

// What a MAC takes is in the store's own hand, and there may be none.
Status CheckMac(PKCS12* store, long& rounds) {
  if (PKCS12_mac_present(store) != 1) return {};
  const ASN1_INTEGER* iterations = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  PKCS12_get0_mac(nullptr, &algorithm, nullptr, &iterations, store);
  if (!IsPlainDigest(algorithm))
    return Fail(Code::kUnsupported, "the store's MAC is of another kind than Java's");
  const long count = iterations == nullptr ? 1 : ASN1_INTEGER_get(iterations);
  if (count < 1 || count > limits::java_mac_iterations || count > rounds)
    return Fail(Code::kUnsupported, "the store's MAC takes {} iterations", count);
  rounds -= count;
  if (PKCS12_verify_mac(store, kPassword.data(), static_cast<int>(kPassword.size())) != 1)
    return Fail(Code::kUnsupported, "the store was changed, or its password is not \"{}\"",
                kPassword);
  return {};
}

Result<Entries> EntriesOfPkcs12(std::string_view bytes, long& rounds) {
  // The openssl.cnf of this root may be a stranger's too, and names libraries to load.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const Pkcs12 store(d2i_PKCS12(nullptr, &data, static_cast<long>(bytes.size())));
  if (!store) return Fail(Code::kInvalid, "it is neither a JKS nor a PKCS#12 store");
  AILERON_TRY(CheckMac(store.get(), rounds));
  const Safes safes(PKCS12_unpack_authsafes(store.get()));
  if (!safes) return Fail(Code::kInvalid, "the store has no contents");
  Entries entries;
  for (int i = 0; i < sk_PKCS7_num(safes.get()); ++i) {
    PKCS7* safe = sk_PKCS7_value(safes.get(), i);
    if (!PKCS7_type_is_data(safe))
      return Fail(Code::kUnsupported, "the store's certificates are encrypted");
    const Bags bags(PKCS12_unpack_p7data(safe));
    if (!bags) return Fail(Code::kInvalid, "the store's contents are not whole");
    AILERON_TRY(AddBags(bags.get(), entries));
  }
  return entries;
}

}  // namespace

Result<std::string> AddToJavaTrustStore(std::string_view store, std::string_view pem,
                                        std::string_view alias, long& rounds) {
  const std::string der = CertificateDer(pem);
  if (der.empty()) return Fail(Code::kInvalid, "there is no certificate to add");
  if (store.size() > limits::java_store_max)
    return Fail(Code::kUnsupported, "the store has {} bytes", store.size());
  const bool jks = store.starts_with(kMagic);
  auto entries = jks ? EntriesOfJks(store) : EntriesOfPkcs12(store, rounds);
  if (!jks) ERR_clear_error();
  if (!entries) return std::unexpected(std::move(entries.error()));
  // The last one of an alias counts, so that no store says who the session's authority is.
  return StoreOf(entries->count + 1, entries->bytes.append(EntryOf(alias, der)));
}

std::string CertificateDer(std::string_view pem) {
  const std::size_t begin = pem.find(kBegin);
  if (begin == pem.npos) return {};
  pem.remove_prefix(begin + kBegin.size());
  const std::size_t end = pem.find(kEnd);
  if (end == pem.npos) return {};
  std::string text(pem.substr(0, end));
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r'; });
  return Base64Decode(text).value_or("");
}

}  // namespace aileron::crypto
