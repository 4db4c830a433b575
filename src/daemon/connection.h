// Connection: one client of the control socket, a sandbox, or a browser. HTTP/1.1, one request at a
// time, kept alive.
//
// Bytes are received into locked memory that is wiped as it is used, since a passphrase may stand
// right behind a head; a raw body goes from there, or from the socket, into the Secret that the
// handler gets. Every state has a deadline. Descriptors that come with a request belong to it, and
// are closed with it when the handler does not take them.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "daemon/gate.h"
#include "daemon/limits.h"
#include "daemon/request.h"
#include "daemon/router.h"
#include "http/h1.h"
#include "net/loop.h"
#include "net/turns.h"
#include "os/fd.h"

namespace aileron::daemon {

class Connection final : public net::Loop::Handler,
                         public std::enable_shared_from_this<Connection> {
 public:
  // `session` is that of the sandbox at the other end; empty on the control socket. `closed` is
  // called once, from the loop, when the connection is over.
  Connection(net::Loop& loop, os::Fd socket, const Router& router, Gate& gate, std::string session,
             std::function<void()> closed);
  ~Connection();

  Status Start();
  // Between two requests, with nothing received of the next.
  bool idle() const { return state_ == State::kHead && begin_ == end_; }
  void Close();
  const std::string& session() const { return session_; }

 private:
  enum class State { kHead, kBody, kHandling, kWriting, kStreaming, kClosed };

  void OnReady(net::Readiness ready) override;
  void Advance();
  bool Step();
  bool StepHead();
  bool StepBody();
  bool StepWrite();
  bool StepStream();

  // False when the socket is empty, at its end or broken.
  bool Receive(std::span<char> into, std::size_t& count);
  bool Fill();
  void ConsumeInput(std::size_t count);
  bool BeginBody();
  void FindRoute();
  bool RefuseRequest(const Refusal& refusal);
  void Dispatch();
  void Answer(Reply reply);
  void WriteHead(const Reply& reply);
  void FinishExchange();
  void DropInput();
  void PullSource();

  net::Loop& loop_;
  os::Fd socket_;
  const Router& router_;
  Gate& gate_;
  std::string session_;
  std::function<void()> closed_;
  net::Timer deadline_;
  State state_ = State::kHead;
  bool readable_ = true;
  bool writable_ = true;
  net::Turns turns_;
  bool keep_alive_ = true;

  Secret input_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;

  http::RequestParser parser_;
  http::RequestHead head_;
  http::BodyReader body_;
  Request request_;
  const Route* route_ = nullptr;
  std::optional<Refusal> refusal_;  // what the request in work is answered with
  std::size_t secret_filled_ = 0;
  std::uint64_t exchange_ = 0;

  std::string output_;
  std::size_t written_ = 0;
  std::unique_ptr<Source> source_;
  bool source_waits_ = false;
  bool source_ended_ = false;
  std::function<void()> after_;
};

}  // namespace aileron::daemon
