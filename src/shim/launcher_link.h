// LauncherLink: init's end of the channel to the launcher, once the agent runs.
//
// Nothing here waits: a launcher that was stopped (Ctrl-Z) must not keep init from reaping. What it
// does not take stays in a bounded queue; of reports only the last is kept.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "net/loop.h"
#include "os/fd.h"
#include "sandbox/channel.h"
#include "shim/watch.h"

namespace aileron::shim {

class LauncherLink {
 public:
  struct Events {
    std::function<void(sandbox::Message)> on_message;
    std::function<void()> on_gone;
  };
  // `channel` outlives this.
  static Result<std::unique_ptr<LauncherLink>> Make(net::Loop& loop, const os::Fd& channel,
                                                    Events events);

  void Send(sandbox::Message message, os::Fd descriptor = {});
  void Send(sandbox::Message message, std::vector<os::Fd> descriptors);

 private:
  struct Packet {
    sandbox::Message message;
    std::vector<os::Fd> descriptors;
  };

  LauncherLink(const os::Fd& channel, Events events)
      : channel_(channel), events_(std::move(events)) {}
  void OnReady();
  void Receive();
  void Flush();

  const os::Fd& channel_;
  Events events_;
  std::deque<Packet> queue_;
  std::unique_ptr<Watch> watch_;
};

}  // namespace aileron::shim
