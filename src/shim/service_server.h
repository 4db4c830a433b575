// ServiceServer: answers "aileron service" in the sandbox (service/message.h).
//
// Everything in the sandbox may connect here, and may mean harm: clients are few, each has one
// request, bounded memory and a deadline, and none of them makes anybody else wait.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "net/loop.h"
#include "os/fd.h"
#include "service/message.h"
#include "shim/services.h"
#include "shim/watch.h"

namespace aileron::shim {

class ServiceServer {
 public:
  // Asks the launcher to publish a port of a service; Services hears the answer.
  using Publish = std::function<void(const std::string& name, std::uint16_t port)>;

  // `listener` is non-blocking. `key` is what every request has to hold.
  static Result<std::unique_ptr<ServiceServer>> Make(net::Loop& loop, os::Fd listener,
                                                     std::string key, Services& services,
                                                     Publish publish);
  ~ServiceServer();

  // Services, or a log, have changed.
  void Look();

  std::size_t clients() const { return clients_.size(); }

 private:
  struct Client;

  ServiceServer(net::Loop& loop, os::Fd listener, std::string key, Services& services,
                Publish publish);
  void Listen();
  void Accept();
  void Admit(os::Fd socket);
  void OnReady(std::uint64_t id);
  // False when the client has gone.
  bool Read(Client& client);
  void Serve(Client& client, std::string_view message);
  Status Begin(Client& client, service::Request request);
  void Await(Client& client);
  void PullLog(Client& client);
  void Finish(Client& client, const service::Answer& answer);
  void FinishWithReport(Client& client);
  bool Write(Client& client);
  void Turn(Client& client);
  void BeLate(Client& client);
  void Drop(std::uint64_t id);

  net::Loop& loop_;
  os::Fd listener_;
  std::string key_;
  Services& services_;
  Publish publish_;
  std::unique_ptr<Watch> listener_watch_;
  net::Timer accept_again_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Client>> clients_;
};

}  // namespace aileron::shim
