#include "policy/warnings.h"

#include <algorithm>
#include <array>
#include <deque>
#include <set>
#include <unordered_map>

#include "policy/address.h"
#include "policy/host_index.h"

namespace aileron::policy {
namespace {

// Names below which whoever likes gets one of their own: hosters, clouds, and parts of the name
// system that are sold by the name.
constexpr auto kPublished = std::to_array<std::string_view>({"github.io",
                                                             "gitlab.io",
                                                             "pages.dev",
                                                             "workers.dev",
                                                             "vercel.app",
                                                             "netlify.app",
                                                             "herokuapp.com",
                                                             "onrender.com",
                                                             "fly.dev",
                                                             "web.app",
                                                             "firebaseapp.com",
                                                             "appspot.com",
                                                             "run.app",
                                                             "cloudfunctions.net",
                                                             "azurewebsites.net",
                                                             "azureedge.net",
                                                             "windows.net",
                                                             "core.windows.net",
                                                             "blob.core.windows.net",
                                                             "cloudapp.net",
                                                             "amazonaws.com",
                                                             "s3.amazonaws.com",
                                                             "cloudfront.net",
                                                             "googleapis.com",
                                                             "storage.googleapis.com",
                                                             "googleusercontent.com",
                                                             "ngrok.io",
                                                             "ngrok.app",
                                                             "ngrok-free.app",
                                                             "trycloudflare.com",
                                                             "loca.lt",
                                                             "glitch.me",
                                                             "repl.co",
                                                             "replit.app",
                                                             "surge.sh",
                                                             "blogspot.com",
                                                             "wordpress.com",
                                                             "digitaloceanspaces.com",
                                                             "r2.dev",
                                                             "supabase.co",
                                                             "co.uk",
                                                             "org.uk",
                                                             "com.au",
                                                             "co.jp",
                                                             "com.br",
                                                             "co.in",
                                                             "co.nz",
                                                             "com.cn"});
constexpr int kWidestV4 = 16;  // prefixes shorter than these are large
constexpr int kWidestV6 = 48;

// A rule about hosts or about requests.
struct Said {
  std::size_t order = 0;
  const Document* document = nullptr;
  std::string_view agent;  // empty: it holds for all
  int line = 0;
  std::string id;
  Action action = Action::kDeny;
  std::string pattern;
  std::optional<HostPattern> host;  // none: "*" or a range
  std::optional<std::uint16_t> port;
  Protocol protocol = Protocol::kAny;
  RequestScope scope;
  std::string by;
  bool credentials = false;  // it says which go along, whoever else says the rest
};

bool CoversHost(const Said& a, const Said& b) {
  if (a.pattern == "*" || a.pattern == b.pattern) return true;
  if (!a.host) {
    const auto range = Prefix::Parse(a.pattern);
    const auto address = Address::Parse(b.pattern);
    return range && address && range->Contains(*address);
  }
  if (!a.host->wildcard() || !b.host || b.host->kind() != HostKind::kName) return false;
  // Below "*.x.y" are a.x.y and *.a.x.y.
  return b.host->host().ends_with("." + a.host->host());
}

// Without a port two rules that allow speak of the same ones.
bool CoversPorts(const Said& a, const Said& b) {
  if (b.port) return CoversPort(a.port, a.action, *b.port);
  return !a.port && (a.action != Action::kAllow || b.action == Action::kAllow);
}

bool CoversPath(const std::string& a, const std::string& b) {
  if (a == b || a == "/**") return true;
  constexpr std::string_view rest = "/**";
  if (!a.ends_with(rest)) return false;
  const std::string_view head = std::string_view(a).substr(0, a.size() - rest.size() + 1);
  return !head.contains('*') && b.starts_with(head);
}

bool CoversScope(const RequestScope& a, const RequestScope& b) {
  const bool methods =
      a.methods.empty() ||
      (!b.methods.empty() && std::ranges::all_of(b.methods, [&](const std::string& method) {
        return std::ranges::find(a.methods, method) != a.methods.end();
      }));
  if (!methods || a.paths.empty()) return methods;
  return !b.paths.empty() && std::ranges::all_of(b.paths, [&](const PathPattern& path) {
    return std::ranges::any_of(a.paths, [&](const PathPattern& mine) {
      return CoversPath(mine.ToString(), path.ToString());
    });
  });
}

// Whether a rule that covers another one takes something from it that its writer should know.
template <typename S>
bool Counts(const S& other, const S& said, bool same) {
  if (!other.agent.empty() && other.agent != said.agent) return false;
  // What a project takes from its user is no mistake of the user's, and of two files both may say
  // the same.
  const bool apart = other.document != said.document;
  return !apart || (!same && other.document->layer == Layer::kUser);
}

bool Covers(const Said& a, const Said& b) {
  if (!a.by.empty() && a.by != b.by) return false;
  return (a.protocol == Protocol::kAny || a.protocol == b.protocol) && CoversHost(a, b) &&
         CoversPorts(a, b) && CoversScope(a.scope, b.scope);
}

class Checker {
 public:
  void Take(const Document& document, std::string_view agent, const Sections& sections) {
    std::set<std::string_view> credentials;
    for (const CredentialRule& rule : sections.credentials) credentials.insert(rule.id);
    for (const Rule& rule : sections.hosts) {
      Said said{.document = &document,
                .agent = agent,
                .line = rule.line,
                .id = rule.id,
                .action = rule.action,
                .pattern = rule.pattern,
                .port = rule.port,
                .protocol = rule.protocol,
                .scope = {},
                .by = rule.by,
                .credentials = credentials.contains(rule.id)};
      if (auto host = HostPattern::Parse(rule.pattern)) said.host = *std::move(host);
      Add(std::move(said));
    }
    for (const RequestRule& rule : sections.requests) {
      Add({.document = &document,
           .agent = agent,
           .line = rule.line,
           .id = rule.id,
           .action = rule.action,
           .pattern = rule.host.ToString(),
           .host = rule.host,
           .port = rule.port,
           .protocol = rule.protocol,
           .scope = rule.scope,
           .by = rule.by,
           .credentials = credentials.contains(rule.id)});
    }
  }

  std::vector<Warning> Check() const {
    std::vector<Warning> warnings;
    for (const Said& said : said_) {
      if (auto warning = CheckWidth(said)) warnings.push_back(*std::move(warning));
      if (auto warning = CheckCovered(said)) warnings.push_back(*std::move(warning));
    }
    return warnings;
  }

 private:
  void Add(Said said) {
    said.order = said_.size();
    const Said& kept = said_.emplace_back(std::move(said));
    if (kept.host) {
      hosts_.Add(*kept.host, kept);
    } else {
      wide_.push_back(&kept);
    }
  }

  static Warning Say(const Said& said, std::string kind, std::string text) {
    return {said.document->file, said.line, std::move(kind), std::move(text)};
  }

  static std::optional<Warning> CheckWidth(const Said& said) {
    if (said.action != Action::kAllow) return std::nullopt;
    if (said.pattern == "*") return Say(said, "too-wide", "allows every public host");
    if (const auto range = Prefix::Parse(said.pattern)) {
      const bool v4 = range->address().family() == Family::kIpv4;
      if (range->length() >= (v4 ? kWidestV4 : kWidestV6)) return std::nullopt;
      return Say(said, "too-wide", fmt::format("allows the whole range {}", said.pattern));
    }
    if (!said.host || !said.host->wildcard()) return std::nullopt;
    const std::string& name = said.host->host();
    if (!name.contains('.')) {
      return Say(said, "too-wide", fmt::format("allows every host below .{}", name));
    }
    if (std::ranges::find(kPublished, name) == kPublished.end()) return std::nullopt;
    return Say(said, "too-wide",
               fmt::format("allows {}: whoever likes gets a name below {}; name the hosts",
                           said.pattern, name));
  }

  // The strongest rule that leaves nothing for this one.
  std::optional<Warning> CheckCovered(const Said& said) const {
    const Said* strongest = nullptr;
    const auto look = [&](const Said& other) {
      if (&other == &said || other.action < said.action || !Covers(other, said)) return false;
      const bool same = other.action == said.action;
      if (same && said.credentials) return false;
      if (!Counts(other, said, same)) return false;
      if (same && Covers(said, other) && other.order > said.order) return false;
      if (strongest == nullptr || other.action > strongest->action) strongest = &other;
      return false;
    };
    for (const Said* wide : wide_) look(*wide);
    if (said.host) hosts_.Any(said.host->host(), look);
    if (strongest == nullptr) return std::nullopt;
    if (strongest->action == said.action) {
      return Say(said, "shadowed",
                 fmt::format("{} says the same of {} and more", strongest->id, said.pattern));
    }
    return Say(said, "unreachable",
               fmt::format("{} {} all of it, and {} beats {}", strongest->id,
                           strongest->action == Action::kDeny ? "denies" : "asks about",
                           Name(strongest->action), Name(said.action)));
  }

  std::deque<Said> said_;  // the indexes point into it
  HostIndex<Said> hosts_;
  std::vector<const Said*> wide_;
};

// A rule about commands.
struct SaidOfCommand {
  std::size_t order = 0;
  const Document* document = nullptr;
  std::string_view agent;
  const command::CommandRule* rule = nullptr;
};

// A rule that refuses holds for all that begins with its words, one that allows for these words.
class CommandChecker {
 public:
  void Take(const Document& document, std::string_view agent, const Sections& sections) {
    for (const command::CommandRule& rule : sections.commands) {
      // It stands beside all others.
      if (rule.action == command::Action::kRecord) continue;
      const SaidOfCommand& kept = said_.emplace_back(said_.size(), &document, agent, &rule);
      patterns_[rule.pattern].push_back(&kept);
    }
  }

  std::vector<Warning> Check() const {
    std::vector<Warning> warnings;
    for (const SaidOfCommand& said : said_) {
      const SaidOfCommand* other = Strongest(said);
      if (other == nullptr) continue;
      const command::CommandRule& rule = *said.rule;
      const bool same = other->rule->action == rule.action;
      warnings.push_back(
          {said.document->file, rule.line, same ? "shadowed" : "unreachable",
           same ? fmt::format("{} says the same of \"{}\" and more", other->rule->id, rule.pattern)
                : fmt::format("{} speaks of all of it, and {} beats {}", other->rule->id,
                              Name(other->rule->action), Name(rule.action))});
    }
    return warnings;
  }

 private:
  const SaidOfCommand* Strongest(const SaidOfCommand& said) const {
    const SaidOfCommand* strongest = nullptr;
    const std::string_view pattern = said.rule->pattern;
    for (std::size_t end = pattern.find(' ');; end = pattern.find(' ', end + 1)) {
      const auto found = patterns_.find(pattern.substr(0, end));
      const bool whole = end == std::string_view::npos;
      if (found != patterns_.end()) Look(found->second, said, whole, strongest);
      if (whole) return strongest;
    }
  }

  static void Look(const std::vector<const SaidOfCommand*>& others, const SaidOfCommand& said,
                   bool whole, const SaidOfCommand*& strongest) {
    for (const SaidOfCommand* other : others) {
      if (other == &said || !Covers(*other, said, whole)) continue;
      if (strongest == nullptr || other->rule->action > strongest->rule->action) strongest = other;
    }
  }

  static bool Covers(const SaidOfCommand& other, const SaidOfCommand& said, bool whole) {
    const command::CommandRule &a = *other.rule, &b = *said.rule;
    const bool same = a.action == b.action;
    if (a.action < b.action || (!a.by.empty() && a.by != b.by)) return false;
    if (!whole && (a.action == command::Action::kAllow || a.pattern.contains("re:"))) return false;
    if (same && a.redirect != b.redirect) return false;
    if (same && whole && a.by == b.by && other.agent == said.agent && other.order > said.order) {
      return false;  // of two that say the same the first one stands
    }
    return Counts(other, said, same);
  }

  std::deque<SaidOfCommand> said_;  // the index points into it
  std::unordered_map<std::string_view, std::vector<const SaidOfCommand*>> patterns_;
};

// Each file alone offers something.
std::optional<Warning> CheckScopes(const std::vector<const Document*>& documents) {
  std::optional<std::vector<std::string>> offered;
  for (const Document* document : documents) {
    const auto& scopes = document->approvals.scopes;
    if (!scopes) continue;
    NarrowScopes(offered, scopes);
    if (!offered->empty()) continue;
    return Warning{document->file, document->approvals.scopes_place.line, "unanswerable",
                   "none of these scopes is among those of the other file, so nobody can say yes"};
  }
  return std::nullopt;
}

}  // namespace

std::vector<Warning> Warnings(const Layers& layers) {
  const std::vector<const Document*> documents = Documents(layers);
  Checker checker;
  CommandChecker commands;
  for (const Document* document : documents) {
    ForEachSections(*document, [&](const Sections& sections, std::string_view agent) {
      checker.Take(*document, agent, sections);
      commands.Take(*document, agent, sections);
    });
  }
  std::vector<Warning> warnings = checker.Check();
  for (Warning& one : commands.Check()) warnings.push_back(std::move(one));
  if (auto one = CheckScopes(documents)) warnings.push_back(*std::move(one));
  return warnings;
}

}  // namespace aileron::policy
