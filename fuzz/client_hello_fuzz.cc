// ClientHello: a beginning never says more than the whole, and what is read is a name in it.
#include "proxy/client_hello.h"

#include "base/text.h"
#include "fuzz/pieces.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using aileron::proxy::ClientHello;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = AsText(data, size);
  const ClientHello whole = aileron::proxy::ReadClientHello(bytes);
  if (whole.outcome == ClientHello::Outcome::kHello) {
    Expect(whole.name == aileron::ToLower(whole.name));
    Expect(whole.name.size() < bytes.size());
  } else {
    Expect(whole.name.empty() || whole.outcome == ClientHello::Outcome::kMalformed);
  }
  if (size == 0) return 0;
  const ClientHello part = aileron::proxy::ReadClientHello(bytes.substr(0, size - 1));
  if (part.outcome != ClientHello::Outcome::kNeedMore) {
    Expect(part.outcome == whole.outcome && part.name == whole.name);
  }
  return 0;
}
