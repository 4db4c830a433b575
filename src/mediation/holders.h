// Holders: the processes of the sandbox that hold a client's connection.
//
// The kernel says which socket has these two ends (os/socket_diag.h), and each process's folder
// which sockets it has open. What is on its way between two processes (SCM_RIGHTS) is in no folder,
// so who means harm can hide a hold; who holds it by mistake, or openly, is seen.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "command/by.h"
#include "mediation/family.h"
#include "mediation/processes.h"
#include "os/socket_diag.h"

namespace aileron::mediation {

class Holders {
 public:
  // Of the network namespace that this process is in, as its sandbox's own proc shows them.
  static Result<Holders> Make(pid_t init, Trust trust);

  // From now on it is remembered what processes are executed as, or not.
  void Remember(bool remember) { remembers_ = remember; }
  // `pid`, as the proc of this process numbers it, is about to run that.
  void Executed(pid_t pid, const command::Execution& execution);
  // Who holds the client's end, each with those that started it. `changing` are threads, as the
  // proc of this process numbers them, whose program is not judged yet: what they run now is nobody
  // to believe in. An error where nobody was found and where there was too much to look at;
  // kUnavailable where a holder or one that started it is changing, and where it changed hands
  // meanwhile: a moment later it may be known.
  Result<std::vector<command::Lineage>> Of(const os::SocketEnd& client, const os::SocketEnd& server,
                                           std::span<const pid_t> changing);

 private:
  Holders(os::SocketDiag sockets, Processes processes, Processes outer)
      : sockets_(std::move(sockets)), processes_(std::move(processes)), outer_(std::move(outer)) {}

  struct Holder {
    pid_t pid = 0;
    int descriptor = 0;
  };
  Result<std::vector<Holder>> Find(const std::string& socket) const;
  Status CheckEnded(pid_t pid, const std::string& socket) const;
  Status CheckUnchanging(std::span<const Holder> holders, std::span<const pid_t> changing) const;

  command::Lineage LineageOf(pid_t pid) const;

  os::SocketDiag sockets_;
  Processes processes_;  // as the sandbox counts
  Processes outer_;      // as this process does
  Family family_;
  bool remembers_ = false;
};

}  // namespace aileron::mediation
