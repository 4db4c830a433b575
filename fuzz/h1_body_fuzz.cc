// A body: cut anywhere and with any room it gives the same payload, ending and trailers; framed
// anew it gives them again.
#include <string>

#include "fuzz/pieces.h"
#include "http/h1_body.h"

using aileron::ByteBuffer;
using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using aileron::fuzz::Pieces;
using namespace aileron::http;

namespace {

struct Read {
  std::string payload;
  Outcome outcome = Outcome::kNeedMore;
  Flaw flaw = Flaw::kNone;
  std::size_t consumed = 0;
  std::string trailers;
};

Read ReadAll(Body body, std::string_view input, Pieces* pieces, std::size_t payload_max) {
  BodyReader reader(body);
  Read read;
  std::size_t available = pieces == nullptr ? input.size() : 0;
  while (true) {
    const std::string copy(input.substr(read.consumed, available - read.consumed));
    const BodyReader::Step step = reader.Read(copy, payload_max);
    Expect(step.consumed <= copy.size() && step.payload.size() <= payload_max);
    read.payload += step.payload;
    read.consumed += step.consumed;
    read.outcome = step.outcome;
    read.flaw = step.flaw;
    if (step.outcome == Outcome::kFailed) {
      read.consumed = 0;  // how far it came depends on the cuts
      return read;
    }
    if (step.outcome == Outcome::kDone) {
      reader.trailers().AppendTo(read.trailers);
      return read;
    }
    if (step.consumed != 0) continue;
    if (available == input.size()) return read;
    available += pieces->Next(input.size() - available);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const Body body{.framing = static_cast<Framing>(data[0] % 4), .length = data[1]};
  Pieces pieces(data[2]);
  const std::string_view input = AsText(data + 4, size - 4);

  const Read once = ReadAll(body, input, nullptr, SIZE_MAX);
  const Read slow = ReadAll(body, input, &pieces, 1 + data[3] % 32);
  Expect(once.outcome == slow.outcome && once.flaw == slow.flaw);
  Expect(once.consumed == slow.consumed && once.payload == slow.payload);
  Expect(once.trailers == slow.trailers);
  if (once.outcome != Outcome::kDone || body.framing != Framing::kChunked) return 0;

  ByteBuffer out(size * 32 + 4096);
  BodyWriter writer(body);
  for (std::size_t at = 0; at < once.payload.size();) {
    const std::size_t piece = pieces.Next(once.payload.size() - at);
    writer.Append(std::string_view(once.payload).substr(at, piece), out);
    at += piece;
  }
  Headers trailers;
  BodyReader reader(body);
  std::string_view rest = input;
  for (BodyReader::Step step; step.outcome == Outcome::kNeedMore;) {
    step = reader.Read(rest);
    rest.remove_prefix(step.consumed);
  }
  writer.End(&reader.trailers(), out);
  const Read again = ReadAll(body, out.View(), &pieces, SIZE_MAX);
  Expect(again.payload == once.payload && again.trailers == once.trailers);
  // Longer than it was: "A:b" is written as "A: b".
  Expect(again.outcome == Outcome::kDone || again.flaw == Flaw::kTrailersTooLarge);
  return 0;
}
