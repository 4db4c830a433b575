// Resolver: names to addresses, by the host's name servers and its hosts file.
//
// Everything is read once, when it is made: the process may not open files later. Search domains
// are not applied: a name means the same here and in the certificate. Answers are bounded and not
// kept; a caller pins what it got.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "net/endpoint.h"
#include "net/loop.h"

struct ares_addrinfo;
struct ares_channeldata;

namespace aileron::net {

class Resolver {
 public:
  using OnDone = std::function<void(Result<std::vector<Endpoint>>)>;

  // Reads /etc/resolv.conf and `hosts_file` (which may be missing).
  static Result<std::unique_ptr<Resolver>> Make(Loop& loop,
                                                const std::string& hosts_file = "/etc/hosts");
  ~Resolver();

  // Calls `on_done` once, from the loop: at least one address (with `port`), IPv6 and IPv4 by
  // turns; or kNotFound, or kUnavailable. To cancel, let `on_done` find out that nobody waits.
  void Resolve(const std::string& name, std::uint16_t port, OnDone on_done);

 private:
  struct Lookup;
  class Socket;
  explicit Resolver(Loop& loop);
  static void OnSocketState(void* self, int descriptor, int readable, int writable);
  static void OnAnswer(void* lookup, int status, int timeouts, ares_addrinfo* answer);
  void Finish(Lookup& lookup, Result<std::vector<Endpoint>> result);
  void ArmTimer();
  std::vector<Endpoint> FromHosts(std::string_view name, std::uint16_t port) const;

  Loop& loop_;
  ares_channeldata* channel_ = nullptr;
  std::string hosts_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::unordered_set<Lookup*> lookups_;
  Timer retry_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // posted lookups look at it
};

}  // namespace aileron::net
