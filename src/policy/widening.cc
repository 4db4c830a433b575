#include "policy/widening.h"

#include <algorithm>

#include "base/text.h"
#include "policy/caller.h"
#include "policy/network.h"

namespace aileron::policy {
namespace {

constexpr std::string_view kProbe = "some-host";
constexpr std::uint16_t kOtherPort = 8443;  // stands for all the others

// What the user's policy says without the project.
struct Base {
  Network network;
  Merged merged;
};

Result<Base> CompileBase(const Layers& layers) {
  Layers mine = layers;
  mine.project.clear();
  mine.agent.clear();
  Merged merged = Merge(mine);
  AILERON_ASSIGN(Network network, Network::Compile(merged.profile, merged.hosts));
  return Base{std::move(network), std::move(merged)};
}

std::string PlaceText(const std::string& pattern, std::optional<std::uint16_t> port,
                      Protocol protocol, const std::string& by) {
  std::string text = port ? fmt::format("{}:{}", pattern, *port) : pattern;
  if (protocol != Protocol::kAny) text += fmt::format(" over {}", Name(protocol));
  if (!by.empty()) text += fmt::format(" for {}", Printable(by));
  return text;
}

// Of one file.
class Lister {
 public:
  Lister(const Base& base, const Document& project) : base_(base), project_(project) {}

  std::vector<Widening> List() {
    Profile();
    ForEachSections(project_, [&](const Sections& sections, std::string_view) { Take(sections); });
    Services();
    std::ranges::sort(list_, {}, [](const Widening& one) {
      return std::pair(one.place.line, std::string_view(one.text));
    });
    return std::move(list_);
  }

 private:
  void Profile() {
    if (!project_.profile || *project_.profile >= base_.merged.profile) return;
    Add(project_.profile_place, fmt::format("profile {} instead of {}", Name(*project_.profile),
                                            Name(base_.merged.profile)));
  }

  void Take(const Sections& sections) {
    for (const Rule& rule : sections.hosts) Host(rule);
    for (const RequestRule& rule : sections.requests) Request(rule);
    for (const OpaqueHost& one : sections.opaque) {
      Add({one.line, 1}, fmt::format("pass connections to {} on unread",
                                     FormatHostPort(one.host.ToString(), one.port)));
    }
    for (const command::CommandRule& rule : sections.commands) Command(rule);
    for (const FileRule& rule : sections.files) File(rule);
    for (const VariablePattern& variable : sections.environment.pass) {
      Add(variable.place, fmt::format("pass the variable {} on", variable.text));
    }
  }

  void Services() {
    for (const ServiceEntry& service : project_.services) {
      std::string text = fmt::format("start the service {}: {}", service.name,
                                     Printable(fmt::format("{}", fmt::join(service.command, " "))));
      if (!service.folder.empty()) text += fmt::format(" in {}", Printable(service.folder));
      if (!service.health_command.empty()) {
        text += fmt::format(", with the check: {}", Printable(service.health_command));
      }
      Add(service.place, std::move(text));
      for (const std::uint16_t port : service.publish) {
        Add(service.place, fmt::format("publish port {} of the service {}", port, service.name));
      }
    }
  }

  void Add(Place place, std::string text) {
    list_.push_back({project_.file, place, std::move(text)});
  }

  // Whether the rule has a say there: only where no rule of the user's has one. Of requests one
  // that allows lifts what a rule asks about their host.
  enum class Of : std::uint8_t { kHosts, kRequests };
  bool OpensAt(const Rule& rule, Of of, std::uint16_t port, Protocol protocol) const {
    std::string host = rule.pattern;
    if (host == "*") host = fmt::format("{}.invalid", kProbe);
    if (host.starts_with("*.")) host = fmt::format("{}{}", kProbe, host.substr(1));
    // To a program that no rule of the user's names, and to one that any of them may.
    const Caller callers[] = {Caller::Nobody(), Caller::Unknown("may be any program's")};
    return std::ranges::any_of(callers, [&](const Caller& caller) {
      const Verdict without = Decide(base_.network, {host, port, protocol, &caller});
      const bool decided = without.by != nullptr;
      const bool lifted = of == Of::kRequests && without.action == Action::kAsk;
      return without.action > rule.action && (!decided || lifted);
    });
  }

  bool Opens(const Rule& rule, Of of) const {
    std::vector<std::uint16_t> ports = {kHttpPort, kHttpsPort, kOtherPort};
    if (rule.action == Action::kAllow) ports.pop_back();
    if (rule.port) ports = {*rule.port};
    std::vector<Protocol> protocols = {Protocol::kHttp, Protocol::kHttps, Protocol::kTcp};
    if (rule.protocol != Protocol::kAny) protocols = {rule.protocol};
    return std::ranges::any_of(ports, [&](std::uint16_t port) {
      return std::ranges::any_of(
          protocols, [&](Protocol protocol) { return OpensAt(rule, of, port, protocol); });
    });
  }

  void Host(const Rule& rule) {
    if (rule.action == Action::kDeny) return;
    // Of a range only its first address was looked at.
    const bool range = rule.action == Action::kAllow && Prefix::Parse(rule.pattern).has_value();
    if (!range && !Opens(rule, Of::kHosts)) return;
    Add({rule.line, 1}, fmt::format("{} {}", Name(rule.action),
                                    PlaceText(rule.pattern, rule.port, rule.protocol, rule.by)));
  }

  void Request(const RequestRule& rule) {
    if (rule.action == Action::kDeny) return;
    const Rule whole{.layer = rule.layer,
                     .action = rule.action,
                     .pattern = rule.host.ToString(),
                     .port = rule.port,
                     .protocol = rule.protocol};
    if (!Opens(whole, Of::kRequests)) return;
    std::vector<std::string> paths;
    for (const PathPattern& path : rule.scope.paths) paths.push_back(path.ToString());
    Add({rule.line, 1},
        fmt::format("{} {} {}{}{}", Name(rule.action),
                    rule.scope.methods.empty() ? "*" : Join(rule.scope.methods, ","),
                    PlaceText(whole.pattern, rule.port, rule.protocol, rule.by),
                    paths.empty() ? "" : " ", Join(paths, " ")));
  }

  void Command(const command::CommandRule& rule) {
    using enum command::Action;
    const bool lifts = rule.action == kAsk && base_.merged.command_action() == kDeny;
    if (rule.action != kAllow && rule.action != kRedirect && !lifts) return;
    std::string text = fmt::format("{} the command {}", Name(rule.action), Printable(rule.pattern));
    if (!rule.by.empty()) text += fmt::format(" by {}", Printable(rule.by));
    if (rule.action == kRedirect) {
      text += fmt::format(": {}", Printable(fmt::format("{}", fmt::join(rule.redirect, " "))));
    }
    Add({rule.line, 1}, std::move(text));
  }

  // What lies in the workspace is the agent's already.
  void File(const FileRule& rule) {
    const bool outside = rule.path.starts_with('/') || rule.path.starts_with("~/");
    if (!outside || rule.access == FileAccess::kHidden) return;
    Add(rule.place, fmt::format("show {} ({})", Printable(rule.path), Name(rule.access)));
  }

  const Base& base_;
  const Document& project_;
  std::vector<Widening> list_;
};

}  // namespace

Result<std::vector<Widening>> Widenings(const Layers& layers) {
  std::vector<Widening> list;
  if (layers.project.empty()) return list;
  AILERON_ASSIGN(const Base base, CompileBase(layers));
  for (const ProjectFile& file : layers.project) {
    for (Widening& one : Lister(base, file.document).List()) list.push_back(std::move(one));
  }
  return list;
}

}  // namespace aileron::policy
