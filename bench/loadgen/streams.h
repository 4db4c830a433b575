// Streams: the HTTP/2 of a connection, without I/O: bytes in, bytes out (nghttp2).
//
// It keeps --streams requests in flight: the end of one is followed by the next. Each that ends
// with status 200 and the expected body counts as an operation; others are errors.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plan.h"
#include "stats.h"

namespace loadgen {

class Streams {
 public:
  Streams(const Plan& plan, Stats& stats, std::string host);
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;
  ~Streams();

  // False when what came is not HTTP/2, or the peer ends the session.
  bool Receive(std::string_view bytes);
  // What is to be written next; the part that was is told to Sent().
  std::string_view Pending();
  void Sent(std::size_t count) { sent_ += count; }

 private:
  struct Exchange {
    Nanos began = 0;
    Nanos first_byte = 0;
    int status = 0;
    std::uint64_t body_bytes = 0;
  };
  struct Callback;  // the C side

  void Begin(Exchange& exchange);
  void End(Exchange& exchange, std::uint32_t error);

  const Plan& plan_;
  Stats& stats_;
  std::string authority_;
  nghttp2_session* session_ = nullptr;
  std::vector<Exchange> exchanges_;
  std::string out_;
  std::size_t sent_ = 0;
  bool ending_ = false;
};

}  // namespace loadgen
