// Publisher: ports of the sandbox that the host can connect to.
//
// The listening sockets are this process's, on the host. For each connection that comes, init is
// asked for one to the port inside, which is a socket of the sandbox's network; bytes are copied
// between the two. No socket of the host's network ever goes in: with connect(AF_UNSPEC) it would
// be a way out. What init sends is a stranger's: it is looked at before it is used.
//
// Which ports: those that a person names, at the launch or later; those that a service in the
// sandbox asks for only where the launch allowed that, and on a port of the system's choosing, so
// that nothing in a sandbox takes a place on the host that people expect something else at.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "launch/relay.h"
#include "os/fd.h"
#include "os/poller.h"
#include "service/mapping.h"

namespace aileron::launch {

enum class By : std::uint8_t { kLaunch, kAgent, kPerson };
std::string_view NameOf(By by);  // launch, agent, person

struct Publication {
  service::Mapping mapping;  // with the host's port, whoever chose it
  By by = By::kLaunch;
  bool operator==(const Publication&) const = default;
};

class Publisher {
 public:
  // Asks init for a connection to `port` inside.
  using Connect = std::function<void(std::uint32_t id, std::uint16_t port)>;

  // `reserved`: ports of the sandbox that are not its programs'.
  static Result<Publisher> Make(std::vector<std::uint16_t> reserved);

  // Opens the host's side. kInvalid for a reserved port, one that is published already, or too
  // many; else what the system says of the address.
  Result<Publication> Publish(const service::Mapping& mapping, By by);
  // Closes it, and what is connected through it. kNotFound.
  Status Unpublish(std::uint16_t port);
  const Publication* Find(std::uint16_t port) const;
  std::vector<Publication> All() const;
  std::size_t CountBy(By by) const;

  // From when on connections are taken.
  void Begin(Connect connect) { connect_ = std::move(connect); }
  // Init's answer: one socket, or none.
  void Connected(std::uint32_t id, std::vector<os::Fd> sockets);

  // Readable when Turn has something to do; and how long it can wait for that.
  int descriptor() const { return poller_.descriptor(); }
  std::optional<Duration> Wait(Duration now) const;
  void Turn(Duration now);

  std::size_t connections() const { return connections_.size(); }

 private:
  struct Listener {
    Publication publication;
    os::Fd socket;
    bool listening = false;  // in the poller
  };
  struct Connection {
    std::uint16_t port = 0;
    Duration until{};  // for init's answer
    os::Fd outside;    // until there is a relay
    std::optional<Relay> relay;
  };

  explicit Publisher(os::Poller poller, std::vector<std::uint16_t> reserved)
      : poller_(std::move(poller)), reserved_(std::move(reserved)) {}
  bool Full() const;
  void Listen();
  void Accept(std::uint16_t port, Duration now);
  void TurnRelay(std::uint32_t id);
  void Abort(std::uint32_t id);

  os::Poller poller_;
  std::vector<std::uint16_t> reserved_;
  Connect connect_;
  std::map<std::uint16_t, Listener> listeners_;  // by the port inside
  std::map<std::uint32_t, Connection> connections_;
  std::size_t connecting_ = 0;
  std::set<std::uint32_t> busy_;
  std::uint32_t last_ = 0;
  std::optional<Duration> accept_again_;
};

// kDenied for what is not a connected TCP socket of another network than this process's.
Status CheckFromSandbox(const os::Fd& socket);

}  // namespace aileron::launch
