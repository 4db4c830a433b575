// RootIndex: trusted roots that are parsed when somebody asks for their subject.
//
// A system trusts a hundred and more authorities, a session meets a handful. OpenSSL 3.0 takes
// longer to parse them all than to shake hands a hundred times, so the bundle is only cut into DER
// and indexed by subject; a certificate goes into the store when a chain leads to it.
//
//   bundle = *( text / "-----BEGIN CERTIFICATE-----" base64 "-----END CERTIFICATE-----" )
//
// The bundle is the host's own. A damaged certificate is left out, as every client does.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

struct X509_name_st;
struct x509_lookup_st;
struct x509_object_st;
struct x509_store_st;

namespace aileron::net {

class RootIndex {
 public:
  // Indexes `pem`; how many roots it holds. It is not needed afterwards.
  std::size_t Add(std::string_view pem);

  // `store` asks this index from now on, which must live as long and not move.
  bool Serve(x509_store_st* store);

  // Parses the roots with this subject into `store`, once.
  void Load(x509_store_st* store, const X509_name_st* subject);

  std::size_t waiting() const { return roots_.size(); }

 private:
  struct Callback;  // the C side

  // DER by the hash of the subject, of those that are not in the store yet.
  std::unordered_multimap<unsigned long, std::string> roots_;
};

}  // namespace aileron::net
