// Permits: whatever is decoded is what Encode writes, byte for byte, in both directions.
#include "fuzz/pieces.h"
#include "proxy/permit.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;

namespace {

std::string_view Bytes(const std::string& packet) { return packet; }
std::string_view Bytes(const aileron::Secret& packet) { return packet.Reveal(); }

template <typename Decoded>
void CheckEncodesTo(const Decoded& decoded, std::string_view packet) {
  if (!decoded) return;
  std::visit(
      [&](const auto& message) {
        const auto again = aileron::proxy::Encode(message);
        Expect(Bytes(again) == packet);
      },
      *decoded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view packet = AsText(data, size);
  CheckEncodesTo(aileron::proxy::DecodeFromDaemon(packet), packet);
  CheckEncodesTo(aileron::proxy::DecodeFromWorker(packet), packet);
  return 0;
}
