// Masker: an answer in any pieces comes out as long as it was, without the secret, and otherwise
// the same.
#include <string>

#include "fuzz/pieces.h"
#include "proxy/masker.h"

using aileron::Secret;
using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::proxy;

namespace {

constexpr std::string_view kSecret = "aabaab/x";

std::string Pass(std::string_view answer, std::uint8_t seed) {
  Masker masker;
  const BindingView binding{.name = "b", .scheme = BindingScheme::kBasic, .username = "u"};
  Expect(masker.Add(binding, Secret(kSecret)).has_value());
  aileron::fuzz::Pieces pieces(seed);
  std::string out;
  while (!answer.empty()) {
    const std::size_t size = std::min(pieces.Next(answer.size()), limits::read_chunk);
    out += masker.Push(answer.substr(0, size));
    answer.remove_prefix(size);
  }
  return out + std::string(masker.Finish());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view answer = AsText(data + 1, size - 1);
  const std::string out = Pass(answer, data[0]);
  Expect(out.size() == answer.size() && !out.contains(kSecret));
  for (std::size_t i = 0; i < out.size(); ++i) Expect(out[i] == answer[i] || out[i] == '*');
  return 0;
}
