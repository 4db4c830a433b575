// Messages between the daemon and a mediator: what one side takes, it writes the same again.
#include "fuzz/pieces.h"
#include "mediation/messages.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::mediation;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = AsText(data, size);
  if (const auto message = DecodeFromMediator(bytes)) Expect(Encode(*message) == bytes);
  if (const auto message = DecodeFromDaemon(bytes)) Expect(Encode(*message) == bytes);
  return 0;
}
