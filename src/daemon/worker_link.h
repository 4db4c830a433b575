// WorkerLink: one worker process and the channel to it. Carries packets; decides nothing.
//
// The worker is this program in another mode, started with an empty environment and the channel as
// its only descriptor beside the log; it is killed by the kernel when the daemon dies. Packets that
// it does not take in time queue up to limits::kWorkerQueue; a worker that takes none is ended.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "net/loop.h"
#include "os/process.h"

namespace aileron::daemon {

class WorkerLink {
 public:
  struct Events {
    // One packet; its bytes are gone when the call returns. An Error ends the worker.
    std::function<Status(std::string_view)> on_packet;
    // Whether packets should be left where they are for now.
    std::function<bool()> paused;
    // The process has ended: `why` is empty after a Stop, else says how. Nothing is called after
    // it; it may destroy the link.
    std::function<void(std::string why)> on_end;
  };
  // `argv` of the program at `path`; the daemon's own worker is {"aileron", "worker"}.
  static Result<std::unique_ptr<WorkerLink>> Spawn(net::Loop& loop, const std::string& path,
                                                   std::vector<std::string> argv, Events events);
  ~WorkerLink();
  WorkerLink(const WorkerLink&) = delete;
  WorkerLink& operator=(const WorkerLink&) = delete;

  void Send(std::string packet, std::vector<int> descriptors = {});
  void Send(std::string packet, os::Fd descriptor);
  void Send(Secret packet);
  // Sends `last` and lets it end by itself within limits::kWorkerStopWait, then kills it.
  void Stop(std::string last);
  // At once.
  void Kill(std::string why);
  // Looks at the channel again after a pause.
  void Resume() { ReadPackets(); }
  pid_t pid() const { return child_.pid; }

 private:
  struct Packet {
    std::variant<std::string, Secret> bytes;
    std::vector<int> descriptors;  // borrowed: they live as long as the session, or as `owned`
    os::Fd owned;
    std::string_view View() const;
  };
  // The loop wants one object for each descriptor.
  struct Watcher final : net::Loop::Handler {
    explicit Watcher(std::function<void(net::Readiness)> call) : ready(std::move(call)) {}
    void OnReady(net::Readiness readiness) override { ready(readiness); }
    std::function<void(net::Readiness)> ready;
  };

  WorkerLink(net::Loop& loop, os::Child child, os::Fd channel, Events events);
  void Enqueue(Packet packet);
  void WritePackets();
  void ReadPackets();
  void OnExit();

  net::Loop& loop_;
  os::Child child_;
  os::Fd channel_;
  Events events_;
  Watcher on_channel_;
  Watcher on_exit_;
  net::Timer kill_timer_;
  net::Timer read_again_;
  Secret buffer_;
  std::deque<Packet> queue_;
  std::string why_;
  bool stopping_ = false;
  bool channel_open_ = true;
  bool reaped_ = false;
};

}  // namespace aileron::daemon
