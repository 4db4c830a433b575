// CommandOpening: "exec:" and "shell:" of a binding: a command of the user's that prints the
// credential.
//
// It runs in the user's home with the environment that the daemon was started with (an allowed
// list, control/start.cc), nothing of a sandbox's or a project's, without a terminal, with nothing
// on standard input, in a session of its own that is ended with it. Standard output goes into
// locked memory; of standard error the first line is told when it fails, without what looks like
// the credential.
#pragma once

#include <memory>
#include <optional>

#include "daemon/command_world.h"
#include "daemon/opening.h"
#include "net/loop.h"
#include "os/process.h"

namespace aileron::daemon {

class CommandOpening final : public Opening {
 public:
  CommandOpening(OpeningWorld& world, const vault::CredentialSource& source, OnFresh on_fresh);
  ~CommandOpening() override;

 private:
  // The loop wants one object for each descriptor.
  struct Watcher final : net::Loop::Handler {
    explicit Watcher(std::function<void()> call) : ready(std::move(call)) {}
    void OnReady(net::Readiness) override { ready(); }
    std::function<void()> ready;
  };

  Status Start(const CommandWorld& world);
  // Reads what is there; closes at the end. False when there is more than `into` holds.
  bool Drain(os::Fd& from, Watcher& watcher, std::span<char> into, std::size_t& size);
  void OnOutput();
  void OnError();
  void OnExit();
  void Kill();
  void Stop(std::string code, std::string message, std::string hint);
  void Finish(FreshCredential fresh);

  net::Loop& loop_;
  vault::CredentialSource source_;
  OnFresh on_fresh_;
  net::Timer deadline_;
  std::optional<os::Child> child_;
  os::Fd output_;
  os::Fd error_;
  Watcher on_output_;
  Watcher on_error_;
  Watcher on_exit_;
  Secret value_;
  std::size_t value_size_ = 0;
  Secret complaint_;
  std::size_t complaint_size_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace aileron::daemon
