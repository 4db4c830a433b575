// Request and Reply: what handlers of the control API take and give.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "os/fd.h"

namespace aileron::daemon {

struct Request {
  std::string method;
  std::map<std::string, std::string, std::less<>> parameters;  // of the path: {id}, {name}, {seq}
  std::map<std::string, std::string, std::less<>> query;       // decoded
  std::string body;                                            // JSON routes
  Secret secret;                                               // routes with a raw body
  std::vector<os::Fd> descriptors;
  std::string session;        // of the sandbox that asks; empty on the control socket
  std::string authorization;  // the field, from a sandbox
  std::string surface;        // what the gate says where somebody decides; empty: the client says
  std::string last_event_id;  // the field of that name: where a stream was left

  const std::string& parameter(std::string_view name) const;
  std::optional<std::string_view> Query(std::string_view name) const;
};

// A body that is made while it is sent: events, exports. Destroyed when the peer has gone.
class Source {
 public:
  enum class Next { kMore, kWait, kEnd };
  virtual ~Source() = default;
  // Appends a piece of about limits::kStreamPiece at most. kWait: nothing now, `wake` will be
  // called.
  virtual Next Pull(std::string& out) = 0;
  void set_wake(std::function<void()> wake) { wake_ = std::move(wake); }

 protected:
  void Wake() {
    if (wake_) wake_();
  }

 private:
  std::function<void()> wake_;
};

struct Reply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::unique_ptr<Source> source;  // instead of `body`
  std::function<void()> after;     // called once the reply has been handed to the socket
};

// What a handler says no with. `code` is stable; `hint` says what to do.
struct Refusal {
  int status = 400;
  std::string code;
  std::string detail;
  std::string hint;
};

// One line. What is not UTF-8 (a stranger's bytes, which nlohmann would throw for) is replaced.
std::string JsonText(const nlohmann::json& value);
Reply JsonReply(int status, const nlohmann::json& body);
// {"NAME":[…]} of what `to_json` makes of each: one at a time, since a tree of all of a long list
// costs more to build and to free than the text.
template <typename Item, typename ToJson>
Reply JsonListReply(std::string_view name, const std::vector<Item>& items, ToJson to_json) {
  Reply reply{.status = 200};
  reply.body = fmt::format("{{\"{}\":[", name);
  for (const Item& item : items) {
    if (!reply.body.ends_with('[')) reply.body += ',';
    reply.body += JsonText(to_json(item));
  }
  reply.body += "]}\n";
  return reply;
}
Reply Problem(const Refusal& refusal);
// The status and code that fit the Error, its sentences split into detail and hint.
Reply Problem(const Error& error);

// Answers the request of one connection, now or later, once. Copies answer the same request; an
// answer after the first, or to a connection that has gone, is dropped.
class Responder {
 public:
  using Sink = std::function<void(Reply)>;
  explicit Responder(Sink sink) : sink_(std::make_shared<Sink>(std::move(sink))) {}
  void Send(Reply reply) const;

 private:
  std::shared_ptr<Sink> sink_;
};

// The query parameter as a number or a length of time. A refusal names the parameter.
Result<std::optional<std::uint64_t>> NumberIn(const Request& request, std::string_view name);

// "limit": how many of a list are wanted; between 1 and `most`.
Result<std::size_t> LimitIn(const Request& request, std::size_t otherwise, std::size_t most);
// "session": an id, or nothing for all.
Result<std::optional<std::string>> SessionIn(const Request& request);
// Where a stream goes on: "Last-Event-ID", else the query's "after_seq". A client that comes back
// says it by the field, with the target of its first request.
Result<std::optional<std::uint64_t>> PlaceIn(const Request& request);

// How long a client of the API may wait that wants to wait so many seconds; and who says so with
// the query's "wait_s".
Duration WaitOf(std::uint64_t seconds);
Result<Duration> WaitIn(const Request& request);

// The body as an object; kInvalid when it is none.
Result<nlohmann::json> ObjectIn(std::string_view body);

}  // namespace aileron::daemon
