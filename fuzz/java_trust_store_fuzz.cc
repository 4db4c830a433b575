// Java's trust stores, which images bring: what is made of one is a store that takes another one.
#include "crypto/java_trust_store.h"

#include "crypto/limits.h"
#include "fuzz/pieces.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::crypto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kPem =
      "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
  const std::string_view text = AsText(data, size);
  long rounds = limits::java_stores_iterations;
  const auto made = AddToJavaTrustStore(text, kPem, "ours", rounds);
  if (!made) return 0;
  Expect(made->contains(CertificateDer(kPem)));
  const auto again = AddToJavaTrustStore(*made, kPem, "again", rounds);
  // Unless the bound of a store is met.
  if (made->size() < 1 << 20) Expect(again.has_value() && again->size() > made->size());
  return 0;
}
