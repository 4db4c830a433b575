// Response: an HTTP/1.1 response as it arrives.
//
//   head  = "HTTP/1." DIGIT SP 3DIGIT … CRLF *( name ":" value CRLF ) CRLF
//   body  = none (101, 204, 304) | Content-Length bytes | chunks | until the end of the connection
//
// Body bytes are shown as they come and never stored. 1xx responses are skipped. It trusts the
// server more than a client should: it measures, it does not defend.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace loadgen {

class Response {
 public:
  // Sees each piece of the body; may be empty.
  using OnBody = std::function<void(std::string_view)>;

  void Reset() { *this = Response{}; }

  void Feed(std::string_view bytes, const OnBody& on_body);
  // The connection ended. True when that is a proper end of the body.
  bool End();

  bool begun() const { return begun_; }
  bool done() const { return state_ == State::kDone; }
  bool failed() const { return state_ == State::kFailed; }
  int status() const { return status_; }
  bool closes() const { return closes_; }
  std::uint64_t body_bytes() const { return body_bytes_; }

 private:
  enum class State {
    kHead,
    kLength,
    kUntilEnd,
    kChunkSize,
    kChunk,
    kChunkEnd,
    kTrailers,
    kDone,
    kFailed
  };

  void FeedHead(std::string_view& bytes);
  void FeedBody(std::string_view& bytes, const OnBody& on_body);
  void FeedLine(std::string_view& bytes);
  void ReadHead(std::string_view head);
  void ReadLine(std::string_view line);

  State state_ = State::kHead;
  int status_ = 0;
  bool begun_ = false;
  bool closes_ = false;
  std::uint64_t left_ = 0;  // of the body or the chunk
  std::uint64_t body_bytes_ = 0;
  std::string pending_;  // a head or a line that is not complete
};

}  // namespace loadgen
