#include "http/h1_body.h"

#include <charconv>

#include "base/text.h"
#include "http/chars.h"
#include "http/field_line.h"

namespace aileron::http {

namespace {

// Fields that must be known before the body, or that say where a message goes, who sends it and how
// it is read (RFC 9110 §6.5.1). A parser that merges trailers into the head would obey them.
bool ForbiddenTrailer(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      "transfer-encoding",
      "content-length",
      "content-encoding",
      "content-type",
      "content-range",
      "host",
      "connection",
      "keep-alive",
      "te",
      "trailer",
      "upgrade",
      "expect",
      "authorization",
      "www-authenticate",
      "cookie",
      "set-cookie",
      "cache-control",
      "location",
      "max-forwards",
      "range",
      "forwarded",
  };
  for (const std::string_view forbidden : kNames) {
    if (EqualsIgnoreCase(name, forbidden)) return true;
  }
  const auto begins = [&](std::string_view prefix) {
    return EqualsIgnoreCase(name.substr(0, prefix.size()), prefix);
  };
  return begins("proxy-") || begins("if-") || begins("x-forwarded-");
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return ToLower(c) - 'a' + 10;
}

}  // namespace

void BodyReader::Start(Body body) {
  framing_ = body.framing;
  flaw_ = Flaw::kNone;
  left_ = body.length;
  total_ = 0;
  digits_ = 0;
  quoted_ = escaped_ = false;
  extension_ = extension_total_ = trailer_total_ = 0;
  trailer_line_.clear();
  trailers_.Clear();
  switch (framing_) {
    case Framing::kNone:
      state_ = State::kDone;
      break;
    case Framing::kLength:
      state_ = left_ == 0 ? State::kDone : State::kPayload;
      break;
    case Framing::kChunked:
      left_ = 0;
      state_ = State::kSize;
      break;
    case Framing::kUntilClose:
    case Framing::kTunnel:
      state_ = State::kPayload;
      break;
  }
}

BodyReader::Step BodyReader::Read(std::string_view input, std::size_t payload_max) {
  std::size_t at = 0;
  while (true) {
    if (state_ == State::kDone) return {Outcome::kDone, Flaw::kNone, at, {}};
    if (state_ == State::kFailed) return {Outcome::kFailed, flaw_, at, {}};
    if (at == input.size()) return {Outcome::kNeedMore, Flaw::kNone, at, {}};
    if (state_ == State::kPayload) {
      Step step = TakePayload(input.substr(at), payload_max);
      step.consumed += at;
      return step;
    }
    const Flaw flaw = state_ == State::kTrailers ? TakeTrailers(input, at) : TakeByte(input[at++]);
    if (flaw != Flaw::kNone) return Fail(flaw);
  }
}

BodyReader::Step BodyReader::Fail(Flaw flaw) {
  state_ = State::kFailed;
  flaw_ = flaw;
  return {Outcome::kFailed, flaw, 0, {}};
}

BodyReader::Step BodyReader::End() {
  if (state_ == State::kFailed) return {Outcome::kFailed, flaw_, 0, {}};
  if (framing_ == Framing::kUntilClose || framing_ == Framing::kTunnel) state_ = State::kDone;
  if (state_ == State::kDone) return {Outcome::kDone, Flaw::kNone, 0, {}};
  return Fail(Flaw::kTruncated);
}

BodyReader::Step BodyReader::TakePayload(std::string_view input, std::size_t payload_max) {
  Step step;
  step.payload = input.substr(0, payload_max);
  if (framing_ == Framing::kLength || framing_ == Framing::kChunked) {
    if (step.payload.size() > left_) step.payload = step.payload.substr(0, left_);
    left_ -= step.payload.size();
    if (left_ == 0) state_ = framing_ == Framing::kLength ? State::kDone : State::kDataCr;
  }
  step.consumed = step.payload.size();
  step.outcome = state_ == State::kDone ? Outcome::kDone : Outcome::kNeedMore;
  return step;
}

Flaw BodyReader::TakeByte(char c) {
  switch (state_) {
    case State::kSize:
      return TakeSizeByte(c);
    case State::kExtension:
      return TakeExtensionByte(c);
    case State::kSizeLf:
      return c == '\n' ? FinishSizeLine() : Flaw::kBareCr;
    case State::kDataCr:
      state_ = State::kDataLf;
      return c == '\r' ? Flaw::kNone : Flaw::kBadChunkEnd;
    case State::kDataLf:
      state_ = State::kSize;
      return c == '\n' ? Flaw::kNone : Flaw::kBadChunkEnd;
    default:
      AILERON_CHECK(false);
      return Flaw::kBadChunkSize;
  }
}

Flaw BodyReader::TakeSizeByte(char c) {
  if (Is(c, kHexChar)) {
    if (++digits_ > limits::chunk_size_digits) return Flaw::kChunkTooLarge;
    // At most body_bytes = 2^60 before, so four more bits fit.
    left_ = left_ * 16 + static_cast<std::uint64_t>(HexValue(c));
    return left_ > limits::body_bytes ? Flaw::kChunkTooLarge : Flaw::kNone;
  }
  // No white space, sign or "0x": some parsers skip them, others stop.
  if (c == '\n') return Flaw::kBareLf;
  if (digits_ == 0) return Flaw::kBadChunkSize;
  if (c == '\r') {
    state_ = State::kSizeLf;
  } else if (c == ';') {
    state_ = State::kExtension;
    extension_ = 0;
  } else {
    return Flaw::kBadChunkSize;
  }
  return Flaw::kNone;
}

Flaw BodyReader::TakeExtensionByte(char c) {
  if (c == '\n') return Flaw::kBareLf;
  if (c == '\r') {
    // A parser that knows quoted strings and one that does not would end this line differently.
    if (quoted_) return Flaw::kBareCr;
    state_ = State::kSizeLf;
    return Flaw::kNone;
  }
  if (!Is(c, kFieldChar)) return Flaw::kControlByte;
  if (++extension_ > limits::chunk_extension_bytes ||
      ++extension_total_ > limits::chunk_extension_total) {
    return Flaw::kChunkExtensionTooLong;
  }
  if (escaped_) {
    escaped_ = false;
  } else if (quoted_ && c == '\\') {
    escaped_ = true;
  } else if (c == '"') {
    quoted_ = !quoted_;
  }
  return Flaw::kNone;
}

Flaw BodyReader::FinishSizeLine() {
  digits_ = 0;
  if (left_ == 0) {
    state_ = State::kTrailers;
    return Flaw::kNone;
  }
  total_ += left_;
  if (total_ > limits::body_bytes) return Flaw::kChunkTooLarge;
  state_ = State::kPayload;
  return Flaw::kNone;
}

Flaw BodyReader::TakeTrailers(std::string_view input, std::size_t& at) {
  const std::size_t lf = input.find('\n', at);
  const std::size_t end = lf == std::string_view::npos ? input.size() : lf + 1;
  trailer_total_ += end - at;
  if (trailer_total_ > limits::trailer_bytes) return Flaw::kTrailersTooLarge;
  trailer_line_.append(input.substr(at, end - at));
  at = end;
  return lf == std::string_view::npos ? Flaw::kNone : FinishTrailerLine();
}

Flaw BodyReader::FinishTrailerLine() {
  if (!trailer_line_.ends_with("\r\n")) return Flaw::kBareLf;
  const std::string_view line = std::string_view(trailer_line_).substr(0, trailer_line_.size() - 2);
  if (line.empty()) {
    state_ = State::kDone;
    return Flaw::kNone;
  }
  if (trailers_.size() == limits::trailer_count) return Flaw::kTrailersTooLarge;
  FieldPlace place;
  const Flaw flaw = ParseFieldLine(line, place);
  if (flaw != Flaw::kNone) return flaw;
  const std::string_view name = line.substr(place.name.offset, place.name.size);
  if (ForbiddenTrailer(name)) return Flaw::kForbiddenTrailer;
  trailers_.Add(name, line.substr(place.value.offset, place.value.size));
  trailer_line_.clear();
  return Flaw::kNone;
}

std::size_t BodyWriter::PayloadFor(std::size_t room) const {
  if (body_.framing != Framing::kChunked) return room;
  return room > limits::chunk_overhead ? room - limits::chunk_overhead : 0;
}

std::string_view BodyWriter::ChunkPrefix(std::size_t size) {
  if (body_.framing == Framing::kLength) {
    AILERON_CHECK(size <= left_);
    left_ -= size;
  }
  AILERON_CHECK(body_.framing != Framing::kNone || size == 0);
  if (body_.framing != Framing::kChunked || size == 0) return {};
  char* end = std::to_chars(prefix_, prefix_ + limits::chunk_size_digits, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return {prefix_, static_cast<std::size_t>(end - prefix_)};
}

std::string_view BodyWriter::ChunkSuffix() const {
  return body_.framing == Framing::kChunked ? "\r\n" : "";
}

void BodyWriter::Append(std::string_view payload, ByteBuffer& out) {
  if (payload.empty()) return;  // an empty chunk would end the body
  out.Append(ChunkPrefix(payload.size()));
  out.Append(payload);
  out.Append(ChunkSuffix());
}

std::size_t BodyWriter::EndSize(const Headers* trailers) const {
  if (body_.framing != Framing::kChunked) return 0;
  return 5 + (trailers != nullptr ? trailers->SerialisedSize() : 0);
}

void BodyWriter::End(const Headers* trailers, ByteBuffer& out) {
  AILERON_CHECK(complete());
  if (body_.framing != Framing::kChunked) return;
  out.Append("0\r\n");
  if (trailers != nullptr) {
    for (const Headers::Field field : *trailers) {
      out.Append(field.name);
      out.Append(": ");
      out.Append(field.value);
      out.Append("\r\n");
    }
  }
  out.Append("\r\n");
}

}  // namespace aileron::http
