#include "net/resolver.h"

#include <ares.h>
#include <sys/time.h>

#include "base/text.h"
#include "net/limits.h"

namespace aileron::net {

struct Resolver::Lookup {
  Lookup(Resolver& owner, std::string_view looked_up, std::uint16_t to, OnDone done)
      : resolver(&owner),
        name(looked_up),
        port(to),
        on_done(std::move(done)),
        deadline(owner.loop_, [this] {
          resolver->Finish(*this, Fail(Code::kUnavailable,
                                       "the name servers did not answer for {} in time", name));
        }) {}
  Resolver* resolver;
  std::string name;
  std::uint16_t port;
  OnDone on_done;  // empty when it was called; c-ares may still hold the lookup then
  Timer deadline;
};

// A socket of c-ares, watched as it wishes.
class Resolver::Socket final : public Loop::Handler {
 public:
  Socket(Resolver& resolver, int descriptor) : resolver_(resolver), descriptor_(descriptor) {}
  ~Socket() {
    if (watched_) resolver_.loop_.Forget(descriptor_, *this);
  }
  void Wish(Loop::Trigger trigger) {
    if (watched_) {
      (void)resolver_.loop_.Change(descriptor_, *this, trigger);
    } else {
      watched_ = resolver_.loop_.Watch(descriptor_, *this, trigger).has_value();
    }
  }
  void OnReady(Readiness ready) override {
    // c-ares may close this socket and so destroy this object meanwhile.
    Resolver& resolver = resolver_;
    ares_process_fd(resolver.channel_, ready.readable ? descriptor_ : ARES_SOCKET_BAD,
                    ready.writable ? descriptor_ : ARES_SOCKET_BAD);
    resolver.ArmTimer();
  }
  int descriptor() const { return descriptor_; }

 private:
  Resolver& resolver_;
  int descriptor_;
  bool watched_ = false;
};

Resolver::Resolver(Loop& loop)
    : loop_(loop), retry_(loop, [this] {
        ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
        ArmTimer();
      }) {}

Resolver::~Resolver() {
  for (Lookup* lookup : lookups_) lookup->on_done = nullptr;
  if (channel_ != nullptr) ares_destroy(channel_);  // ends every lookup that it has
  for (Lookup* lookup : lookups_) delete lookup;    // the others were not begun
}

Result<std::unique_ptr<Resolver>> Resolver::Make(Loop& loop, const std::string& hosts_file) {
  std::unique_ptr<Resolver> resolver(new Resolver(loop));
  if (auto text = os::ReadFile(hosts_file, limits::hosts_file_max))
    resolver->hosts_ = std::move(*text);
  ares_options options{};
  options.flags = ARES_FLAG_NOALIASES | ARES_FLAG_NOSEARCH;
  options.timeout = static_cast<int>(limits::resolve_try.count());
  options.tries = limits::resolve_tries;
  // "b": DNS alone. c-ares would open the hosts file at each lookup.
  char lookups[] = "b";
  options.lookups = lookups;
  options.sock_state_cb = OnSocketState;
  options.sock_state_cb_data = resolver.get();
  const int result = ares_init_options(&resolver->channel_, &options,
                                       ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                                           ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
  if (result != ARES_SUCCESS) {
    resolver->channel_ = nullptr;
    return Fail(Code::kInternal, "cannot set up name resolution: {}", ares_strerror(result));
  }
  return resolver;
}

void Resolver::OnSocketState(void* self, int descriptor, int readable, int writable) {
  auto& resolver = *static_cast<Resolver*>(self);
  auto& sockets = resolver.sockets_;
  const auto found = std::find_if(sockets.begin(), sockets.end(), [&](const auto& socket) {
    return socket->descriptor() == descriptor;
  });
  if (readable == 0 && writable == 0) {
    if (found != sockets.end()) sockets.erase(found);
    return;
  }
  Socket& socket = found != sockets.end()
                       ? **found
                       : *sockets.emplace_back(std::make_unique<Socket>(resolver, descriptor));
  socket.Wish(readable == 0   ? Loop::Trigger::kLevelWrite
              : writable == 0 ? Loop::Trigger::kLevelRead
                              : Loop::Trigger::kLevelBoth);
}

void Resolver::ArmTimer() {
  timeval unused;
  if (const timeval* wait = ares_timeout(channel_, nullptr, &unused)) {
    retry_.Set(std::chrono::seconds(wait->tv_sec) + std::chrono::microseconds(wait->tv_usec));
  } else {
    retry_.Cancel();
  }
}

void Resolver::Resolve(const std::string& name, std::uint16_t port, OnDone on_done) {
  std::vector<Endpoint> known = FromHosts(name, port);
  if (!known.empty()) {
    loop_.Post([known = std::move(known), on_done = std::move(on_done)]() mutable {
      on_done(std::move(known));
    });
    return;
  }
  if (lookups_.size() >= limits::lookups_max) {
    loop_.Post([on_done = std::move(on_done)] {
      on_done(Fail(Code::kUnavailable, "too many names are being looked up"));
    });
    return;
  }
  auto* lookup =
      new Lookup(*this, name, port, std::move(on_done));  // c-ares holds it until OnAnswer
  lookups_.insert(lookup);
  lookup->deadline.Set(limits::resolve_timeout);
  // From the loop: c-ares may answer before it returns.
  loop_.Post([this, lookup, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = ARES_AI_NOSORT;  // sorting opens a socket per address
    ares_getaddrinfo(channel_, lookup->name.c_str(), nullptr, &hints, OnAnswer, lookup);
    ArmTimer();
  });
}

void Resolver::OnAnswer(void* argument, int status, int, ares_addrinfo* answer) {
  std::unique_ptr<Lookup> lookup(static_cast<Lookup*>(argument));
  Resolver& resolver = *lookup->resolver;
  resolver.lookups_.erase(lookup.get());
  if (status != ARES_SUCCESS) {
    const bool absent = status == ARES_ENOTFOUND || status == ARES_ENODATA;
    resolver.Finish(*lookup, absent
                                 ? Fail(Code::kNotFound, "the name {} does not exist", lookup->name)
                                 : Fail(Code::kUnavailable, "cannot resolve {}: {}", lookup->name,
                                        ares_strerror(status)));
    return;
  }
  std::vector<Endpoint> v6;
  std::vector<Endpoint> v4;
  for (const ares_addrinfo_node* node = answer->nodes; node != nullptr; node = node->ai_next) {
    sockaddr_storage address{};
    std::memcpy(&address, node->ai_addr, std::min<std::size_t>(node->ai_addrlen, sizeof address));
    if (const auto endpoint = Endpoint::From(address)) {
      (endpoint->is_v6() ? v6 : v4).push_back(endpoint->WithPort(lookup->port));
    }
  }
  ares_freeaddrinfo(answer);
  std::vector<Endpoint> all;
  for (std::size_t i = 0; i < std::max(v6.size(), v4.size()); ++i) {
    if (i < v6.size()) all.push_back(v6[i]);
    if (i < v4.size()) all.push_back(v4[i]);
  }
  if (all.size() > limits::addresses_per_name_max) all.resize(limits::addresses_per_name_max);
  if (all.empty()) {
    resolver.Finish(*lookup, Fail(Code::kNotFound, "the name {} has no address", lookup->name));
  } else {
    resolver.Finish(*lookup, std::move(all));
  }
}

void Resolver::Finish(Lookup& lookup, Result<std::vector<Endpoint>> result) {
  lookup.deadline.Cancel();
  if (!lookup.on_done) return;
  const OnDone on_done = std::move(lookup.on_done);
  lookup.on_done = nullptr;
  on_done(std::move(result));
}

std::vector<Endpoint> Resolver::FromHosts(std::string_view name, std::uint16_t port) const {
  std::vector<Endpoint> found;
  if (EqualsIgnoreCase(name, "localhost")) {
    return {*Endpoint::Parse("127.0.0.1", port), *Endpoint::Parse("::1", port)};
  }
  std::string_view rest = hosts_;
  while (!rest.empty() && found.size() < limits::addresses_per_name_max) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    line = Trim(line.substr(0, line.find('#')));
    std::optional<Endpoint> address;
    for (bool first = true; !line.empty(); first = false) {
      const std::string_view word = line.substr(0, line.find_first_of(" \t"));
      line = Trim(line.substr(word.size()));
      if (first) {
        address = Endpoint::Parse(word, port);
        if (!address) break;
      } else if (EqualsIgnoreCase(word, name)) {
        found.push_back(*address);
        break;
      }
    }
  }
  return found;
}

}  // namespace aileron::net
