// AwsChunks: an upload in any pieces comes out the same, with other signatures and the same length.
#include <string>

#include "fuzz/pieces.h"
#include "proxy/aws_chunks.h"

using aileron::Secret;
using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::proxy;

namespace {

// What comes out, and whether it was taken to its end.
bool Pass(std::string_view body, AwsChunks::Trailer trailer, std::uint8_t seed, std::string& out) {
  AwsChunks chunks(Secret(std::string(32, 'k')),
                   {.date = "20260101", .region = "r", .service = "s3", .time = "20260101T000000Z"},
                   std::string(64, '0'), trailer);
  aileron::fuzz::Pieces pieces(seed);
  while (!body.empty()) {
    const std::size_t size = std::min(pieces.Next(body.size()), limits::read_chunk);
    if (!chunks.Push(body.substr(0, size))) return false;
    body.remove_prefix(size);
    out += chunks.Output();
    chunks.Consume(chunks.Output().size());
  }
  return chunks.whole();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto trailer = data[0] % 2 == 0 ? AwsChunks::Trailer::kNone : AwsChunks::Trailer::kSigned;
  const std::string_view body = AsText(data + 2, size - 2);
  std::string whole, pieces;
  const bool taken = Pass(body, trailer, 0, whole);
  Expect(Pass(body, trailer, data[1], pieces) == taken);
  if (!taken) return 0;
  Expect(whole == pieces && whole.size() == body.size());
  return 0;
}
