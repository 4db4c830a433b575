// Flaw: why a message is refused. Whatever two parsers could read differently is a flaw, because
// the difference is what request smuggling lives on.
#pragma once

#include <cstdint>
#include <string_view>

namespace aileron::http {

enum class Flaw : std::uint8_t {
  kNone,
  // Bytes and lines.
  kBareLf,
  kBareCr,
  kControlByte,
  kObsFold,
  kSpaceBeforeColon,
  kBadHeaderName,
  kNoColon,
  kHeadTooLarge,
  kTooManyHeaders,
  // Start line.
  kBadRequestLine,
  kBadMethod,
  kBadTarget,
  kTargetTooLong,
  kBadVersion,
  kBadStatusLine,
  // Host.
  kMissingHost,
  kDuplicateHost,
  kBadHost,
  // Framing.
  kLengthAndEncoding,
  kDuplicateLength,
  kBadLength,
  kDuplicateEncoding,
  kUnsupportedEncoding,
  kEncodingInHttp10,
  kUnexpectedBody,
  kUnexpectedUpgrade,
  kBadExpect,
  // Body.
  kBadChunkSize,
  kChunkTooLarge,
  kChunkExtensionTooLong,
  kBadChunkEnd,
  kTrailersTooLarge,
  kForbiddenTrailer,
  kTruncated,
};
inline constexpr int kFlawCount = static_cast<int>(Flaw::kTruncated) + 1;

// The stable name for machines: "length_and_encoding".
std::string_view FlawCode(Flaw flaw);
// The sentence for people, without a full stop: "the message has Content-Length and
// Transfer-Encoding".
std::string_view FlawText(Flaw flaw);
// The status a client gets: 400, or 414, 417, 431, 501, 505.
int FlawStatus(Flaw flaw);

}  // namespace aileron::http
