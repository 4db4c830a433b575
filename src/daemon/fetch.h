// Fetch: one request over HTTPS to a service of the user's, on the caller's loop: the daemon's, or
// that of a command that downloads something.
//
// One connection, one HTTP/1.1 exchange, no redirect, no cookie, no proxy. The certificate is
// verified against the system's roots and the file that the user named. A name may stand for any
// address: who wrote the URL is the user. The whole takes at most the timeout, the answer at most
// limits::kFetchBody bytes; request and answer lie in memory that is wiped.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/secret.h"
#include "base/service_url.h"
#include "daemon/limits.h"
#include "http/h1.h"
#include "net/connect.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "net/stream.h"

namespace aileron::daemon {

struct FetchRequest {
  ServiceUrl url;              // its path is not used
  std::string method = "GET";  // a token
  std::string target;          // origin-form
  std::string accept = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<std::string, Secret>> secret_headers;
  Secret body;
  std::string ca;  // a PEM file, or empty
  net::Interval timeout{};
  // Connected already: nothing is resolved, and TLS is somebody else's.
  os::Fd through;
  std::size_t body_max = limits::kFetchBody;  // of the request, and of the answer
  // kStatusAlone: the answer's body is not read, and is empty.
  enum class Answer { kWhole, kStatusAlone };
  Answer answer = Answer::kWhole;
};

struct FetchResponse {
  int status = 0;
  std::string content_type;
  std::string location;  // of a redirect, as it came
  // RFC 9110 §10.2.3, where it is a number of seconds.
  std::optional<std::chrono::seconds> retry_after;
  Secret body;
};

class Fetch final : private net::Channel::Owner {
 public:
  using OnDone = std::function<void(Result<FetchResponse>)>;

  // Calls `on_done` once, from the loop, unless it is destroyed before, which cancels. `on_done`
  // may destroy it. An Error names the service and says what to do, and holds nothing of the
  // answer.
  Fetch(net::Loop& loop, FetchRequest request, OnDone on_done);
  ~Fetch();

 private:
  enum class State { kHandshake, kWriting, kHead, kBody };

  Status Begin();
  bool HasHeader(std::string_view name) const;
  Status WriteHead();
  void Resolved(Result<net::Resolver::Answer> answer);
  void Connect(const std::vector<net::Endpoint>& addresses,
               net::ConnectAttempt::More more = net::ConnectAttempt::More::kNone);
  void Connected(Result<net::Connected> connected);
  void Speak(os::Fd socket);
  void OnChannel(net::Channel& stream) override;
  // Each is false when it must wait, or has finished.
  bool StepHandshake();
  bool StepWrite();
  bool StepRead();
  bool TakeHead();
  bool TakeBody();
  void Succeed();
  template <typename... Args>
  void GiveUp(fmt::format_string<Args...> format, Args&&... args);
  void Finish(Result<FetchResponse> result);

  net::Loop& loop_;
  FetchRequest request_;
  OnDone on_done_;
  net::Timer deadline_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // what was posted looks at it
  std::shared_ptr<net::Resolver> resolver_;
  std::unique_ptr<net::TlsClient> tls_;
  std::unique_ptr<net::ConnectAttempt> attempt_;
  std::unique_ptr<net::Stream> stream_;
  State state_ = State::kHandshake;
  bool by_data_plane_ = false;  // through it, that is
  ByteBuffer output_;
  ByteBuffer input_;
  ByteBuffer body_;
  http::ResponseParser parser_;
  http::ResponseHead head_;
  http::BodyReader reader_;
};

}  // namespace aileron::daemon
