// Connection: one connection's way from TCP through CONNECT and TLS to a response.
//
//   closed → tcp → [proxy writes → proxy reads →] handshake → idle ⇄ request → response
//                                                              idle ⇄ echo (WebSocket)
//                                                              idle → streams (HTTP/2)
//
// It moves only when it is advanced, on edges of an epoll the worker owns, and tells the worker
// what happened; what happens next is the worker's to say. It times its own phases.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "plan.h"
#include "response.h"
#include "stats.h"
#include "streams.h"
#include "tls.h"

namespace loadgen {

enum class Event {
  kWaiting,     // nothing more to do before the next edge
  kMoved,       // a phase ended; advance again
  kReady,       // the TLS handshake is complete, the connection idle
  kResponse,    // a response is complete
  kEcho,        // a WebSocket frame came back
  kPeerClosed,  // the peer ended an idle connection, or a used one before its response began
  kFailed,      // see failure()
};

class Connection {
 public:
  Connection(Plan& plan, Stats& stats) : plan_(&plan), stats_(&stats) {}
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;
  ~Connection() { Close(); }

  // Begins to connect, registered edge-triggered with `epoll` as `token`.
  Event Open(std::string host, int epoll, std::uint32_t token);
  // Goes one phase further if it can; `events` are epoll's.
  Event Advance(std::uint32_t events, std::span<char> buffer);
  // Prepares the next request; Advance() sends it. Its latency counts from `intended`.
  void Request(Nanos intended);
  // From now on HTTP/2, which begins its requests itself; Advance() moves them.
  void StartStreams();
  // Sends a WebSocket frame. False when it could not be sent whole.
  bool Ping();
  // Ends the TLS session politely, then the connection.
  void Finish();
  // Drops the connection.
  void Close();

  bool closed() const { return phase_ == Phase::kClosed; }
  bool idle() const { return phase_ == Phase::kIdle; }
  // True while only an edge of the new socket can move it, not one of the socket before.
  bool connecting() const { return phase_ == Phase::kTcp; }
  const Response& response() const { return response_; }
  const std::string& failure() const { return failure_; }
  Nanos opened() const { return opened_; }
  // When what it works on began: the operation, or the connection while there is none.
  Nanos began() const;
  Nanos ttfb() const { return first_byte_ - requested_; }
  Nanos intended() const { return intended_; }

 private:
  enum class Phase {
    kClosed,
    kTcp,
    kProxyWrite,
    kProxyRead,
    kHandshake,
    kIdle,
    kRequest,
    kResponse,
    kEcho,
    kStreams
  };

  Event OnTcp(std::uint32_t events);
  Event OnProxyWrite();
  Event OnProxyRead();
  Event StartTls();
  Event OnHandshake();
  Event OnIdle(std::span<char> buffer);
  Event OnRequest();
  Event OnResponse(std::span<char> buffer);
  Event OnEndInResponse();
  Event OnStreams(std::span<char> buffer);
  Event WriteStreams();
  Event OnEcho(std::span<char> buffer);
  void OnEvents(std::string_view bytes);
  Event Fail(std::string why);
  void EndPhase(Histogram& durations);

  Plan* plan_;
  Stats* stats_;
  int descriptor_ = -1;
  Tls tls_;
  Phase phase_ = Phase::kClosed;
  std::string host_;
  std::string out_;  // what is being written
  std::size_t written_ = 0;
  std::string proxy_answer_;
  std::string event_line_;  // of an event stream, not complete
  std::uint64_t upload_left_ = 0;
  std::size_t echo_left_ = 0;
  std::uint64_t responses_ = 0;  // on this connection
  Response response_;
  std::unique_ptr<Streams> streams_;
  std::string failure_;
  Nanos opened_ = 0, phase_began_ = 0, requested_ = 0, intended_ = 0, first_byte_ = 0;
};

}  // namespace loadgen
