#include "policy/learn.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "policy/limits.h"

namespace aileron::policy {
namespace {

constexpr std::size_t kSiblings = 6;     // that differ: then any will do
constexpr std::size_t kIdDigits = 3;     // in a segment: it is an id
constexpr std::size_t kIdHex = 12;       // hexadecimal digits alone: likewise
constexpr std::size_t kPathsShown = 16;  // of one rule
constexpr std::size_t kDeniedShown = 50;
constexpr std::size_t kDeniedBytes = 200;  // of each
constexpr std::size_t kRuleWord = 500;     // bytes of a program's path
// Programs that are called by their names; others are by their paths.
constexpr auto kSystemFolders =
    std::to_array<std::string_view>({"/usr/", "/bin/", "/sbin/", "/lib", "/opt/"});

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-'; }

bool LooksLikeId(std::string_view segment) {
  const auto digits = std::ranges::count_if(segment, [](char c) { return c >= '0' && c <= '9'; });
  const bool number = static_cast<std::size_t>(digits) == segment.size() && !segment.empty();
  const bool hex = segment.size() >= kIdHex && std::ranges::all_of(ToLower(segment), IsHex);
  return number || hex ||
         (static_cast<std::size_t>(digits) >= kIdDigits && segment.size() >= kIdHex);
}

// Segments as they came, below each other.
struct Tree {
  std::map<std::string, Tree> below;
  bool ends = false;

  void Add(std::span<const std::string_view> segments) {
    if (segments.empty()) {
      ends = true;
      return;
    }
    const bool id = LooksLikeId(segments.front());
    below[id ? "*" : std::string(segments.front())].Add(segments.subspan(1));
  }
  void Merge(const Tree& other) {
    ends |= other.ends;
    for (const auto& [name, tree] : other.below) below[name].Merge(tree);
  }
  // Of many that differ, any.
  void Fold(std::size_t siblings) {
    if (below.size() > siblings) {
      Tree any;
      bool empty = false;
      for (const auto& [name, tree] : below) {
        if (name.empty()) {
          empty = true;  // the end of "/a/", which "*" is not
        } else {
          any.Merge(tree);
        }
      }
      below.clear();
      below["*"] = std::move(any);
      if (empty) below[""].ends = true;
    }
    for (auto& [name, tree] : below) tree.Fold(siblings);
  }
  void Write(const std::string& path, std::size_t depth, std::vector<std::string>& patterns) const {
    if (ends) patterns.push_back(path);
    if (below.empty()) return;
    if (depth == 0) {
      patterns.push_back(path + "/**");
      return;
    }
    for (const auto& [name, tree] : below) {
      tree.Write(fmt::format("{}/{}", path, name), depth - 1, patterns);
    }
  }
};

// One place of the network.
struct Site {
  std::string host;
  std::uint16_t port = 443;
  Protocol protocol = Protocol::kHttps;
  auto operator<=>(const Site&) const = default;
};

struct Use {
  std::map<std::string, std::vector<std::string>> paths;  // by method
  std::set<std::string> credentials;
  std::uint64_t count = 0;
};

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : Printable(text)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string List(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back(Quoted(word));
  return quoted.size() == 1 ? quoted.front() : fmt::format("[{}]", Join(quoted, ", "));
}

class Writer {
 public:
  explicit Writer(const Observed& observed) : observed_(observed) {
    for (const Observation& one : observed.observations) Take(one);
  }

  std::string Write() const {
    return fmt::format("{}version: 1\nprofile: locked\n{}{}{}", Head(), Network(), Commands(),
                       Files());
  }

 private:
  void Take(const Observation& one) {
    const bool command = !one.subject.request;
    if (command && one.subject.command.empty()) return;
    commands_ |= command;
    if (!one.allowed) {
      denied_.insert(policy::Write(one.subject));
      return;
    }
    if (command) {
      programs_[Program(one.subject)] += one.count;
      return;
    }
    const Request& request = *one.subject.request;
    Use& use = sites_[{request.host, request.port, request.protocol}];
    use.count += one.count;
    if (!one.credential.empty()) use.credentials.insert(one.credential);
    if (request.protocol != Protocol::kTcp) use.paths[request.method].push_back(request.path);
  }

  // A rule that allows a name means the system's program of that name alone.
  static std::string Program(const Subject& subject) {
    const std::string& path =
        subject.executable.empty() ? subject.command.front() : subject.executable;
    const bool of_system = std::ranges::any_of(
        kSystemFolders, [&](std::string_view folder) { return path.starts_with(folder); });
    return of_system ? path.substr(path.rfind('/') + 1) : path;
  }

  static std::string Shortened(const std::string& text) {
    if (text.size() <= kDeniedBytes) return text;
    return fmt::format("{}...", BeginningOf(text, kDeniedBytes));
  }

  std::string Head() const {
    std::string text = fmt::format(
        "# Learned from session {}. Read it before you use it: it allows what was done, not what "
        "should\n# have been. No other host is reached. {}\n",
        Printable(observed_.session),
        commands_ ? "Other commands are asked about." : "No command was recorded, so all may run.");
    if (!sites_.empty()) {
      text += "# Which program made a request is not recorded: these rules have no \"by\".\n";
    }
    if (denied_.empty()) return text;
    text += "# Denied, and so not allowed here:\n";
    std::size_t shown = 0;
    for (const std::string& one : denied_) {
      if (++shown > kDeniedShown) break;
      text += fmt::format("#   {}\n", Shortened(one));
    }
    if (denied_.size() > kDeniedShown) {
      text += fmt::format("#   and {} more\n", denied_.size() - kDeniedShown);
    }
    return text;
  }

  std::string Network() const {
    if (sites_.empty()) return {};
    std::string text = "network:\n";
    for (const auto& [site, use] : sites_) text += SiteText(site, use);
    return text;
  }

  std::string SiteText(const Site& site, const Use& use) const {
    std::string text = fmt::format("  # {} request{}\n", use.count, use.count == 1 ? "" : "s");
    std::string tail;
    const bool usual = site.port == (site.protocol == Protocol::kHttp ? 80 : 443);
    if (!usual) tail += fmt::format("    port: {}\n", site.port);
    if (site.protocol == Protocol::kTcp) {
      return text + fmt::format("  - host: {}\n{}    opaque: true\n    action: allow\n",
                                Quoted(site.host), tail);
    }
    tail += fmt::format("    protocol: {}\n", Name(site.protocol));
    const std::vector<std::string> credentials(use.credentials.begin(), use.credentials.end());
    if (!credentials.empty()) tail += fmt::format("    credential: {}\n", List(credentials));
    // Methods that were used on the same paths are one rule.
    std::map<std::vector<std::string>, std::vector<std::string>> methods;
    for (const auto& [method, paths] : use.paths) {
      methods[GeneralisePaths(paths, kPathsShown)].push_back(method);
    }
    for (const auto& [patterns, of] : methods) {
      const std::string path =
          patterns.empty() ? "" : fmt::format("    path: {}\n", List(patterns));
      text += fmt::format("  - host: {}\n    method: {}\n{}{}    action: allow\n",
                          Quoted(site.host), List(of), path, tail);
    }
    return text;
  }

  std::string Commands() const {
    if (!commands_) return {};
    std::string rules, others;
    for (const auto& [program, count] : programs_) {
      const std::string times = fmt::format("{} time{}", count, count == 1 ? "" : "s");
      if (IsPlainWord(program)) {
        rules += fmt::format("  - {{command: {}, action: allow}}  # {}\n", Quoted(program + " **"),
                             times);
      } else {
        others += fmt::format("# Without a rule, for its name: {}, {}\n",
                              Shortened(Printable(program)), times);
      }
    }
    return fmt::format("command_default: ask\n{}{}{}", others, rules.empty() ? "" : "commands:\n",
                       rules);
  }

  // What a pattern reads as one word.
  static bool IsPlainWord(std::string_view word) {
    return !word.empty() && word.size() <= kRuleWord && std::ranges::all_of(word, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '-' || c == '_' || c == '.' || c == '+' || c == '/';
    });
  }

  // A file is replaced by way of another one beside it, so its folder is what has to be open.
  std::string Files() const {
    std::set<std::string> folders;
    for (const std::string& path : observed_.written) {
      const std::size_t slash = path.find('/');
      if (slash == std::string::npos) {
        return "# Files were written at the top of the workspace, so all of it stays writable.\n";
      }
      folders.insert(path.substr(0, slash));
    }
    std::string text = "files:\n  - {path: ., access: read-only}\n";
    for (const std::string& folder : folders) {
      if (Printable(folder) != folder) continue;
      text += fmt::format("  - {{path: {}, access: read-write}}\n", Quoted(folder));
    }
    return text;
  }

  const Observed& observed_;
  std::map<Site, Use> sites_;
  bool commands_ = false;  // some were recorded
  std::map<std::string, std::uint64_t> programs_;
  std::set<std::string> denied_;
};

}  // namespace

std::vector<std::string> GeneralisePaths(const std::vector<std::string>& paths, std::size_t most) {
  Tree tree;
  if (!std::ranges::all_of(paths, [](const auto& path) { return NormalPath(path).has_value(); })) {
    return {};
  }
  for (const std::string& path : paths) {
    if (!PathPattern::Parse(path)) return {"/**"};
    tree.Add(Split(std::string_view(path).substr(1), '/'));
  }
  for (std::size_t siblings = kSiblings; siblings > 0; --siblings) {
    tree.Fold(siblings);
    std::vector<std::string> patterns;
    tree.Write("", kPathMax, patterns);
    if (patterns.size() <= most) return patterns;
  }
  for (std::size_t depth = 3; depth > 0; --depth) {
    std::vector<std::string> patterns;
    tree.Write("", depth, patterns);
    if (patterns.size() <= most) return patterns;
  }
  return {"/**"};
}

std::string Learn(const Observed& observed) { return Writer(observed).Write(); }

}  // namespace aileron::policy
