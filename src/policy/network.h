// Network: which hosts a session may reach.
//
// Rules come from four layers (the profile, the user, the project, the command line). Deny beats
// ask beats allow, whatever the order, the layer or how exact a rule is; where no rule speaks, the
// profile's default does. A rule that only narrows (a project's, before anybody trusts it) asks
// where the others allow, and opens nothing that they deny. Compiled once per change into hashes by
// name and suffix, so that a verdict costs the same with ten rules as with ten thousand. Pure: no
// clock, no file, no socket.
//
//   pattern = name            that host alone            github.com
//           | "*." name       any host below it          *.githubusercontent.com
//           | address         that address alone         192.0.2.7, 2001:db8::1
//           | prefix          a range of addresses       10.0.0.0/8
//           | "*"             every host
//
// An address that is not public needs an allow rule that names it, exactly or by a range, or one of
// the user or the flags that names the host. A project's rule opens such an address only where it
// writes it out: a name of its is held to public ones. Cloud metadata addresses need one that names
// them exactly.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/address.h"

namespace aileron::policy {

enum class Action : std::uint8_t { kAllow, kAsk, kDeny };  // a later one beats an earlier one
enum class Layer : std::uint8_t { kBuiltin, kUser, kProject, kFlag };
enum class Profile : std::uint8_t { kOpen, kGuarded, kLocked };

// How a connection is spoken to. A tunnel is kTcp until what is inside is known; there it is asked
// about again.
enum class Protocol : std::uint8_t { kAny, kHttp, kHttps, kTcp };

class Caller;  // caller.h

// Whether a rule may open what others do not.
enum class Reach : std::uint8_t { kFull, kNarrows };

// What the resolver may hand to connect().
enum class AddressRule : std::uint8_t {
  kPublicOnly,
  kAny,  // an allow rule of the user or the command line names this host or address, no wildcard;
         // or one of the project this address
};

std::string_view Name(Action action);
std::string_view Name(Layer layer);
std::string_view Name(Profile profile);
std::string_view Name(Protocol protocol);  // "" for kAny
std::optional<Profile> ParseProfile(std::string_view name);

struct Rule {
  Layer layer = Layer::kFlag;
  Action action = Action::kDeny;
  std::string pattern;  // see the grammar above; any case
  std::optional<std::uint16_t>
      port;        // none: ports 80 and 443, or every port for a deny or ask rule
  std::string id;  // how reasons and the audit log name it: "--allow github.com"
  Protocol protocol = Protocol::kAny;
  Reach reach = Reach::kFull;
  int line = 0;         // in the layer's file; 0: none
  std::string by = {};  // the program whose connections it is about; empty: all
};

inline constexpr std::uint16_t kHttpPort = 80;
inline constexpr std::uint16_t kHttpsPort = 443;

// Where a protocol is spoken unless somebody says otherwise.
constexpr std::uint16_t UsualPort(Protocol protocol) {
  return protocol == Protocol::kHttp ? kHttpPort : kHttpsPort;
}
constexpr bool IsUsualPort(std::uint16_t port) { return port == kHttpPort || port == kHttpsPort; }

// Whether a rule with this port, or none, speaks of a port. Who forbids a host means all of it.
constexpr bool CoversPort(std::optional<std::uint16_t> of_rule, Action action, std::uint16_t port) {
  if (of_rule) return *of_rule == port;
  return action != Action::kAllow || IsUsualPort(port);
}

// Whether a rule for one protocol speaks of a connection. What a tunnel holds is not known yet: who
// forbids waits for it, who allows lets it come.
bool CoversProtocol(Protocol of_rule, Action action, Protocol asked);

// "--allow HOST[:PORT]": a rule of the flag layer, checked. kInvalid names what is wrong with it.
Result<Rule> ParseFlagRule(Action action, std::string_view text);

struct Target {
  std::string_view host;  // name or address literal (no brackets), any case, one final dot at most
  std::uint16_t port = 443;
  Protocol protocol = Protocol::kAny;
  const Caller* caller = nullptr;  // who connects; null: nobody looked (caller.h)
};

struct Verdict {
  Action action = Action::kDeny;
  AddressRule address_rule = AddressRule::kPublicOnly;
  std::string_view code;     // stable: "" when allowed, else "host_denied", "host_not_allowed", …
  std::string rule;          // the id of the rule that decided, or "profile NAME"
  std::string reason;        // one line, for the person at the client: empty when allowed
  std::string hint;          // what to do about it: empty when allowed
  const Rule* by = nullptr;  // the rule that decided, borrowed; null: the profile's default
};

// Stable codes of verdicts.
inline constexpr std::string_view kCodeHostDenied = "host_denied";           // a deny rule
inline constexpr std::string_view kCodeHostNotAllowed = "host_not_allowed";  // would ask, or locked
inline constexpr std::string_view kCodePortNotAllowed = "port_not_allowed";  // host yes, port no
inline constexpr std::string_view kCodeHostInvalid = "host_invalid";         // not a name
inline constexpr std::string_view kCodeAddressDenied =
    "address_not_public";  // a literal, not public

class Network {
 public:
  // `rules` in any order, at most limits::kRules. kInvalid names the rule that cannot be read.
  static Result<Network> Compile(Profile profile, std::span<const Rule> rules);
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;
  ~Network();

  Profile profile() const;
  // Ports besides 80 and 443 that an allow rule names, sorted: what a sandbox needs listeners for.
  const std::vector<std::uint16_t>& extra_ports() const;

  struct Index;

 private:
  friend Verdict Decide(const Network& network, const Target& target);
  friend Verdict DecideName(const Network& network, std::string_view name);
  explicit Network(std::unique_ptr<Index> index);
  std::unique_ptr<Index> index_;
};

// Whether the rules or the address forbid it, so that neither a person nor a narrower rule opens
// it.
bool IsForbidden(const Verdict& verdict);

// The verdict on one target. `kAsk` is said as such, with the hint how to allow the host
// beforehand; who cannot ask treats it as a refusal.
Verdict Decide(const Network& network, const Target& target);

// Whether a name may exist for the sandbox's resolver: deny only where a rule denies the name on
// every port and to every program. A name that merely nobody allowed exists, so that the refusal
// can be told over HTTP.
Verdict DecideName(const Network& network, std::string_view name);

// Whether the resolved `address` may be connected to under `rule`; else the reason.
Status CheckAddress(const Address& address, AddressRule rule, std::string_view host);

// The same for a name that somebody else will resolve (a proxy of the user's): what it leads to is
// not seen, so only names that by their form lead to no public place are refused.
Status CheckUnresolved(std::string_view name, AddressRule rule);

}  // namespace aileron::policy
