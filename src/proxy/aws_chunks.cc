#include "proxy/aws_chunks.h"

#include "base/text.h"
#include "crypto/hash.h"

namespace aileron::proxy {
namespace {

constexpr std::string_view kChunkAlgorithm = "AWS4-HMAC-SHA256-PAYLOAD";
constexpr std::string_view kTrailerAlgorithm = "AWS4-HMAC-SHA256-TRAILER";
constexpr std::string_view kExtension = ";chunk-signature=";
constexpr std::string_view kTrailerSignature = "x-amz-trailer-signature";

std::unexpected<Error> Wrong(std::string_view what) {
  return Fail(Code::kInvalid, "the upload in signed chunks cannot be signed again: {}", what);
}

bool IsSignature(std::string_view text) {
  return text.size() == kEmptyHash.size() && HexDecode(text).has_value();
}

}  // namespace

AwsChunks::AwsChunks(Secret signing_key, AwsSignature signature, std::string seed, Trailer trailer)
    : key_(std::move(signing_key)),
      signature_(std::move(signature)),
      previous_(std::move(seed)),
      trailer_(trailer) {}

// A whole line without its CRLF, or nothing yet; `line_` keeps what came of it.
std::optional<std::string_view> AwsChunks::TakeLine(std::string_view bytes, std::size_t& taken) {
  const std::size_t end = bytes.find('\n');
  taken = end == bytes.npos ? bytes.size() : end + 1;
  line_ += bytes.substr(0, taken);
  if (end == bytes.npos) return std::nullopt;
  return std::string_view(line_);
}

Status AwsChunks::Push(std::string_view bytes) {
  AILERON_CHECK(output_.empty() && bytes.size() <= limits::read_chunk);
  std::size_t used = 0;
  while (used < bytes.size()) {
    const std::string_view rest = bytes.substr(used);
    if (state_ == State::kEnd) return Wrong("bytes follow its end");
    if (state_ == State::kData) {
      const std::size_t size = std::min(rest.size(), left_);
      data_.Append(rest.substr(0, size));
      used += size;
      left_ -= size;
      if (left_ == 0) SignChunk();
      continue;
    }
    std::size_t taken = 0;
    const auto line = TakeLine(rest, taken);
    used += taken;
    if (line_.size() > limits::aws_line_max) return Wrong("a line is too long");
    if (!line) break;
    if (!line->ends_with("\r\n")) return Wrong("a line does not end in CRLF");
    const std::string text(line->substr(0, line->size() - 2));
    line_.clear();
    if (state_ == State::kHeader) {
      AILERON_TRY(OnHeader(text));
    } else if (state_ == State::kDataEnd) {
      if (!text.empty()) return Wrong("a chunk is longer than its size");
      output_.Append("\r\n");
      state_ = State::kHeader;
    } else {
      AILERON_TRY(OnTrailerLine(text));
    }
  }
  return {};
}

Status AwsChunks::OnHeader(std::string_view line) {
  const std::size_t at = line.find(kExtension);
  if (at == line.npos || at == 0 || at > 16 || !IsSignature(line.substr(at + kExtension.size()))) {
    return Wrong("a chunk's header is malformed");
  }
  std::size_t size = 0;
  const auto [stop, error] = std::from_chars(line.data(), line.data() + at, size, 16);
  if (error != std::errc() || stop != line.data() + at) return Wrong("a chunk has no size");
  if (size > limits::aws_chunk_max) {
    return Wrong(fmt::format("a chunk is larger than {} KiB; use smaller ones",
                             limits::aws_chunk_max >> 10));
  }
  if (!share_.Take(size)) return Wrong("too many chunks wait already; try again");
  size_text_ = line.substr(0, at);
  left_ = size;
  state_ = State::kData;
  if (size == 0) SignChunk();
  return {};
}

// The chunk is whole: its header and data go out. One without data is the last.
void AwsChunks::SignChunk() {
  const std::string hash = HexEncode(crypto::Hash(data_.View()));
  previous_ = AwsSign(key_, kChunkAlgorithm, signature_,
                      fmt::format("{}\n{}\n{}", previous_, kEmptyHash, hash));
  output_.Append(size_text_);
  output_.Append(kExtension);
  output_.Append(previous_);
  output_.Append("\r\n");
  output_.Append(data_.View());
  const bool last = data_.empty();
  data_.Consume(data_.size());
  share_.GiveBack();
  state_ = last ? State::kTrailer : State::kDataEnd;
}

Status AwsChunks::OnTrailerLine(std::string_view line) {
  if (line.empty()) {
    if (trailer_ == Trailer::kSigned) return Wrong("its trailer has no signature");
    output_.Append("\r\n");
    state_ = State::kEnd;
    return {};
  }
  const std::size_t colon = line.find(':');
  if (trailer_ == Trailer::kNone || colon == line.npos) return Wrong("it has a trailer");
  const std::string name = ToLower(line.substr(0, colon));
  if (name != kTrailerSignature) {
    trailer_text_ += fmt::format("{}:{}\n", name, Trim(line.substr(colon + 1), " \t"));
    if (trailer_text_.size() > limits::aws_line_max) return Wrong("its trailer is too long");
    output_.Append(line);
    output_.Append("\r\n");
    return {};
  }
  if (!IsSignature(line.substr(colon + 1))) {
    return Wrong("its trailer's signature is malformed");
  }
  previous_ = AwsSign(key_, kTrailerAlgorithm, signature_,
                      fmt::format("{}\n{}", previous_, HexEncode(crypto::Hash(trailer_text_))));
  output_.Append(line.substr(0, colon + 1));
  output_.Append(previous_);
  output_.Append("\r\n");
  trailer_ = Trailer::kNone;
  return {};
}

}  // namespace aileron::proxy
