// Bodies of HTTP/1.1 messages (RFC 9112 §6 and §7): BodyReader takes the framing off, BodyWriter
// puts one on. Both stream: a body is never held, a payload span is a part of the bytes handed in.
//
//   chunked-body = *( size [ext] CRLF data CRLF ) "0" [ext] CRLF *( trailer CRLF ) CRLF
//
// Sizes are bare hexadecimal digits; extensions are bounded, checked and dropped; trailers that
// frame, route or authenticate are refused.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "http/flaw.h"
#include "http/headers.h"
#include "http/limits.h"

namespace aileron::http {

enum class Framing : std::uint8_t {
  kNone,        // no body
  kLength,      // Body::length bytes
  kChunked,     // chunks and trailers
  kUntilClose,  // responses: until the connection ends
  kTunnel,      // not a body: after CONNECT or an upgrade the bytes belong to another protocol
};

struct Body {
  Framing framing = Framing::kNone;
  std::uint64_t length = 0;  // of kLength

  bool operator==(const Body&) const = default;
  // Whether no payload byte can come.
  bool empty() const {
    return framing == Framing::kNone || (framing == Framing::kLength && length == 0);
  }
};

enum class Outcome : std::uint8_t { kNeedMore, kDone, kFailed };

class BodyReader {
 public:
  struct Step {
    Outcome outcome = Outcome::kNeedMore;
    Flaw flaw = Flaw::kNone;
    std::size_t consumed = 0;  // drop these from the input, after using `payload`
    std::string_view payload;  // part of the input; may be empty
  };

  BodyReader() = default;
  explicit BodyReader(Body body) { Start(body); }
  void Start(Body body);

  // Reads from the front of `input`, at most `payload_max` bytes of payload. Call again with what
  // was not consumed while it consumes something; kNeedMore with nothing consumed wants more input
  // (or more room). After kDone the rest of the input belongs to the next message. kFailed stays.
  Step Read(std::string_view input,
            std::size_t payload_max = std::numeric_limits<std::size_t>::max());
  // The connection has ended: kDone for a body that may end so, kTruncated otherwise.
  Step End();

  bool done() const { return state_ == State::kDone; }
  // Complete after kDone; only chunked bodies have them.
  const Headers& trailers() const { return trailers_; }

 private:
  enum class State : std::uint8_t {
    kPayload,    // kLength, kUntilClose, kTunnel, and data of a chunk
    kSize,       // digits of a chunk size
    kExtension,  // between the digits and CR
    kSizeLf,     // LF of the size line
    kDataCr,     // CR after the data
    kDataLf,
    kTrailers,  // lines up to the empty one
    kDone,
    kFailed,
  };

  Step Fail(Flaw flaw);
  Step TakePayload(std::string_view input, std::size_t payload_max);
  // Takes one byte of the chunked framing.
  Flaw TakeByte(char c);
  Flaw TakeSizeByte(char c);
  Flaw TakeExtensionByte(char c);
  Flaw FinishSizeLine();
  // Takes trailer bytes up to the end of a line or of the input.
  Flaw TakeTrailers(std::string_view input, std::size_t& at);
  Flaw FinishTrailerLine();

  State state_ = State::kDone;
  Framing framing_ = Framing::kNone;
  Flaw flaw_ = Flaw::kNone;
  bool quoted_ = false;   // inside a quoted extension value
  bool escaped_ = false;  // after a backslash in it
  std::uint8_t digits_ = 0;
  std::uint64_t left_ = 0;
  std::uint64_t total_ = 0;
  std::size_t extension_ = 0;
  std::size_t extension_total_ = 0;
  std::size_t trailer_total_ = 0;
  std::string trailer_line_;
  Headers trailers_;
};

class BodyWriter {
 public:
  BodyWriter() = default;
  explicit BodyWriter(Body body) : body_(body), left_(body.length) {}

  // How much payload fits into `room` bytes of output.
  std::size_t PayloadFor(std::size_t room) const;
  // Frames `payload` onto `out`; it must fit (PayloadFor), and a kLength body must not exceed its
  // length. An empty payload writes nothing.
  void Append(std::string_view payload, ByteBuffer& out);
  // What must stand before and after `size` payload bytes, for who gathers writes: the prefix lasts
  // until the next call; the suffix is ChunkSuffix().
  std::string_view ChunkPrefix(std::size_t size);
  std::string_view ChunkSuffix() const;
  // How many bytes End writes.
  std::size_t EndSize(const Headers* trailers) const;
  // Ends the body: the last chunk and trailers (hop-by-hop ones are the caller's to remove).
  void End(const Headers* trailers, ByteBuffer& out);
  // Whether a kLength body has all its bytes; true for the others.
  bool complete() const { return body_.framing != Framing::kLength || left_ == 0; }
  Body body() const { return body_; }

 private:
  Body body_;
  std::uint64_t left_ = 0;
  char prefix_[limits::chunk_overhead];
};

}  // namespace aileron::http
