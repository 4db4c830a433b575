#include "http/flaw.h"

#include <array>

namespace aileron::http {

namespace {

struct Row {
  Flaw flaw;
  int status;
  std::string_view code;
  std::string_view text;
};

constexpr std::array<Row, kFlawCount> kRows = {{
    {Flaw::kNone, 200, "none", "the message is well formed"},
    {Flaw::kBareLf, 400, "bare_lf", "a line ends in LF without CR"},
    {Flaw::kBareCr, 400, "bare_cr", "a CR stands alone"},
    {Flaw::kControlByte, 400, "control_byte", "a header holds a control byte"},
    {Flaw::kObsFold, 400, "obs_fold", "a header is folded over several lines"},
    {Flaw::kSpaceBeforeColon, 400, "space_before_colon",
     "white space stands before a header's colon"},
    {Flaw::kBadHeaderName, 400, "bad_header_name", "a header's name is empty or not a token"},
    {Flaw::kNoColon, 400, "no_colon", "a header line has no colon"},
    {Flaw::kHeadTooLarge, 431, "head_too_large", "the head is longer than 64 KiB"},
    {Flaw::kTooManyHeaders, 431, "too_many_headers", "the head has more than 200 headers"},
    {Flaw::kBadRequestLine, 400, "bad_request_line",
     "the request line is not METHOD, target and version with one blank between"},
    {Flaw::kBadMethod, 400, "bad_method", "the method is not a token"},
    {Flaw::kBadTarget, 400, "bad_target",
     "the request target is malformed or does not fit the method"},
    {Flaw::kTargetTooLong, 414, "target_too_long", "the request target is longer than 32 KiB"},
    {Flaw::kBadVersion, 505, "bad_version", "the version is neither HTTP/1.0 nor HTTP/1.1"},
    {Flaw::kBadStatusLine, 400, "bad_status_line", "the status line is malformed"},
    {Flaw::kMissingHost, 400, "missing_host", "the request has no Host"},
    {Flaw::kDuplicateHost, 400, "duplicate_host", "the request has more than one Host"},
    {Flaw::kBadHost, 400, "bad_host",
     "Host or the target's authority is not a host with an optional port"},
    {Flaw::kLengthAndEncoding, 400, "length_and_encoding",
     "the message has both Content-Length and Transfer-Encoding"},
    {Flaw::kDuplicateLength, 400, "duplicate_length",
     "the message has more than one Content-Length"},
    {Flaw::kBadLength, 400, "bad_length", "Content-Length is not a number of bytes"},
    {Flaw::kDuplicateEncoding, 400, "duplicate_encoding",
     "the message has more than one Transfer-Encoding"},
    {Flaw::kUnsupportedEncoding, 501, "unsupported_encoding",
     "Transfer-Encoding is not exactly \"chunked\""},
    {Flaw::kEncodingInHttp10, 400, "encoding_in_http10",
     "Transfer-Encoding stands in an HTTP/1.0 message"},
    {Flaw::kUnexpectedBody, 400, "unexpected_body",
     "a message that cannot have a body announces one"},
    {Flaw::kUnexpectedUpgrade, 400, "unexpected_upgrade",
     "the protocol was switched without being asked"},
    {Flaw::kBadExpect, 417, "bad_expect", "Expect is not \"100-continue\""},
    {Flaw::kBadChunkSize, 400, "bad_chunk_size",
     "a chunk's size is not a plain hexadecimal number"},
    {Flaw::kChunkTooLarge, 400, "chunk_too_large", "a chunk's size is too large"},
    {Flaw::kChunkExtensionTooLong, 400, "chunk_extension_too_long",
     "chunk extensions are too long"},
    {Flaw::kBadChunkEnd, 400, "bad_chunk_end", "a chunk does not end in CRLF after its data"},
    {Flaw::kTrailersTooLarge, 400, "trailers_too_large", "the trailers are too large or too many"},
    {Flaw::kForbiddenTrailer, 400, "forbidden_trailer",
     "a trailer frames, routes or authenticates the message"},
    {Flaw::kTruncated, 400, "truncated", "the message ended before its time"},
}};

consteval bool InOrder() {
  for (int i = 0; i < kFlawCount; ++i) {
    if (static_cast<int>(kRows[static_cast<std::size_t>(i)].flaw) != i) return false;
  }
  return true;
}
static_assert(InOrder(), "kRows lists every Flaw in the order of the enum");

const Row& RowOf(Flaw flaw) { return kRows[static_cast<std::size_t>(flaw)]; }

}  // namespace

std::string_view FlawCode(Flaw flaw) { return RowOf(flaw).code; }
std::string_view FlawText(Flaw flaw) { return RowOf(flaw).text; }
int FlawStatus(Flaw flaw) { return RowOf(flaw).status; }

}  // namespace aileron::http
