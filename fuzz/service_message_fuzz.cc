// Service messages: what is decoded is what Encode writes, byte for byte; a request without the key
// is never taken.
#include "fuzz/pieces.h"
#include "service/message.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
namespace service = aileron::service;

namespace {

constexpr std::string_view kKey = "key";
constexpr std::size_t kLength = 4;

// The bytes of flags that are true have more than one spelling.
bool IsCanonical(const service::Request& request) {
  return !std::holds_alternative<service::ShowLog>(request);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText(data, size);
  if (const auto request = service::DecodeRequest(text, kKey)) {
    const std::string again = service::Encode(kKey, *request);
    Expect(service::DecodeRequest(std::string_view(again).substr(kLength), kKey).has_value());
    if (IsCanonical(*request)) Expect(std::string_view(again).substr(kLength) == text);
    Expect(!service::DecodeRequest(text, "yek"));
  }
  if (const auto answer = service::DecodeAnswer(text)) {
    const std::string again = service::Encode(*answer);
    Expect(service::DecodeAnswer(std::string_view(again).substr(kLength)).has_value());
  }
  std::string_view rest = text;
  std::size_t taken = 0;
  for (auto message = service::NextMessage(rest); message && *message;
       message = service::NextMessage(rest))
    taken += (*message)->size() + kLength;
  Expect(taken + rest.size() == text.size());
  return 0;
}
