// What engines answer: strict values, and texts that are safe to show.
#include "base/text.h"
#include "engine/answers.h"
#include "engine/oci_runtime.h"
#include "fuzz/pieces.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::engine;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText(data, size);
  if (const auto image = ReadImage(text)) Expect(image->id.starts_with("sha256:"));
  if (const auto id = ReadId(text)) Expect(aileron::HexDecode(*id).has_value() && !id->empty());
  (void)ReadRunning(text);
  if (const auto missing = ReadMissingLimits(text, false)) Expect(missing->size() <= 3);
  const std::string message = ReadMessage(text);
  Expect(aileron::Printable(message) == message);
  if (const auto line = ReadPullLine(text)) Expect(aileron::Printable(line->text) == line->text);
  const std::string complaint = ReadOciLog(text);
  Expect(aileron::Printable(complaint) == complaint);
  const std::string version = ReadOciVersion(text);
  Expect(aileron::Printable(version) == version);
  return 0;
}
