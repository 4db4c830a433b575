// Fetch: one request over HTTPS to a service of the user's, on the caller's loop: the daemon's, or
// that of a command that downloads something.
//
// One connection, one HTTP/1.1 exchange, no redirect, no cookie. The certificate is
// verified against the system's roots and the file that the user named. A name may stand for any
// address: who wrote the URL is the user. The whole takes at most the timeout, and request and
// answer lie in memory that is wiped; but a body that a Sink takes may be of any size, lies in
// plain memory, and takes as long as limits::kSinkLeast bytes of it come within each timeout.
// Where a proxy is named, TLS goes through a tunnel that it opens (CONNECT, RFC 9110 §9.3.6), and
// what is without TLS is asked of it (absolute-form, RFC 9112 §3.2.2).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/secret.h"
#include "base/service_url.h"
#include "fetch/limits.h"
#include "http/h1.h"
#include "net/connect.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "net/stream.h"

namespace aileron::fetch {

// Who takes the body of a 2xx answer as it comes. An error gives the fetch up, and is its result.
class Sink {
 public:
  virtual ~Sink() = default;
  // Once, before the body.
  virtual Status Begin(const http::ResponseHead& head) = 0;
  // May block; the time that it takes does not count.
  virtual Status Take(std::string_view piece) = 0;
};

struct Proxy {
  std::string host;
  std::uint16_t port = 0;
  Secret authorization;  // the value of Proxy-Authorization, or empty
  std::string origin;    // who names it, for messages: "HTTPS_PROXY"
};
// Through which proxy a service is reached, if any. An error is why that cannot be known.
using ProxyFor = std::function<Result<std::optional<Proxy>>(const ServiceUrl& url)>;
Result<std::optional<Proxy>> NoProxy(const ServiceUrl& url);

struct Request {
  ServiceUrl url;              // its path is not used
  std::string method = "GET";  // a token
  std::string target;          // origin-form
  std::string accept = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<std::string, Secret>> secret_headers;
  Secret body;
  std::string ca;  // a PEM file, or empty
  net::Interval timeout{};
  std::optional<Proxy> proxy = std::nullopt;
  // Connected already: nothing is resolved, and TLS is somebody else's.
  os::Fd through;
  std::size_t body_max = limits::kBody;  // of the request, and of an answer that no sink takes
  Sink* sink = nullptr;                  // borrowed
  // kStatusAlone: the answer's body is not read, and is empty.
  enum class Answer { kWhole, kStatusAlone };
  Answer answer = Answer::kWhole;
};

struct Response {
  int status = 0;
  http::Headers headers;
  Secret body;  // empty where a sink took it

  // Of the first field of that name; empty where there is none.
  std::string_view Header(std::string_view name) const {
    return headers.Find(name).value_or(std::string_view());
  }
  // RFC 9110 §10.2.3, where it is a number of seconds.
  std::optional<std::chrono::seconds> RetryAfter() const;
};

class Fetch final : private net::Channel::Owner {
 public:
  using OnDone = std::function<void(Result<Response>)>;

  // Calls `on_done` once, from the loop, unless it is destroyed before, which cancels. `on_done`
  // may destroy it. An Error names the service and says what to do, and holds nothing of the
  // answer.
  Fetch(net::Loop& loop, Request request, OnDone on_done);
  ~Fetch();

 private:
  enum class State { kTunnelWrite, kTunnelRead, kHandshake, kWriting, kHead, kBody };

  Status Begin();
  std::size_t ReadSize() const {
    return request_.sink == nullptr ? limits::kRead : limits::kSinkRead;
  }
  bool HasHeader(std::string_view name) const;
  Status WriteHead();
  void Resolved(Result<net::Resolver::Answer> answer);
  void Connect(const std::vector<net::Endpoint>& addresses,
               net::ConnectAttempt::More more = net::ConnectAttempt::More::kNone);
  void Connected(Result<net::Connected> connected);
  void Speak(os::Fd socket);
  void StartTls();
  // Whether TLS is spoken through a tunnel of the proxy's.
  bool IsTunnelled() const { return request_.proxy && request_.url.tls; }
  Status WriteConnect();
  // What could not be reached: the service, or the proxy on the way.
  std::string Place() const;
  void OnChannel(net::Channel& stream) override;
  // Each is false when it must wait, or has finished.
  bool StepTunnelWrite();
  bool StepTunnelRead();
  bool TakeTunnel();
  bool StepHandshake();
  bool StepWrite();
  bool StepRead();
  bool TakeHead();
  bool TakeBody();
  bool TakePiece(std::string_view piece);
  void Succeed();
  template <typename... Args>
  void GiveUp(fmt::format_string<Args...> format, Args&&... args);
  void Finish(Result<Response> result);

  net::Loop& loop_;
  Request request_;
  OnDone on_done_;
  net::Timer deadline_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // what was posted looks at it
  std::shared_ptr<net::Resolver> resolver_;
  std::unique_ptr<net::TlsClient> tls_;
  std::unique_ptr<net::ConnectAttempt> attempt_;
  std::unique_ptr<net::Stream> stream_;
  std::uint64_t since_deadline_ = 0;  // bytes for the sink
  State state_ = State::kHandshake;
  bool by_data_plane_ = false;  // through it, that is
  bool sinking_ = false;
  ByteBuffer tunnel_;  // what is said to the proxy
  ByteBuffer output_;
  ByteBuffer input_;
  ByteBuffer body_;
  http::ResponseParser parser_;
  http::ResponseHead head_;
  http::BodyReader reader_;
};

// The same, and waits on a loop that nobody else turns. Gives up within a moment once `stop` is
// set.
Result<Response> Await(net::Loop& loop, Request request, const std::atomic<bool>* stop = nullptr);

}  // namespace aileron::fetch
