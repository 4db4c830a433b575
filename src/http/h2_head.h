// H2Head: the fields of an HTTP/2 message (RFC 9113 §8), gathered as they come and made into the
// head of an HTTP/1.1 message. Pure text; nghttp2 has checked names, order and pseudo-fields, and
// what could be read differently as a line is refused here once more.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/h1_body.h"

namespace aileron::http {

// Whether a field (in lower case) speaks of one HTTP/1.1 connection: HTTP/2 has no place for it
// (RFC 9113 §8.2.2).
bool IsConnectionField(std::string_view name);

class H2Head {
 public:
  // Whether the field may stand, and the head is not too large (limits.h).
  bool Add(std::string_view name, std::string_view value);
  void Clear() { *this = H2Head(); }

  enum class Rest : std::uint8_t { kBody, kNothing };  // whether data may follow

  // A request of the scheme ("https") that the connection has; one of another scheme is written in
  // absolute form, so that it does not pass for what it is not. `framing` is what the body is to be
  // read in; kTunnel for an extended CONNECT, which becomes a WebSocket handshake with `nonce`.
  void AppendRequest(std::string_view scheme, Rest rest, std::string_view nonce, std::string& out,
                     Framing& framing) const;
  // A response; one that may have a body is chunked when it has no length, and when it is empty
  // too: so a head that was all of a message (gRPC's trailers-only) can be told from one of length
  // 0.
  enum class Answers : std::uint8_t { kHead, kOther };
  void AppendResponse(Answers answers, std::string& out, Framing& framing) const;
  // The success that answers an extended CONNECT, as the 101 of RFC 6455 without the accept key.
  void AppendSwitch(std::string& out, Framing& framing) const;
  // The fields alone, as trailers.
  const std::string& lines() const { return lines_; }

  int status() const { return status_; }
  bool interim() const { return status_ >= 100 && status_ < 200; }
  bool is_head() const { return method_ == "HEAD"; }
  bool is_extended_connect() const { return !protocol_.empty(); }

 private:
  bool AddPseudo(std::string_view name, std::string_view value);

  std::string method_, scheme_, authority_, path_, protocol_;
  int status_ = 0;
  std::string lines_;    // "name: value\r\n"
  std::string cookies_;  // crumbs, joined (RFC 9113 §8.2.3)
  bool length_ = false;
  bool trailers_wanted_ = false;
  std::size_t size_ = 0;
  std::size_t count_ = 0;
};

}  // namespace aileron::http
