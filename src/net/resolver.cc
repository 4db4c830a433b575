#include "net/resolver.h"

#include <ares.h>
#include <sys/time.h>

#include "base/text.h"
#include "net/limits.h"

namespace aileron::net {

// One name. c-ares holds it until both families are answered; who asked may be told before.
struct Resolver::Lookup {
  struct Half {
    Lookup* lookup;
    int family;
    bool answered = false;
    std::string trouble;  // why there is no address, other than that there is none
    std::vector<Endpoint> addresses;
  };

  Lookup(Resolver& owner, std::string_view looked_up, std::uint16_t to, OnAnswer done)
      : resolver(&owner),
        name(looked_up),
        port(to),
        on_answer(std::move(done)),
        delay(owner.loop_, [this] { Tell(Answer::Rest::kMore); }),
        deadline(owner.loop_, [this] { Expire(); }) {}

  bool complete() const { return v6.answered && v4.answered; }

  // After each family's answer. May destroy nothing: the caller does.
  void Answered() {
    if (complete()) return TellTheRest();
    if (!v6.addresses.empty()) return Tell(Answer::Rest::kMore);
    if (!v4.addresses.empty()) delay.Set(limits::resolution_delay);
  }

  void Tell(Answer::Rest rest) {
    delay.Cancel();
    if (rest == Answer::Rest::kNone) deadline.Cancel();
    Answer answer{.rest = rest};
    for (Half* half : {&v6, &v4}) {
      answer.addresses.insert(answer.addresses.end(), half->addresses.begin(),
                              half->addresses.end());
      half->addresses.clear();
    }
    told = true;
    if (!on_answer) return;
    OnAnswer call = on_answer;
    if (rest == Answer::Rest::kNone) on_answer = nullptr;
    call(std::move(answer));
  }

  void Refuse(Result<Answer> why) {
    delay.Cancel();
    deadline.Cancel();
    if (!on_answer) return;
    const OnAnswer call = std::exchange(on_answer, nullptr);
    call(std::move(why));
  }

  void TellTheRest() {
    if (told || !v6.addresses.empty() || !v4.addresses.empty()) return Tell(Answer::Rest::kNone);
    const std::string& trouble = v6.trouble.empty() ? v4.trouble : v6.trouble;
    if (trouble.empty()) {
      return Refuse(Fail(Code::kNotFound, "the name {} does not exist or has no address", name));
    }
    Refuse(Fail(Code::kUnavailable, "cannot resolve {}: {}", name, trouble));
  }

  void Expire() {
    if (told || !v4.addresses.empty()) return Tell(Answer::Rest::kNone);
    Refuse(Fail(Code::kUnavailable, "the name servers did not answer for {} in time", name));
  }

  Resolver* resolver;
  std::string name;
  std::uint16_t port;
  OnAnswer on_answer;  // empty when there is nothing more to tell
  bool told = false;
  Half v6{this, AF_INET6};
  Half v4{this, AF_INET};
  Timer delay;
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
  for (Lookup* lookup : lookups_) lookup->on_answer = nullptr;
  if (channel_ != nullptr) ares_destroy(channel_);  // ends every lookup that it has
  for (Lookup* lookup : lookups_) delete lookup;    // the others were not begun
}

Result<std::unique_ptr<Resolver>> Resolver::Make(Loop& loop, const std::string& hosts_file,
                                                 const std::string& servers) {
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
  if (!servers.empty() &&
      ares_set_servers_ports_csv(resolver->channel_, servers.c_str()) != ARES_SUCCESS) {
    return Fail(Code::kInvalid, "{} are not name servers", servers);
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

void Resolver::Resolve(const std::string& name, std::uint16_t port, OnAnswer on_answer) {
  std::vector<Endpoint> known = FromHosts(name, port);
  if (!known.empty()) {
    loop_.Post([known = std::move(known), on_answer = std::move(on_answer)]() mutable {
      on_answer(Answer{.addresses = std::move(known)});
    });
    return;
  }
  if (lookups_.size() >= limits::lookups_max) {
    loop_.Post([on_answer = std::move(on_answer)] {
      on_answer(Fail(Code::kUnavailable, "too many names are being looked up"));
    });
    return;
  }
  auto* lookup = new Lookup(*this, name, port,
                            std::move(on_answer));  // c-ares holds it until both have answered
  lookups_.insert(lookup);
  lookup->deadline.Set(limits::resolve_timeout);
  // From the loop: c-ares may answer before it returns.
  loop_.Post([this, lookup, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    ares_addrinfo_hints hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = ARES_AI_NOSORT;         // sorting opens a socket per address
    const std::string asked = lookup->name;  // the lookup may be gone after the second call
    // The second is asked for though the first may have ended: only both together end the lookup.
    for (Lookup::Half* half : {&lookup->v6, &lookup->v4}) {
      hints.ai_family = half->family;
      ares_getaddrinfo(channel_, asked.c_str(), nullptr, &hints, OnFamily, half);
    }
    ArmTimer();
  });
}

void Resolver::OnFamily(void* argument, int status, int, ares_addrinfo* answer) {
  auto& half = *static_cast<Lookup::Half*>(argument);
  Lookup& lookup = *half.lookup;
  half.answered = true;
  if (status == ARES_SUCCESS) {
    for (const ares_addrinfo_node* node = answer->nodes; node != nullptr; node = node->ai_next) {
      if (half.addresses.size() >= limits::addresses_per_name_max / 2) break;
      sockaddr_storage address{};
      std::memcpy(&address, node->ai_addr, std::min<std::size_t>(node->ai_addrlen, sizeof address));
      if (const auto endpoint = Endpoint::From(address)) {
        half.addresses.push_back(endpoint->WithPort(lookup.port));
      }
    }
    ares_freeaddrinfo(answer);
  } else if (status != ARES_ENOTFOUND && status != ARES_ENODATA) {
    half.trouble = ares_strerror(status);
  }
  if (!lookup.complete()) return lookup.Answered();
  Resolver& resolver = *lookup.resolver;
  const std::unique_ptr<Lookup> ended(&lookup);
  resolver.lookups_.erase(&lookup);
  lookup.Answered();
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
