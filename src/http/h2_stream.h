// H2Stream: one stream of an HTTP/2 connection, which reads and writes HTTP/1.1 on this side.
//
//   fields, data, trailers  ──Read──>   an HTTP/1.1 message, chunked unless it has a length
//   fields, data, trailers  <──Write──  an HTTP/1.1 message, as h1_write.h writes it
//
// A stream carries one request and its response, so what Read gives says "Connection: close". An
// extended CONNECT for WebSocket (RFC 8441) reads as the handshake of RFC 6455, and a 101 that is
// written answers it; from then on both directions carry raw bytes. Towards a site it is the same
// the other way: a handshake that is written becomes an extended CONNECT, once the site has said
// that it takes them, and its success reads as a 101, but for the accept key.
//
// What is not passed on: fields that belong to a connection; trailers behind a body with a length,
// which HTTP/1.1 has no place for; the reason phrase.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "http/h1_body.h"
#include "http/h2_head.h"
#include "http/h2_session.h"
#include "http/limits.h"

namespace aileron::http {

class WrittenHead;

class H2Stream : public std::enable_shared_from_this<H2Stream> {
 public:
  // Hears of the stream when whoever drives the session passes it on from NextMoved.
  class Listener {
   public:
    virtual void OnStreamMoved() = 0;

   protected:
    ~Listener() = default;
  };

  explicit H2Stream(H2Session& session);
  ~H2Stream();
  H2Stream(const H2Stream&) = delete;
  H2Stream& operator=(const H2Stream&) = delete;

  void set_listener(Listener* listener) { listener_ = listener; }
  Listener* listener() const { return listener_; }

  enum class State : std::uint8_t {
    kOpen,    // more may come
    kEnded,   // all was read, and the peer said that it is all
    kBroken,  // reset, or the connection is gone
  };
  // Of the reading side, once everything that came was read.
  State state() const;
  bool MayRead() const;
  // The peer takes nothing any more, though something may be left to read.
  bool broken() const { return broken_; }
  // As much as there is and fits.
  std::size_t Read(std::span<char> to);

  // How many bytes were taken; nothing when the peer takes no more. A head is taken whole or not at
  // all, so `from` holds it from its first byte.
  std::optional<std::size_t> Write(std::string_view from);
  // No more will be written: the message is whole, or the stream is reset behind what was written.
  enum class Ending : std::uint8_t { kWhole, kCut };
  void Finish(Ending ending);
  // Before anything was read or written: the peer may ask again (RFC 9113 §8.7).
  void Refuse();
  // Nobody reads or writes any more. What was written whole still goes out.
  void Abandon();

 private:
  friend class H2Session;
  enum class Sending : std::uint8_t { kHead, kBody };

  // From the session.
  bool OnField(std::string_view name, std::string_view value);
  bool OnFieldsEnd(bool end_of_stream);
  bool OnData(std::string_view bytes);
  void OnEnd();
  void OnSent(bool end_of_stream);
  void OnClosed();
  std::ptrdiff_t Provide(std::span<char> to, std::uint32_t& flags);

  std::size_t ReadBody(std::span<char> to);
  void Consume(std::size_t bytes);
  // Take what they can off the front; false: it cannot be sent.
  bool WriteHead(std::string_view& from);
  bool WriteBody(std::string_view& from);
  Body BodyOf(const WrittenHead& head);
  bool SubmitHead(const WrittenHead& head, bool end_of_stream);
  bool SubmitInterim(const WrittenHead& head);
  void Reset(std::uint32_t code);
  void Resume();

  H2Session* session_;
  H2Session::Role role_;
  Listener* listener_ = nullptr;
  std::int32_t id_ = -1;
  bool in_moved_ = false;  // stands in the session's queue

  // What came.
  H2Head fields_;
  bool head_seen_ = false;    // the final one; fields that come now are trailers
  bool head_method_ = false;  // the request is a HEAD
  bool asked_for_tunnel_ = false;
  bool tunnel_ = false;  // asked for, and not refused
  Framing in_framing_ = Framing::kNone;
  std::string in_text_;  // heads, to be read
  std::size_t in_read_ = 0;
  ByteBuffer in_;  // data
  std::string in_trailers_;
  bool in_ended_ = false;   // the peer's END_STREAM
  bool in_closed_ = false;  // and the end of it was read

  // What goes.
  Sending sending_ = Sending::kHead;
  BodyReader out_reader_;
  ByteBuffer out_;
  std::string out_trailers_;
  bool out_whole_ = false;    // out_ holds the rest
  bool cut_ = false;          // after out_ the stream is reset
  bool out_sent_ = false;     // our END_STREAM is on its way
  std::size_t needless_ = 0;  // bytes that came after that
  bool deferred_ = false;     // nghttp2 waits for Resume

  bool closed_ = false;
  bool broken_ = false;
  bool abandoned_ = false;
};

}  // namespace aileron::http
