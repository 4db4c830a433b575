// SessionServices: what the launcher of one session tells of its services and published ports, and
// what a person wants of it. The record says which ports of the host led into the sandbox, and
// when.
//
//   launcher → daemon   {"type":"services","services":[{"name","state","health","restarts",
//                        "exit_code"?,"ports":[…]}…],"published":[{"port","address","by"}…]}
//                       {"type":"answer","number":N,"address"} or …"code","error"}
//   daemon → launcher   {"type":"publish","number":N,"port","host","host_port"}
//                       {"type":"unpublish","number":N,"port"}
//
// Names come from a sandbox: they are checked here again, like all else.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/loop.h"
#include "os/fd.h"
#include "service/mapping.h"
#include "service/service.h"

namespace aileron::daemon {

struct PublishedPort {
  std::uint16_t port = 0;
  std::string address;  // of the host, "127.0.0.1:8080"
  std::string by;       // launch, agent or person
  bool operator==(const PublishedPort&) const = default;
};

struct ServiceTable {
  std::vector<service::Report> services;  // their ports have no addresses of their own
  std::vector<PublishedPort> published;
};

// kInvalid for what is not such a message.
Result<ServiceTable> ParseServices(const nlohmann::json& message);

class SessionServices {
 public:
  // The host's address, or why not.
  using OnDone = std::function<void(Result<std::string>)>;
  struct World {
    net::Loop& loop;
    // To the launcher, with a descriptor or an empty one.
    std::function<Status(const std::string& message, const os::Fd& descriptor)> send;
    std::function<void(std::string_view kind, std::string detail)> audit;
  };

  explicit SessionServices(World world);
  // Those who wait are told that the session has ended.
  ~SessionServices();

  // From the launcher; an Error ends its channel.
  Status TakeServices(const nlohmann::json& message);
  Status TakeAnswer(const nlohmann::json& message);

  // `done` is called once, later or at once.
  void Publish(const service::Mapping& mapping, OnDone done);
  void Unpublish(std::uint16_t port, OnDone done);
  // Any other thing that the launcher is to do: `message` gets a number, and nothing comes back.
  void Ask(nlohmann::json message, os::Fd descriptor, OnDone done);
  void End(std::string_view why);

  // The first port that the service asked for. kNotFound, kInvalid when it named none.
  Result<std::uint16_t> PortOf(std::string_view service) const;

  const ServiceTable& table() const { return table_; }
  // {"services": […], "published": […]}
  nlohmann::json ToJson() const;

 private:
  struct Waiting;
  void Finish(std::uint64_t number, Result<std::string> address);

  World world_;
  ServiceTable table_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Waiting>> waiting_;
};

}  // namespace aileron::daemon
