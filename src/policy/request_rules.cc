#include "policy/request_rules.h"

#include <algorithm>
#include <deque>
#include <set>
#include <unordered_map>

#include "base/text.h"
#include "policy/caller.h"
#include "policy/host_index.h"
#include "policy/limits.h"
#include "policy/path_index.h"

namespace aileron::policy {
namespace {

bool Holds(const RequestRule& rule, const RequestTarget& target,
           const RequestScope::Segments& segments) {
  if (!CoversProtocol(rule.protocol, rule.action, target.protocol)) return false;
  if (!HoldsFor(rule.by, rule.action, target.caller)) return false;
  if (rule.action != Action::kAllow) {
    return rule.scope.MayCover(target.method, segments, target.doubt);
  }
  // What a field may turn into another request is allowed only where that does not matter.
  if (target.doubt.method && !rule.scope.methods.empty()) return false;
  if (target.doubt.path && !rule.scope.paths.empty()) return false;
  return rule.scope.Covers(target.method, segments);
}

// The rules that name the same hosts.
struct Group {
  HostPattern host;
  std::vector<const RequestRule*> all;
  std::vector<const RequestRule*> allowing;
  std::vector<const RequestRule*> everywhere;  // on every path
  PathIndex<RequestRule> paths;

  void Add(const RequestRule& rule) {
    all.push_back(&rule);
    if (rule.action == Action::kAllow && rule.reach == Reach::kFull) allowing.push_back(&rule);
    if (rule.scope.paths.empty()) everywhere.push_back(&rule);
    for (const PathPattern& path : rule.scope.paths) paths.Add(path, rule);
  }
  // Calls visit(rule) for each that may speak of the path, until one returns true.
  template <typename Visit>
  bool Any(const RequestTarget& target, const RequestScope::Segments& segments,
           Visit& visit) const {
    if (!segments || target.doubt.path) {
      return std::ranges::any_of(all, [&](const RequestRule* rule) { return visit(*rule); });
    }
    return std::ranges::any_of(everywhere, [&](const RequestRule* rule) { return visit(*rule); }) ||
           paths.Any(*segments, visit);
  }
};

Result<std::vector<std::string>> ParseMethods(std::string_view text) {
  std::vector<std::string> methods;
  if (text == "*") return methods;
  for (const std::string_view method : Split(text, ',')) {
    if (!IsMethodName(method)) {
      return Fail(Code::kInvalid,
                  "\"{}\" is not a method: write it in capitals, as in POST, or * for all",
                  Printable(method));
    }
    methods.emplace_back(method);
  }
  if (methods.size() > limits::kRuleMethods) {
    return Fail(Code::kInvalid, "a rule names at most {} methods; write * for all",
                limits::kRuleMethods);
  }
  return methods;
}

}  // namespace

Result<RequestRule> ParseRequestRule(Action action, std::string_view text) {
  RequestRule rule{.layer = Layer::kFlag,
                   .action = action,
                   .id = fmt::format("--{} {}", Name(action), Printable(text))};
  if (text.size() > limits::kRequestRuleTextMax)
    return Fail(Code::kInvalid, "the rule is too long");
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) {
    return Fail(Code::kInvalid,
                "\"{}\" is not METHOD[,METHOD] HOST[:PORT][/PATH], as in \"POST "
                "api.example.com/items/**\"; * stands for every method",
                Printable(text));
  }
  AILERON_ASSIGN(rule.scope.methods, ParseMethods(text.substr(0, blank)));
  const std::string_view place = Trim(text.substr(blank), " ");
  const std::size_t slash = std::min(place.find('/'), place.size());
  AILERON_ASSIGN(const HostPort host, ParseHostPort(place.substr(0, slash)));
  rule.host = host.pattern;
  rule.port = host.port;
  if (slash == place.size()) return rule;
  AILERON_ASSIGN(PathPattern path, PathPattern::Parse(place.substr(slash)));
  rule.scope.paths.push_back(std::move(path));
  return rule;
}

struct RequestRules::Index {
  std::vector<RequestRule> rules;  // never changed after compiling: the groups point into it
  std::deque<Group> groups;        // likewise: the hosts do
  HostIndex<Group> hosts;

  void Build() {
    std::unordered_map<std::string, Group*> known;
    for (const RequestRule& rule : rules) {
      Group*& group = known[rule.host.ToString()];
      if (group == nullptr) group = &groups.emplace_back(Group{.host = rule.host});
      group->Add(rule);
    }
    for (const Group& group : groups) hosts.Add(group.host, group);
  }
};

RequestRules::RequestRules() : index_(std::make_unique<Index>()) {}
RequestRules::RequestRules(RequestRules&&) noexcept = default;
RequestRules& RequestRules::operator=(RequestRules&&) noexcept = default;
RequestRules::~RequestRules() = default;

Result<RequestRules> RequestRules::Compile(std::vector<RequestRule> rules) {
  if (rules.size() > limits::kRequestRules) {
    return Fail(Code::kInvalid, "{} rules about requests are too many; at most {} are taken",
                rules.size(), limits::kRequestRules);
  }
  RequestRules compiled;
  compiled.index_->rules = std::move(rules);
  compiled.index_->Build();
  if (compiled.Ports().size() > limits::kExtraPorts) {
    return Fail(Code::kInvalid, "rules name {} ports besides 80 and 443; at most {} are taken",
                compiled.Ports().size(), limits::kExtraPorts);
  }
  return compiled;
}

bool RequestRules::Speaks(std::string_view host, std::uint16_t port) const {
  return index_->hosts.Any(host, [&](const Group& group) {
    return std::ranges::any_of(group.all, [&](const RequestRule* rule) {
      return CoversPort(rule->port, rule->action, port);
    });
  });
}

bool RequestRules::MayAllow(std::string_view host, std::uint16_t port) const {
  return index_->hosts.Any(host, [&](const Group& group) {
    return std::ranges::any_of(group.allowing, [&](const RequestRule* rule) {
      return CoversPort(rule->port, rule->action, port);
    });
  });
}

const RequestRule* RequestRules::Decide(const RequestTarget& target) const {
  const RequestRule* strongest = nullptr;
  const RequestRule* narrow = nullptr;
  std::optional<RequestScope::Segments> segments;  // taken apart once a rule speaks of the host
  const auto weigh = [&](const RequestRule& rule) {
    if (!CoversPort(rule.port, rule.action, target.port)) return false;
    if (rule.reach == Reach::kNarrows && rule.action != Action::kDeny) {
      const bool asks = rule.action == Action::kAsk && narrow == nullptr;
      if (asks && Holds(rule, target, *segments)) narrow = &rule;
      return false;
    }
    const bool stronger = strongest == nullptr || rule.action > strongest->action;
    if (stronger && Holds(rule, target, *segments)) strongest = &rule;
    return strongest != nullptr && strongest->action == Action::kDeny;
  };
  index_->hosts.Any(target.host, [&](const Group& group) {
    if (!segments) segments = NormalPath(target.path);
    return group.Any(target, *segments, weigh);
  });
  const Action otherwise = strongest != nullptr ? strongest->action : target.host_action;
  return narrow != nullptr && otherwise == Action::kAllow ? narrow : strongest;
}

std::vector<std::uint16_t> RequestRules::Ports() const {
  std::set<std::uint16_t> ports;
  for (const RequestRule& rule : index_->rules) {
    if (rule.port && !IsUsualPort(*rule.port) && rule.action != Action::kDeny) {
      ports.insert(*rule.port);
    }
  }
  return {ports.begin(), ports.end()};
}

}  // namespace aileron::policy
