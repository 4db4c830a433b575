#include "policy/network.h"

#include <set>
#include <unordered_map>

#include "base/host_pattern.h"
#include "base/text.h"
#include "policy/caller.h"
#include "policy/host_index.h"
#include "policy/limits.h"
#include "policy/profile.h"

namespace aileron::policy {

// What rules compile to. Names hash by themselves and by each of their suffixes; address ranges
// hash by their leading bits, one lookup for each length in use.
class RuleIndex {
 public:
  Status Add(const Rule& rule) {
    if (rule.pattern.size() > limits::kRuleTextMax) {
      return Fail(Code::kInvalid, "the rule \"{}\" is too long", rule.id);
    }
    if (rule.pattern == "*") {
      everything_.push_back(&rule);
      return {};
    }
    if (const auto prefix = Prefix::Parse(rule.pattern)) {
      lengths_.insert({prefix->address().family(), prefix->length()});
      prefixes_[Key(prefix->address(), prefix->length())].push_back(&rule);
      return {};
    }
    auto pattern = HostPattern::Parse(rule.pattern);
    if (!pattern) return Wrap(std::move(pattern.error()), "the rule \"{}\"", rule.id);
    hosts_.Add(*pattern, rule);
    return {};
  }

  // Calls visit(rule, exact) for every rule whose pattern covers the host.
  template <typename Visit>
  void ForEach(const Host& host, const std::optional<Address>& address, Visit&& visit) const {
    for (const Rule* rule : everything_) visit(*rule, false);
    hosts_.Any(host.text, [&](const Rule& rule) {
      const bool exact = !rule.pattern.starts_with('*');
      // The dots of an address part no names.
      if (exact || !address) visit(rule, exact);
      return false;
    });
    if (!address) return;
    for (const auto& [family, length] : lengths_) {
      if (family != address->family()) continue;
      const auto found = prefixes_.find(Key(*address, length));
      if (found == prefixes_.end()) continue;
      for (const Rule* rule : found->second) visit(*rule, false);
    }
  }

 private:
  // Family, length and the leading bits, the rest zero.
  static std::string Key(const Address& address, int length) {
    std::string key;
    key.push_back(static_cast<char>(address.family()));
    key.push_back(static_cast<char>(length));
    int left = length;
    for (const std::uint8_t octet : address.bytes()) {
      if (left <= 0) break;
      const int mask = left >= 8 ? 0xff : 0xff << (8 - left);
      key.push_back(static_cast<char>(octet & mask));
      left -= 8;
    }
    return key;
  }

  HostIndex<Rule> hosts_;
  std::unordered_map<std::string, std::vector<const Rule*>> prefixes_;
  std::set<std::pair<Family, int>> lengths_;
  std::vector<const Rule*> everything_;
};

namespace {

// Shared by all sessions: compiled once a process, never changed.
const RuleIndex& BuiltinIndex(Profile profile) {
  static const auto compile = [](Profile which) {
    RuleIndex index;
    for (const Rule& rule : BuiltinProfile(which).rules) AILERON_CHECK(index.Add(rule).has_value());
    return index;
  };
  static const RuleIndex indexes[] = {compile(Profile::kOpen), compile(Profile::kGuarded),
                                      compile(Profile::kLocked)};
  return indexes[static_cast<int>(profile)];
}

}  // namespace

struct Network::Index {
  Profile profile = Profile::kLocked;
  std::vector<Rule> rules;  // never changed after compiling: `own` points into it
  RuleIndex own;
  std::vector<std::uint16_t> extra_ports;
};

Network::Network(std::unique_ptr<Index> index) : index_(std::move(index)) {}
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

Profile Network::profile() const { return index_->profile; }
const std::vector<std::uint16_t>& Network::extra_ports() const { return index_->extra_ports; }

Result<Network> Network::Compile(Profile profile, std::span<const Rule> rules) {
  if (rules.size() > limits::kRules) {
    return Fail(Code::kInvalid, "{} rules are too many; at most {} are taken", rules.size(),
                limits::kRules);
  }
  auto index = std::make_unique<Index>();
  index->profile = profile;
  index->rules.assign(rules.begin(), rules.end());
  std::set<std::uint16_t> ports;
  for (const Rule& rule : index->rules) {
    AILERON_TRY(index->own.Add(rule));
    if (rule.action == Action::kAllow && rule.port && !IsUsualPort(*rule.port)) {
      ports.insert(*rule.port);
    }
  }
  if (ports.size() > limits::kExtraPorts) {
    return Fail(Code::kInvalid, "rules name {} ports besides 80 and 443; at most {} are taken",
                ports.size(), limits::kExtraPorts);
  }
  index->extra_ports.assign(ports.begin(), ports.end());
  (void)BuiltinIndex(profile);
  return Network(std::move(index));
}

std::string_view Name(Action action) {
  switch (action) {
    case Action::kAllow:
      return "allow";
    case Action::kAsk:
      return "ask";
    case Action::kDeny:
      return "deny";
  }
  return "deny";
}

std::string_view Name(Layer layer) {
  switch (layer) {
    case Layer::kBuiltin:
      return "builtin";
    case Layer::kUser:
      return "user";
    case Layer::kProject:
      return "project";
    case Layer::kFlag:
      return "flag";
  }
  return "flag";
}

std::string_view Name(Profile profile) {
  switch (profile) {
    case Profile::kOpen:
      return "open";
    case Profile::kGuarded:
      return "guarded";
    case Profile::kLocked:
      return "locked";
  }
  return "locked";
}

std::string_view Name(Protocol protocol) {
  switch (protocol) {
    case Protocol::kAny:
      break;
    case Protocol::kHttp:
      return "http";
    case Protocol::kHttps:
      return "https";
    case Protocol::kTcp:
      return "tcp";
  }
  return "";
}

bool CoversProtocol(Protocol of_rule, Action action, Protocol asked) {
  if (of_rule == Protocol::kAny || of_rule == asked) return true;
  if (asked == Protocol::kAny) return action != Action::kAllow;
  return asked == Protocol::kTcp && action == Action::kAllow;
}

std::optional<Profile> ParseProfile(std::string_view name) {
  for (const Profile profile : {Profile::kOpen, Profile::kGuarded, Profile::kLocked}) {
    if (Name(profile) == name) return profile;
  }
  return std::nullopt;
}

Result<Rule> ParseFlagRule(Action action, std::string_view text) {
  if (text.size() > limits::kRuleTextMax) return Fail(Code::kInvalid, "the host is too long");
  Rule rule{.layer = Layer::kFlag,
            .action = action,
            .id = fmt::format("--{} {}", Name(action), Printable(text))};
  if (text.find('/') != std::string_view::npos) {
    const auto prefix = Prefix::Parse(text);
    if (!prefix) {
      return Fail(
          Code::kInvalid,
          "\"{}\" is not HOST[:PORT] or ADDRESS/LENGTH: leave out the scheme and the path, as "
          "in {} example.com",
          Printable(text), rule.id.substr(0, rule.id.find(' ')));
    }
    rule.pattern = prefix->ToString();
    return rule;
  }
  AILERON_ASSIGN(const HostPort parsed, ParseHostPort(text));
  rule.pattern = parsed.pattern.ToString();
  rule.port = parsed.port;
  return rule;
}

namespace {

// What the rules say about one target.
struct Findings {
  const Rule* deny = nullptr;
  const Rule* ask = nullptr;
  const Rule* narrow = nullptr;  // asks where the others allow
  const Rule* allow = nullptr;
  const Rule* others = nullptr;  // allows it for another program
  bool other_port = false;       // an allow rule covers the host on other ports
  bool named = false;            // an allow rule names exactly this host: a project's, this address
  bool ranged = false;           // one names a range of addresses that this literal is in
};

void Weigh(const Rule& rule, bool exact, bool literal, const Target& target, Findings& found) {
  if (!CoversProtocol(rule.protocol, rule.action, target.protocol)) return;
  if (!CoversPort(rule.port, rule.action, target.port)) {
    if (rule.action == Action::kAllow && rule.by.empty()) found.other_port = true;
    return;
  }
  if (!HoldsFor(rule.by, rule.action, target.caller)) {
    if (rule.action == Action::kAllow && rule.reach == Reach::kFull) found.others = &rule;
    return;
  }
  switch (rule.action) {
    case Action::kDeny:
      if (found.deny == nullptr) found.deny = &rule;
      return;
    case Action::kAsk: {
      const Rule*& ask = rule.reach == Reach::kNarrows ? found.narrow : found.ask;
      if (ask == nullptr) ask = &rule;
      return;
    }
    case Action::kAllow:
      if (rule.reach == Reach::kNarrows) return;
      break;
  }
  if (found.allow == nullptr || exact) found.allow = &rule;
  if (rule.layer == Layer::kBuiltin) return;
  // Who owns a project's file may own a name in it, too, and lead it to where it likes.
  if (rule.layer == Layer::kProject && !literal) return;
  if (exact) {
    found.named = true;
  } else if (literal && rule.pattern != "*") {
    found.ranged = true;
  }
}

std::string AllowHint(const Host& host, std::uint16_t port) {
  if (IsUsualPort(port)) return fmt::format("run with --allow {}", host.text);
  return fmt::format("run with --allow {}", FormatHostPort(host.text, port));
}

Verdict Refuse(Action action, std::string_view code, std::string rule, std::string reason,
               std::string hint) {
  return {.action = action,
          .code = code,
          .rule = std::move(rule),
          .reason = std::move(reason),
          .hint = std::move(hint)};
}

Verdict DenyBy(const Rule& rule, const Host& host) {
  Verdict verdict = Refuse(Action::kDeny, kCodeHostDenied, rule.id,
                           fmt::format("{} is denied by the rule \"{}\"", host.text, rule.id),
                           "remove that rule, or go without this host");
  verdict.by = &rule;
  return verdict;
}

Verdict AskBy(const Rule& rule, const Host& host, std::uint16_t port) {
  Verdict verdict =
      Refuse(Action::kAsk, kCodeHostNotAllowed, rule.id,
             fmt::format("{} needs permission by the rule \"{}\"", host.text, rule.id),
             AllowHint(host, port));
  verdict.by = &rule;
  return verdict;
}

// No rule refuses and none allows: the profile decides.
Verdict ByProfile(Profile profile, const Host& host, std::uint16_t port, const Findings& found) {
  std::string rule = fmt::format("profile {}", Name(profile));
  if (found.other_port) {
    return Refuse(Action::kAsk, kCodePortNotAllowed, std::move(rule),
                  fmt::format("{} is allowed, but not on port {}", host.text, port),
                  AllowHint(host, port));
  }
  switch (BuiltinProfile(profile).fallback) {
    case Action::kAllow:
      return {.action = Action::kAllow, .rule = std::move(rule)};
    case Action::kAsk:
      return Refuse(Action::kAsk, kCodeHostNotAllowed, std::move(rule),
                    fmt::format("{} is not on the list of allowed hosts", host.text),
                    AllowHint(host, port));
    case Action::kDeny:
      break;
  }
  return Refuse(
      Action::kDeny, kCodeHostNotAllowed, std::move(rule),
      fmt::format("{} is not allowed: the network profile is \"{}\"", host.text, Name(profile)),
      AllowHint(host, port));
}

// What is allowed for others, and why this is none of them.
void TellOthers(const Rule& rule, const Host& host, const Caller* caller, Verdict& verdict) {
  verdict.reason =
      fmt::format("{} is allowed for {} alone by the rule \"{}\", and this connection {}",
                  host.text, Printable(rule.by), rule.id,
                  Printable(caller != nullptr ? caller->text() : "could not be told to be its"));
}

}  // namespace

bool IsForbidden(const Verdict& verdict) {
  return verdict.action == Action::kDeny && verdict.code != kCodeHostNotAllowed &&
         verdict.code != kCodePortNotAllowed;
}

Verdict Decide(const Network& network, const Target& target) {
  const Network::Index& index = *network.index_;
  const auto host = ParseHost(target.host);
  if (!host) {
    return Refuse(Action::kDeny, kCodeHostInvalid, "host names", host.error().message,
                  "use the host's ordinary name or address");
  }
  std::optional<Address> address;
  if (host->kind != HostKind::kName) address = Address::Parse(host->text);

  Findings found;
  const auto weigh = [&](const Rule& rule, bool exact) {
    Weigh(rule, exact, address.has_value(), target, found);
  };
  index.own.ForEach(*host, address, weigh);
  BuiltinIndex(index.profile).ForEach(*host, address, weigh);

  if (found.deny != nullptr) return DenyBy(*found.deny, *host);
  if (found.ask != nullptr) return AskBy(*found.ask, *host, target.port);
  Verdict verdict =
      found.allow != nullptr
          ? Verdict{.action = Action::kAllow, .rule = found.allow->id, .by = found.allow}
          : ByProfile(index.profile, *host, target.port, found);
  if (verdict.action != Action::kAllow) {
    if (found.others != nullptr) TellOthers(*found.others, *host, target.caller, verdict);
    return verdict;
  }
  // A range may open private addresses, never the machine's credentials: those want their own line.
  if (address) {
    const AddressKind kind = Classify(*address);
    if (kind != AddressKind::kMetadata && found.ranged) found.named = true;
    if (kind != AddressKind::kPublic && !found.named) {
      return Refuse(Action::kDeny, kCodeAddressDenied, "public addresses",
                    fmt::format("{} is {}", host->text, Describe(kind)),
                    AllowHint(*host, target.port));
    }
  }
  if (found.narrow != nullptr) return AskBy(*found.narrow, *host, target.port);
  if (found.named) verdict.address_rule = AddressRule::kAny;
  return verdict;
}

Verdict DecideName(const Network& network, std::string_view name) {
  const Network::Index& index = *network.index_;
  const auto host = ParseHost(name);
  if (!host || host->kind != HostKind::kName) {
    return Refuse(Action::kDeny, kCodeHostInvalid, "host names",
                  host ? "an address is not a name" : host.error().message,
                  "use the host's ordinary name");
  }
  const Rule* deny = nullptr;
  const auto weigh = [&](const Rule& rule, bool) {
    const bool whole = !rule.port && rule.protocol == Protocol::kAny && rule.by.empty();
    if (rule.action == Action::kDeny && whole && deny == nullptr) deny = &rule;
  };
  index.own.ForEach(*host, std::nullopt, weigh);
  BuiltinIndex(index.profile).ForEach(*host, std::nullopt, weigh);
  if (deny == nullptr) return {.action = Action::kAllow, .rule = "names"};
  return DenyBy(*deny, *host);
}

Status CheckAddress(const Address& address, AddressRule rule, std::string_view host) {
  if (rule == AddressRule::kAny) return {};
  const AddressKind kind = Classify(address);
  if (kind == AddressKind::kPublic) return {};
  return Fail(Code::kDenied, "{} leads to {}, {}", Printable(host), address.ToString(),
              Describe(kind));
}

Status CheckUnresolved(std::string_view name, AddressRule rule) {
  // RFC 6761, RFC 8375, RFC 6762 appendix G, and what ICANN keeps for private use.
  constexpr std::string_view private_suffixes[] = {
      "localhost", "local", "localdomain", "internal",  "intranet", "private",
      "corp",      "home",  "lan",         "home.arpa", "onion"};
  if (rule == AddressRule::kAny) return {};
  const auto below = [&](std::string_view suffix) {
    return name.ends_with(suffix) &&
           (name.size() == suffix.size() || name[name.size() - suffix.size() - 1] == '.');
  };
  if (name.contains('.') && std::ranges::none_of(private_suffixes, below)) return {};
  return Fail(Code::kDenied, "{} is a name of private places, which a proxy would resolve",
              Printable(name));
}

}  // namespace aileron::policy
