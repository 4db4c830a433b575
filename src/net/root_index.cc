#include "net/root_index.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <memory>
#include <optional>

#include "base/free_with.h"

namespace aileron::net {
namespace {

using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Name = std::unique_ptr<X509_NAME, FreeWith<X509_NAME_free>>;

// Steps into the constructed value at the front of `der`, or over the value there.
bool Step(const unsigned char*& at, const unsigned char* end, bool into) {
  long length = 0;
  int tag = 0;
  int kind = 0;
  const unsigned char* content = at;
  if ((ASN1_get_object(&content, &length, &tag, &kind, end - at) & 0x80) != 0) return false;
  at = into ? content : content + length;
  return true;
}

// Certificate ::= SEQUENCE { TBSCertificate ::= SEQUENCE { [0] version OPTIONAL, serial, algorithm,
//                            issuer, validity, subject, … } … }
std::optional<unsigned long> SubjectHash(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const end = at + der.size();
  if (!Step(at, end, true) || !Step(at, end, true)) return std::nullopt;
  constexpr unsigned char version = 0xa0;
  if (at < end && *at == version && !Step(at, end, false)) return std::nullopt;
  for (int field = 0; field < 4; ++field) {
    if (at >= end || !Step(at, end, false)) return std::nullopt;
  }
  if (at >= end) return std::nullopt;
  const Name subject(d2i_X509_NAME(nullptr, &at, end - at));
  if (!subject) return std::nullopt;
  return X509_NAME_hash_ex(subject.get(), nullptr, nullptr, nullptr);
}

}  // namespace

struct RootIndex::Callback {
  // As OpenSSL's own lookups do: what is found is put into the store, and `found` borrows it there.
  static int BySubject(X509_LOOKUP* lookup, X509_LOOKUP_TYPE type, const X509_NAME* name,
                       X509_OBJECT* found) {
    auto* index = static_cast<RootIndex*>(X509_LOOKUP_get_method_data(lookup));
    X509_STORE* store = X509_LOOKUP_get_store(lookup);
    if (type != X509_LU_X509 || index == nullptr) return 0;
    index->Load(store, name);
    X509_OBJECT* kept =
        X509_OBJECT_retrieve_by_subject(X509_STORE_get0_objects(store), X509_LU_X509, name);
    X509* certificate = kept == nullptr ? nullptr : X509_OBJECT_get0_X509(kept);
    if (certificate == nullptr || X509_OBJECT_set1_X509(found, certificate) != 1) return 0;
    X509_free(certificate);  // the count that set1 took: nobody gives it back
    return 1;
  }

  static X509_LOOKUP_METHOD* Method() {
    static X509_LOOKUP_METHOD* const method = [] {
      X509_LOOKUP_METHOD* made = X509_LOOKUP_meth_new("roots by subject");
      if (made != nullptr) X509_LOOKUP_meth_set_get_by_subject(made, BySubject);
      return made;
    }();
    return method;
  }
};

std::size_t RootIndex::Add(std::string_view pem) {
  const Bio text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  std::size_t added = 0;
  while (text && PEM_read_bio(text.get(), &label, &header, &data, &size) == 1) {
    const std::string_view der(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    const std::string_view kind = label;
    const bool certificate = kind == PEM_STRING_X509 || kind == PEM_STRING_X509_OLD;
    if (const auto hash = certificate ? SubjectHash(der) : std::nullopt) {
      roots_.emplace(*hash, der);
      ++added;
    }
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_free(data);
  }
  ERR_clear_error();
  return added;
}

bool RootIndex::Serve(X509_STORE* store) {
  X509_LOOKUP_METHOD* method = Callback::Method();
  X509_LOOKUP* lookup = method == nullptr ? nullptr : X509_STORE_add_lookup(store, method);
  return lookup != nullptr && X509_LOOKUP_set_method_data(lookup, this) == 1;
}

void RootIndex::Load(X509_STORE* store, const X509_NAME* subject) {
  const auto [begin, end] =
      roots_.equal_range(X509_NAME_hash_ex(subject, nullptr, nullptr, nullptr));
  for (auto root = begin; root != end; ++root) {
    const auto* at = reinterpret_cast<const unsigned char*>(root->second.data());
    const Certificate parsed(d2i_X509(nullptr, &at, static_cast<long>(root->second.size())));
    if (parsed) X509_STORE_add_cert(store, parsed.get());
  }
  roots_.erase(begin, end);
  ERR_clear_error();
}

}  // namespace aileron::net
