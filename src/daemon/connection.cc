// Tested by src/daemon/control_server_test.cc.

#include "daemon/connection.h"

#include <sys/socket.h>

#include <cerrno>

#include "base/json_depth.h"
#include "http/h1_write.h"
#include "os/socket.h"

namespace aileron::daemon {

Connection::Connection(net::Loop& loop, os::Fd socket, const Router& router, Gate& gate,
                       std::string session, std::function<void()> closed)
    : loop_(loop),
      socket_(std::move(socket)),
      router_(router),
      gate_(gate),
      session_(std::move(session)),
      closed_(std::move(closed)),
      deadline_(loop, [this] { Close(); }),
      input_(Secret::OfSize(limits::kHeadBuffer)) {}

Connection::~Connection() {
  if (socket_) loop_.Forget(socket_.get(), *this);
}

Status Connection::Start() {
  deadline_.Set(limits::kHeadWait);
  return loop_.Watch(socket_.get(), *this, net::Loop::Trigger::kEdge);
}

void Connection::Close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  deadline_.Cancel();
  source_.reset();
  loop_.Forget(socket_.get(), *this);
  socket_.Reset();
  // Whoever handed the reply over counts on being told, also when nobody is there to read it.
  if (auto after = std::exchange(after_, nullptr)) loop_.Post(std::move(after));
  // Later: this may run inside a member function of the object that the owner will destroy.
  loop_.Post(std::move(closed_));
}

void Connection::OnReady(net::Readiness ready) {
  readable_ |= ready.readable || ready.hangup;
  writable_ |= ready.writable;
  Advance();
}

// Steps from state to state until one has to wait. Answers that arrive inside a step only mark that
// there is more to do.
void Connection::Advance() {
  const auto keep = shared_from_this();
  const auto ran = turns_.Run(limits::kStepsAtOnce, [this] { return Step(); });
  if (ran && ran->more) turns_.Soon(loop_, weak_from_this(), &Connection::Advance);
}

bool Connection::Step() {
  switch (state_) {
    case State::kHead:
      return StepHead();
    case State::kBody:
      return StepBody();
    case State::kWriting:
      return StepWrite();
    case State::kStreaming:
      return StepStream();
    case State::kHandling:
    case State::kClosed:
      return false;
  }
  return false;
}

bool Connection::Receive(std::span<char> into, std::size_t& count) {
  count = 0;
  if (!readable_) return false;
  auto received = os::ReceiveInto(socket_.get(), into, request_.descriptors);
  if (!received) {
    if (received.error().code == Code::kUnavailable && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      readable_ = false;
    } else {
      Close();
    }
    return false;
  }
  if (*received == 0 || request_.descriptors.size() > limits::kDescriptors) {
    Close();
    return false;
  }
  count = *received;
  return true;
}

bool Connection::Fill() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == input_.size() && begin_ != 0) {
    auto bytes = input_.RevealWritable();
    std::memmove(bytes.data(), bytes.data() + begin_, end_ - begin_);
    Wipe(bytes.subspan(end_ - begin_));
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == input_.size()) return false;
  std::size_t count = 0;
  if (!Receive(input_.RevealWritable().subspan(end_), count)) return false;
  end_ += count;
  return true;
}

void Connection::ConsumeInput(std::size_t count) {
  Wipe(input_.RevealWritable().subspan(begin_, count));
  begin_ += count;
}

bool Connection::StepHead() {
  const bool first = begin_ == end_;
  if (begin_ != end_) {
    const auto step = parser_.Parse(input_.Reveal().substr(begin_, end_ - begin_), head_);
    if (step.outcome == http::Outcome::kFailed) {
      return RefuseRequest({http::FlawStatus(step.flaw), std::string(http::FlawCode(step.flaw)),
                            std::string(http::FlawText(step.flaw)), ""});
    }
    if (step.outcome == http::Outcome::kDone) {
      ConsumeInput(step.consumed);
      return BeginBody();
    }
    if (begin_ == 0 && end_ == input_.size()) {
      return RefuseRequest({431, "head_too_large", "the request's head is too large", ""});
    }
  }
  if (!Fill()) return false;
  if (first) deadline_.Set(limits::kHeadWait);
  return true;
}

// The route that answers; or what refuses, and a route that takes the body first: clients of HTTP/2
// take an answer before that for a failure.
void Connection::FindRoute() {
  refusal_ = gate_.Check(head_, request_);
  if (!refusal_) {
    auto found = router_.Find(head_.method(), head_.target(), request_);
    if (auto* route = std::get_if<const Route*>(&found)) {
      route_ = *route;
      return;
    }
    refusal_ = std::move(std::get<Refusal>(found));
  }
  static const Route refused{.body = BodyKind::kJson};
  route_ = &refused;
}

bool Connection::BeginBody() {
  keep_alive_ = head_.keep_alive();
  secret_filled_ = 0;
  FindRoute();
  request_.last_event_id = head_.headers.Find("Last-Event-ID").value_or("");
  if (!session_.empty()) {
    request_.session = session_;
    request_.authorization = head_.headers.Find("Authorization").value_or("");
  }
  const http::Body body = head_.body();
  switch (route_->body) {
    case BodyKind::kNone:
      // An empty JSON object is what some clients send with every POST.
      if (!body.empty() && (body.framing != http::Framing::kLength || body.length > 2)) {
        return RefuseRequest({400, "unexpected_body", "this request takes no body", ""});
      }
      break;
    case BodyKind::kJson:
      if (body.framing == http::Framing::kLength && body.length > limits::kBodyMax) {
        return RefuseRequest({413, "body_too_large",
                              fmt::format("the body is larger than {} bytes", limits::kBodyMax),
                              ""});
      }
      break;
    case BodyKind::kSecret:
      if (body.framing != http::Framing::kLength || body.length == 0) {
        return RefuseRequest(
            {411, "length_required", "this request needs a raw body and its Content-Length", ""});
      }
      if (body.length > limits::kSecretBodyMax) {
        return RefuseRequest({413, "body_too_large",
                              fmt::format("a secret has at most {} bytes", limits::kSecretBodyMax),
                              ""});
      }
      request_.secret = Secret::OfSize(body.length);
      break;
  }
  body_.Start(body);
  if (head_.expects_continue()) {
    output_ = "HTTP/1.1 100 Continue\r\n\r\n";
    written_ = 0;
    // Forty bytes into an empty socket buffer: when even that does not fit, the peer is not
    // reading.
    if (send(socket_.get(), output_.data(), output_.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(output_.size())) {
      Close();
      return false;
    }
    output_.clear();
  }
  deadline_.Set(limits::kBodyWait);
  state_ = State::kBody;
  return true;
}

bool Connection::StepBody() {
  if (route_->body == BodyKind::kSecret) {
    auto to = request_.secret.RevealWritable();
    const std::size_t buffered = std::min(end_ - begin_, to.size() - secret_filled_);
    std::memcpy(to.data() + secret_filled_, input_.Reveal().data() + begin_, buffered);
    ConsumeInput(buffered);
    secret_filled_ += buffered;
    if (secret_filled_ < to.size()) {
      std::size_t count = 0;
      if (!Receive(to.subspan(secret_filled_), count)) return false;
      secret_filled_ += count;
      deadline_.Set(limits::kBodyWait);
      return true;
    }
    Dispatch();
    return true;
  }
  const auto step = body_.Read(input_.Reveal().substr(begin_, end_ - begin_));
  if (step.outcome == http::Outcome::kFailed) {
    return RefuseRequest({http::FlawStatus(step.flaw), std::string(http::FlawCode(step.flaw)),
                          std::string(http::FlawText(step.flaw)), ""});
  }
  if (request_.body.size() + step.payload.size() > limits::kBodyMax) {
    return RefuseRequest({413, "body_too_large",
                          fmt::format("the body is larger than {} bytes", limits::kBodyMax), ""});
  }
  request_.body.append(step.payload);
  ConsumeInput(step.consumed);
  if (step.outcome == http::Outcome::kDone) {
    Dispatch();
    return true;
  }
  if (step.consumed != 0) return true;
  if (!Fill()) return false;
  deadline_.Set(limits::kBodyWait);
  return true;
}

// The rest of a refused request is not read: the connection ends after the answer.
bool Connection::RefuseRequest(const Refusal& refusal) {
  keep_alive_ = false;
  request_ = Request();
  refusal_.reset();
  ++exchange_;
  Answer(Problem(refusal));
  return true;
}

void Connection::Dispatch() {
  if (const auto refusal = std::exchange(refusal_, std::nullopt)) {
    request_ = Request();
    ++exchange_;
    return Answer(Problem(*refusal));
  }
  if (route_->body == BodyKind::kJson && NestsDeeperThan(request_.body, limits::kBodyDepth)) {
    request_ = Request();
    ++exchange_;
    return Answer(Problem(
        Refusal{400, "invalid",
                fmt::format("the body nests more than {} levels deep", limits::kBodyDepth), ""}));
  }
  state_ = State::kHandling;
  deadline_.Set(limits::kHandlerWait);
  const std::uint64_t exchange = ++exchange_;
  Responder responder([weak = weak_from_this(), exchange](Reply reply) {
    const auto self = weak.lock();
    if (self == nullptr || self->exchange_ != exchange || self->state_ != State::kHandling) {
      if (reply.after) reply.after();
      return;
    }
    self->Answer(std::move(reply));
    self->Advance();
  });
  Request request = std::exchange(request_, Request());
  route_->handler(std::move(request), std::move(responder));
}

void Connection::WriteHead(const Reply& reply) {
  http::Headers headers;
  headers.Add("Content-Type", reply.content_type);
  headers.Add("Cache-Control", "no-store");
  for (const auto& [name, value] : gate_.answer_fields()) headers.Add(name, value);
  for (const auto& [name, value] : reply.headers) headers.Add(name, value);
  if (!keep_alive_) headers.Add("Connection", "close");
  const http::Body body = reply.source != nullptr
                              ? http::Body{http::Framing::kChunked, 0}
                              : http::Body{http::Framing::kLength, reply.body.size()};
  http::SetFraming(headers, body);
  http::AppendResponseHead(reply.status, http::StandardReason(reply.status), headers, output_);
}

void Connection::Answer(Reply reply) {
  output_.clear();
  written_ = 0;
  if (reply.source != nullptr && head_.version() == http::Version::k10) {
    reply = Problem(Refusal{505, "http_version", "streams need HTTP/1.1", ""});
  }
  WriteHead(reply);
  after_ = std::move(reply.after);
  deadline_.Set(limits::kWriteWait);
  if (reply.source == nullptr) {
    if (head_.method_kind() != http::MethodKind::kHead) output_.append(reply.body);
    state_ = State::kWriting;
    return;
  }
  state_ = State::kStreaming;
  source_ = std::move(reply.source);
  source_waits_ = source_ended_ = false;
  source_->set_wake([this] {
    source_waits_ = false;
    Advance();
  });
}

bool Connection::StepWrite() {
  while (written_ < output_.size()) {
    if (!writable_) return false;
    const ssize_t count = send(socket_.get(), output_.data() + written_, output_.size() - written_,
                               MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      writable_ = false;
      return false;
    }
    if (count < 0) {
      Close();
      return false;
    }
    written_ += static_cast<std::size_t>(count);
    deadline_.Set(limits::kWriteWait);
  }
  output_.clear();
  written_ = 0;
  if (state_ == State::kWriting) FinishExchange();
  return true;
}

void Connection::FinishExchange() {
  if (output_.capacity() > limits::kStreamPiece) std::string().swap(output_);
  source_.reset();
  if (auto after = std::exchange(after_, nullptr)) after();
  if (!keep_alive_) {
    DropInput();
    Close();
    return;
  }
  state_ = State::kHead;
  deadline_.Set(limits::kKeepAliveWait);
}

// A socket that is closed with bytes unread resets its peer, which may then miss the answer.
void Connection::DropInput() {
  char unread[4096];
  while (recv(socket_.get(), unread, sizeof unread, MSG_DONTWAIT) > 0) {
  }
}

bool Connection::StepStream() {
  // The client has nothing to say during a stream: a byte or an end both mean that it is over.
  if (readable_) {
    char byte;
    const ssize_t count = recv(socket_.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    if (count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
      Close();
      return false;
    }
    readable_ = false;
  }
  if (!output_.empty()) {
    if (!StepWrite() || state_ == State::kClosed) return false;
  }
  if (source_ended_) {
    FinishExchange();
    return true;
  }
  if (source_waits_) {
    deadline_.Cancel();
    return false;
  }
  PullSource();
  return true;
}

void Connection::PullSource() {
  std::string piece;
  const Source::Next next = source_->Pull(piece);
  if (!piece.empty()) {
    output_ += fmt::format("{:x}\r\n", piece.size());
    output_ += piece;
    output_ += "\r\n";
    deadline_.Set(limits::kWriteWait);
  }
  if (next == Source::Next::kEnd) {
    output_ += "0\r\n\r\n";
    source_ended_ = true;
  }
  source_waits_ = next == Source::Next::kWait;
}

}  // namespace aileron::daemon
