// AwsChunks: an upload in signed chunks (aws-chunked), each signed again as it passes.
//
//   body    = *chunk last [trailer] CRLF
//   chunk   = 1*16HEX ";chunk-signature=" 64HEX CRLF data CRLF        data has that many bytes
//   last    = "0;chunk-signature=" 64HEX CRLF
//   trailer = *( name ":" value CRLF ) "x-amz-trailer-signature:" 64HEX CRLF
//
// A chunk's signature stands before its data and covers it, so a whole chunk is held, up to
// limits::aws_chunk_max. Nothing changes its length, so the request's framing stays. The chain
// begins with the request's own signature: chunks in another order, or of another request, cannot
// be passed off as these.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "proxy/held_body.h"
#include "proxy/limits.h"
#include "proxy/sigv4.h"

namespace aileron::proxy {

class AwsChunks {
 public:
  enum class Trailer { kNone, kSigned };
  AwsChunks(Secret signing_key, AwsSignature signature, std::string seed, Trailer trailer);

  // Takes bytes of the body as the client sends them, at most limits::read_chunk, while Output is
  // empty. kInvalid for what the grammar does not know, or a chunk that is too large.
  Status Push(std::string_view bytes);
  // What may go out; Consume what went.
  std::string_view Output() const { return output_.View(); }
  void Consume(std::size_t count) { output_.Consume(count); }
  // Whether the body was whole and all of it is in Output or gone.
  bool whole() const { return state_ == State::kEnd; }

 private:
  enum class State { kHeader, kData, kDataEnd, kTrailer, kEnd };
  std::optional<std::string_view> TakeLine(std::string_view bytes, std::size_t& taken);
  Status OnHeader(std::string_view line);
  void SignChunk();
  Status OnTrailerLine(std::string_view line);

  Secret key_;
  AwsSignature signature_;
  std::string previous_;  // signature, in hex
  Trailer trailer_;
  State state_ = State::kHeader;
  std::string line_;
  std::string size_text_;  // as the client wrote it
  std::size_t left_ = 0;   // of the chunk's data
  HeldShare share_;
  ByteBuffer data_{limits::aws_chunk_max};
  std::string trailer_text_;  // canonical
  // A chunk that was held, and what else came with its end: framing keeps its length.
  ByteBuffer output_{limits::aws_chunk_max + limits::read_chunk + 2 * limits::aws_line_max};
};

}  // namespace aileron::proxy
