// ServiceDesk: where init, the daemon and the published ports meet in the launcher.
//
//   init    tells which services there are, asks for ports to be published, answers with sockets
//   daemon  is told all of it, also after it was started anew; passes on what a person wants
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "launch/publisher.h"
#include "launch/session_link.h"
#include "sandbox/channel.h"
#include "service/service.h"

namespace aileron::launch {

class ServiceDesk {
 public:
  // Opens the ports of `publishing`. A failure names the port.
  static Result<ServiceDesk> Open(const Publishing& publishing,
                                  std::vector<std::uint16_t> reserved);

  // What a person should be told of before the agent starts, a line each.
  std::vector<std::string> Notes() const;

  // The sandbox runs. `channel` and `session` outlive this.
  void Begin(int channel, SessionLink& session);

  int descriptor() const { return publisher_.descriptor(); }
  std::optional<Duration> Wait(Duration now) const;
  void Turn(Duration now);

  // True when the message was for here.
  bool HearSandbox(sandbox::Received& received);
  void HearDaemon(const SessionLink::Wish& wish);
  // A new daemon knows nothing yet.
  void DaemonIsNew() { untold_ = true; }

 private:
  ServiceDesk(Publisher publisher, bool by_services)
      : publisher_(std::move(publisher)), by_services_(by_services) {}
  service::Port Answer(const sandbox::Publish& asked);
  void FollowServices();
  void TellInit(service::Port port);
  void Tell(Duration now);

  Publisher publisher_;
  bool by_services_;
  std::set<std::uint16_t> asked_;   // that a service got
  std::set<std::uint16_t> closed_;  // by a person: no service opens them again
  int channel_ = -1;
  SessionLink* session_ = nullptr;
  std::vector<service::Report> reports_;
  bool untold_ = false;  // the daemon does not know all of it
  std::optional<Duration> told_;
};

}  // namespace aileron::launch
