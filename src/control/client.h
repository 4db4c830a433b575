// Client: one connection to a unix socket, spoken to in HTTP/1.1, one request at a time, blocking:
// the daemon's control socket, for the command line and the launcher, or another peer's.
//
// Every call has a deadline. A body is borrowed and goes from the caller's memory to the socket
// without a copy, so that a Secret's bytes may be sent: `{.body = secret.Reveal()}`. Descriptors
// travel with the first byte of the request (SCM_RIGHTS). The connection is kept for the next
// request; after an error, or when a stream was stopped early, the client is of no more use.
#pragma once

#include <sys/uio.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "control/limits.h"
#include "os/fd.h"

namespace aileron::os {
struct Paths;
}
namespace aileron::http {
class ResponseHead;
}

namespace aileron::control {

// A body that is made while it is sent.
struct Upload {
  std::uint64_t size = 0;  // bytes, all of them
  // Fills a part of the span from its begin; how much of it, never nothing.
  std::function<Result<std::size_t>(std::span<char>)> read;
};

struct Request {
  std::string_view method = "GET";
  std::string_view path;  // with the query, percent-encoded by the caller
  std::string_view body = {};
  const Upload* upload = nullptr;  // borrowed; in place of the body
  std::string_view content_type = "application/json";
  // One field whose value is a secret: it goes from the caller's memory to the socket.
  std::string_view secret_field = {};
  std::string_view secret_value = {};
  std::span<const int> descriptors = {};  // borrowed
  // For the whole exchange; in a stream, until the answer's head; of an upload, for each piece and
  // then for the answer.
  Duration deadline = limits::request_wait;
  // In a stream, between pieces; none: without an end.
  std::optional<Duration> quiet = std::nullopt;
};

struct Response {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  bool ok() const { return status >= 200 && status < 300; }
  // The first field of that name, ignoring case, or empty.
  std::string_view Header(std::string_view name) const;
};

struct Event {
  std::string_view name;  // "message" when the stream names none
  std::string_view data;
  std::string_view id;
};

// Who is at the other end, for messages.
struct Peer {
  std::string name = "the daemon";
  std::string help = "Look into its log (daemon.log in the state folder)";  // when it is silent
};

enum class Flow { kContinue, kStop };

class Client {
 public:
  // kUnavailable or kNotFound when nobody listens (see EnsureDaemon in start.h).
  static Result<Client> Connect(const os::Paths& paths);
  static Result<Client> Connect(const std::string& socket_path, Peer peer = {});

  // Any answer is a value here, also a refusal.
  Result<Response> Send(const Request& request);
  // The same, and an answer other than 2xx is an Error with what its problem document says
  // (http/problem.h).
  Result<Response> Call(const Request& request);
  // The two halves of Call, for who has something to do while the daemon thinks.
  Status Ask(const Request& request);
  Result<Response> Answer();

  // Hands the body on piece by piece as it comes (the Response's is empty), without a deadline
  // between pieces. An answer other than 2xx is an Error.
  using Sink = std::function<Result<Flow>(std::string_view piece)>;
  Result<Response> Stream(const Request& request, const Sink& sink);
  // The same, and any answer is a value: one other than 2xx with its body.
  Result<Response> Transfer(const Request& request, const Sink& sink);
  // Writes the body to a descriptor.
  Result<Response> StreamTo(const Request& request, int descriptor);
  // Reads a stream of server-sent events until it ends or `handle` stops it.
  using EventSink = std::function<Result<Flow>(const Event& event)>;
  Status Events(std::string_view path, const EventSink& handle);

  // For poll(), by those who watch several things. Nothing else may read or write it.
  int descriptor() const { return socket_.get(); }

 private:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  Client(os::Fd socket, Peer peer)
      : peer_(std::move(peer)),
        socket_(std::move(socket)),
        input_(limits::head_bytes + limits::read_bytes) {}

  std::unexpected<Error> Gone() const;
  Status Write(const Request& request, Deadline deadline);
  Status WriteParts(std::span<iovec> parts, std::span<const int> descriptors, Deadline deadline);
  Status WriteUpload(const Upload& upload, Duration patience);
  Result<Response> AnyAnswer();
  Status ReadFinalHead(http::ResponseHead& head);
  Status Wait(short events, Deadline deadline);
  Result<std::size_t> Fill(Deadline deadline);  // 0: the daemon has closed
  Status ReadHead(Deadline deadline, http::ResponseHead& head);
  Status ReadBody(const http::ResponseHead& head, Deadline deadline, const Sink& sink);
  Result<std::string> ReadWhole(const http::ResponseHead& head, Deadline deadline);

  Peer peer_;
  os::Fd socket_;
  ByteBuffer input_;
  Deadline deadline_;              // of the exchange that Ask began
  std::optional<Duration> quiet_;  // of the stream that is read
  bool refused_ = false;           // the other end wants no more of what is sent
  bool broken_ = false;            // bytes of an unfinished exchange may be on the way
};

}  // namespace aileron::control
