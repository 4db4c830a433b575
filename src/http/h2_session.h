// H2Session: one HTTP/2 connection (RFC 9113), without I/O: a peer's bytes go in, ours come out,
// and each stream on it reads and writes HTTP/1.1 (h2_stream.h), so that whoever handles a message
// handles both versions alike. Frames, HPACK and flow control are nghttp2's.
//
//   kServer: the peer opens streams, each one request      NextMoved() tells of them
//   kClient: Open() makes a stream for one request
//
// Windows open as bytes are read out of the streams, so what a peer can pile up here is bounded by
// limits.h, as is everything else it can grow. What a connection may not send ends it with a
// GOAWAY, what a stream may not send ends the stream; TakeFlaw() names it. Memory that may hold a
// credential (kClient) is wiped. Streams may be held after their session is gone, but not used.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "http/limits.h"

struct nghttp2_session;

namespace aileron::http {

class H2Stream;

class H2Session {
 public:
  enum class Role : std::uint8_t { kServer, kClient };
  // What :scheme says, or has to say.
  enum class Scheme : std::uint8_t { kHttp, kHttps };

  // Unguessable, for the keys of WebSocket handshakes.
  using Nonce = std::array<std::uint8_t, 16>;

  H2Session(Role role, Scheme scheme, Nonce nonce);
  ~H2Session();
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;

  // Takes all of it. kInvalid: the connection is over once Send() has nothing more.
  Status Receive(std::string_view bytes);
  // Adds frames to `out` while its room allows.
  void Send(ByteBuffer& out);

  // A stream that is new, may be read or written again, or has ended; null when there is none left.
  std::shared_ptr<H2Stream> NextMoved();
  bool has_moved() const { return !moved_.empty(); }

  // kClient: a stream for a request. Ask MayOpen first.
  std::shared_ptr<H2Stream> Open();
  bool MayOpen() const;
  // Whether the site's settings have come, and let a stream carry a WebSocket (RFC 8441 §3).
  bool settings_heard() const { return settings_heard_; }
  bool MayTunnel() const;

  // GOAWAY: streams that are there go on, new ones are refused.
  void Shutdown();
  // The connection is gone: every stream has ended, and NextMoved tells of each.
  void Abort();
  // Ends the streams that nobody holds and whose rest the peer does not take.
  void ResetAbandoned();
  // So much waits to be sent that no more should be received.
  bool congested() const;
  // Nothing is to be sent or received any more.
  bool over() const;
  // Streams that are not over, those that nobody holds too.
  std::size_t streams() const { return streams_.size() + waiting_.size(); }
  // What was wrong with the last thing that was refused, once; empty when nothing was.
  std::string TakeFlaw() { return std::exchange(flaw_, {}); }

  Role role() const { return role_; }

  // For nghttp2: the next bytes of a stream's body.
  static std::ptrdiff_t Provide(H2Stream& stream, std::span<char> to, std::uint32_t& flags);

 private:
  friend class H2Stream;
  struct Callbacks;  // the C side
  void SendSettings();
  std::string_view scheme_name() const { return scheme_ == Scheme::kHttps ? "https" : "http"; }
  std::string NonceFor(std::int32_t id) const;
  // kClient: the stream has got its number, or `id` is an error.
  bool Number(H2Stream& stream, std::int32_t id);
  void Forget(H2Stream& stream);
  H2Stream* Find(std::int32_t id);
  void Moved(H2Stream& stream);
  void CountReset(std::uint32_t error);
  void CountEmptyFrame();
  void EndCalmly(std::string why);

  Role role_;
  Scheme scheme_;
  Nonce nonce_;
  nghttp2_session* session_ = nullptr;
  std::unordered_map<std::int32_t, std::shared_ptr<H2Stream>> streams_;
  std::unordered_set<H2Stream*> waiting_;  // kClient: opened, and not yet with a number
  std::deque<std::shared_ptr<H2Stream>> moved_;
  std::string flaw_;
  bool failed_ = false;
  bool settings_heard_ = false;
  // kServer: how the client behaves.
  std::size_t taken_ = 0;  // streams
  std::size_t broken_ = 0;
  std::size_t empty_frames_ = 0;
};

}  // namespace aileron::http
