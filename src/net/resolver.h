// Resolver: names to addresses, by the host's name servers and its hosts file.
//
// Everything is read once, when it is made: the process may not open files later. Search domains
// are not applied: a name means the same here and in the certificate. Answers are bounded and not
// kept; a caller pins what it got. Both families are asked for at once, and neither waits long for
// the other (RFC 8305 §3).
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
  struct Answer {
    std::vector<Endpoint> addresses;  // with the port
    // kMore: the other family has not answered yet. IPv6 is told of as it comes; IPv4 waits
    // limits::resolution_delay for it.
    enum class Rest : std::uint8_t { kNone, kMore } rest = Rest::kNone;
  };
  using OnAnswer = std::function<void(Result<Answer>)>;

  // Reads /etc/resolv.conf and `hosts_file` (which may be missing). `servers`, ADDRESS[:PORT] with
  // commas, replace those of the host; for tests.
  static Result<std::unique_ptr<Resolver>> Make(Loop& loop,
                                                const std::string& hosts_file = "/etc/hosts",
                                                const std::string& servers = "");
  ~Resolver();

  // Calls `on_answer` from the loop: once with an error (kNotFound, kUnavailable), or with at least
  // one address; after Rest::kMore a second time, with the rest, which may be none. To cancel, let
  // `on_answer` find out that nobody waits.
  void Resolve(const std::string& name, std::uint16_t port, OnAnswer on_answer);

 private:
  struct Lookup;
  class Socket;
  explicit Resolver(Loop& loop);
  static void OnSocketState(void* self, int descriptor, int readable, int writable);
  static void OnFamily(void* half, int status, int timeouts, ares_addrinfo* answer);
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
