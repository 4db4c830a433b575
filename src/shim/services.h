// Services: the programs that init keeps running beside the agent.
//
// Each has what whoever asked for it has: its environment, its folder, the same user behind the
// same walls. It is the leader of a session of its own, reads nothing, and prints into a log that
// is kept here, bounded. When its first process ends, the rest of its process group is ended too.
// What it is asked, and by whom, is service_server.h.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/loop.h"
#include "os/fd.h"
#include "os/process.h"
#include "service/life.h"
#include "service/log_ring.h"
#include "service/service.h"
#include "shim/dialer.h"
#include "shim/watch.h"

namespace aileron::shim {

class Services {
 public:
  // `changed`: what Reports tells, or a log, may have. Called from within, often.
  Services(net::Loop& loop, Dialer& dialer, std::function<void()> changed);
  ~Services();

  // kUnavailable when that one runs already or there are limits::kServices; else why it could not
  // be started. One that is over and has the name is replaced; its log goes on.
  Status Run(service::Spec spec);
  // kNotFound. Returns before it has ended.
  Status Stop(const std::string& name);
  Status Restart(const std::string& name);

  // A child of init's has ended and is about to be reaped: what it leaves behind is ended.
  void AboutToReap(pid_t pid);
  void Reaped(pid_t pid, int wait_status);

  // Where the launcher published a port, or why it did not.
  void Published(const service::Port& port);

  std::vector<service::Report> Reports() const;
  // Nothing for a name that no service has.
  std::optional<service::Report> Report(const std::string& name) const;
  const service::LogRing* Log(const std::string& name) const;

 private:
  struct Running;

  Running* Find(const std::string& name);
  Status MakeRoom();
  Status Start(Running& one);
  void Carry(Running& one, service::Order order);
  void Check(Running& one);
  void Checked(const std::string& name, std::uint64_t check, bool healthy);
  void EndCheck(Running& one);
  void ReadLog(Running& one);
  void CloseLog(Running& one);
  void Say(Running& one, std::string_view what);
  void Pass();
  void SetTimer();

  net::Loop& loop_;
  Dialer& dialer_;
  std::function<void()> changed_;
  std::map<std::string, std::unique_ptr<Running>> all_;
  std::uint64_t last_check_ = 0;
  net::Timer timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace aileron::shim
