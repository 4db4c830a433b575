// WebSocketText: a client's bytes in any pieces come out as the same messages, in frames that are
// whole, without a look-alike in their text; what is no text message stays as it was.
#include <string>
#include <utility>
#include <vector>

#include "fuzz/pieces.h"
#include "proxy/websocket_frames.h"
#include "proxy/websocket_text.h"

using aileron::ByteBuffer;
using aileron::Secret;
using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::proxy;

namespace {

constexpr std::string_view kLookAlike = "abcabcab", kReal = "SECRET";
constexpr unsigned kFinal = 0x80, kReserved = 0x70, kOpcode = 0x0f, kControl = 8;

struct Out {
  std::string bytes;
  bool flawed = false;
};

Out Pass(std::string_view bytes, aileron::fuzz::Pieces pieces) {
  WebSocketText text;
  Expect(text.Look(kLookAlike, 0).has_value());
  ByteBuffer from(limits::input_max), to(limits::output_max, aileron::Contents::kSecret);
  const Secret secret(kReal);
  Out out;
  bool in_hand = false;
  while (!bytes.empty() && !out.flawed) {
    const std::size_t size = std::min(pieces.Next(bytes.size()), from.Room());
    from.Append(bytes.substr(0, size));
    bytes.remove_prefix(size);
    for (bool more = true; more;) {
      const auto step =
          text.Move(from, to, [&](std::size_t) { return in_hand ? &secret : nullptr; });
      more = step.moved || step.wanted.has_value();
      in_hand = step.wanted.has_value();  // asked for each time
      out.flawed = step.flawed;
      out.bytes += to.View();
      to.Consume(to.size());
    }
  }
  return out;
}

// Messages one after the other: text as one piece each, everything else frame by frame.
std::vector<std::string> Messages(std::string_view bytes, bool& text_is_clean) {
  std::vector<std::string> messages;
  std::string text;
  bool in_text = false;
  for (const WsFrame& frame : ReadFrames(bytes)) {
    const unsigned opcode = frame.first & kOpcode;
    if (opcode != 0 && opcode < kControl) {
      in_text = opcode == 1 && (frame.first & kReserved) == 0;
      text.clear();
    }
    if (opcode >= kControl || !in_text || (frame.first & kReserved) != 0) {
      messages.push_back(std::string(1, static_cast<char>(frame.first)) + frame.payload);
      continue;
    }
    text += frame.payload;
    if ((frame.first & kFinal) == 0) continue;
    text_is_clean &= !text.contains(kLookAlike);
    messages.push_back(std::exchange(text, {}));
    in_text = false;
  }
  return messages;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes = AsText(data + 1, size - 1);
  const Out whole = Pass(bytes, aileron::fuzz::Pieces(0));
  const Out pieces = Pass(bytes, aileron::fuzz::Pieces(data[0]));
  Expect(whole.flawed == pieces.flawed);
  bool clean = true;
  Expect(Messages(whole.bytes, clean) == Messages(pieces.bytes, clean));
  Expect(clean);
  return 0;
}
