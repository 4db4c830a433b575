#include "policy/profile.h"

#include <yaml-cpp/yaml.h>

#include <set>

#include "base/host_pattern.h"
#include "policy/limits.h"

namespace aileron::policy {

namespace {

constexpr unsigned char kOpenText[] = {
#embed "profiles/open.yaml"
};
constexpr unsigned char kGuardedText[] = {
#embed "profiles/guarded.yaml"
};
constexpr unsigned char kLockedText[] = {
#embed "profiles/locked.yaml"
};

template <std::size_t N>
std::string_view View(const unsigned char (&bytes)[N]) {
  return {reinterpret_cast<const char*>(bytes), N};
}

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  Result<ProfileRules> Read(const YAML::Node& root) {
    if (!root.IsMap()) return At(root, "a profile is a map of version, profile, default and rules");
    AILERON_TRY(CheckKeys(root, {"version", "profile", "default", "allow", "ask", "deny"}));
    AILERON_ASSIGN(const std::string version, Text(root, "version"));
    if (version != "1")
      return At(root["version"], "version \"{}\" is not known; it must be 1", version);
    ProfileRules profile;
    AILERON_ASSIGN(const std::string name, Text(root, "profile"));
    const auto parsed = ParseProfile(name);
    if (!parsed) return At(root["profile"], "\"{}\" is not a profile", name);
    profile.profile = *parsed;
    AILERON_ASSIGN(const std::string fallback, Text(root, "default"));
    if (fallback == "allow") {
      profile.fallback = Action::kAllow;
    } else if (fallback == "ask") {
      profile.fallback = Action::kAsk;
    } else if (fallback != "deny") {
      return At(root["default"], "\"{}\" is none of allow, ask and deny", fallback);
    }
    for (const Action action : {Action::kAllow, Action::kAsk, Action::kDeny}) {
      const YAML::Node groups = root[std::string(Name(action))];
      if (groups) AILERON_TRY(ReadGroups(groups, action, name, profile));
    }
    return profile;
  }

 private:
  template <typename... Args>
  std::unexpected<Error> At(const YAML::Node& node, fmt::format_string<Args...> format,
                            Args&&... args) const {
    const YAML::Mark mark = node.Mark();
    return Fail(Code::kInvalid, "{}:{}: {}", file_, mark.line + 1,
                fmt::format(format, std::forward<Args>(args)...));
  }

  Status CheckKeys(const YAML::Node& map, std::initializer_list<std::string_view> known) const {
    std::set<std::string> seen;
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) return At(entry.first, "a key must be a word");
      const std::string& key = entry.first.Scalar();
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        return At(entry.first, "unknown key \"{}\"", key);
      }
      if (!seen.insert(key).second) return At(entry.first, "\"{}\" stands here twice", key);
    }
    return {};
  }

  Result<std::string> Text(const YAML::Node& map, const char* key) const {
    const YAML::Node node = map[key];
    if (!node) return At(map, "\"{}\" is missing", key);
    if (!node.IsScalar() || node.Scalar().empty()) return At(node, "\"{}\" must be a word", key);
    return node.Scalar();
  }

  Status ReadGroups(const YAML::Node& groups, Action action, const std::string& profile,
                    ProfileRules& into) const {
    if (!groups.IsSequence()) return At(groups, "\"{}\" must be a list of groups", Name(action));
    for (const auto& group : groups) {
      if (!group.IsMap()) return At(group, "a group is a map of group and hosts");
      AILERON_TRY(CheckKeys(group, {"group", "hosts"}));
      AILERON_ASSIGN(const std::string name, Text(group, "group"));
      const YAML::Node hosts = group["hosts"];
      if (!hosts || !hosts.IsSequence()) return At(group, "\"hosts\" must be a list");
      for (const auto& host : hosts) {
        if (!host.IsScalar()) return At(host, "a host must be text");
        auto parsed = ParseHostPort(host.Scalar());
        if (!parsed) return At(host, "{}", parsed.error().message);
        if (into.rules.size() >= limits::kRules) return At(host, "too many rules");
        into.rules.push_back({.layer = Layer::kBuiltin,
                              .action = action,
                              .pattern = parsed->pattern.ToString(),
                              .port = parsed->port,
                              .id = fmt::format("{}/{}", profile, name)});
      }
    }
    return {};
  }

  std::string_view file_;
};

ProfileRules ReadBuiltin(Profile profile) {
  const std::string file = fmt::format("profiles/{}.yaml", Name(profile));
  auto rules = ParseProfileFile(ProfileText(profile), file);
  // Compiled-in data: a mistake in it is ours, and a test reads all three.
  AILERON_CHECK(rules.has_value() && rules->profile == profile);
  return std::move(*rules);
}

}  // namespace

Result<ProfileRules> ParseProfileFile(std::string_view text, std::string_view file) {
  if (text.size() > limits::kProfileFileMax) return Fail(Code::kInvalid, "{} is too large", file);
  // The one library here that throws; nothing of it gets past this function.
  try {
    return Reader(file).Read(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& mistake) {
    return Fail(Code::kInvalid, "{}:{}: {}", file, mistake.mark.line + 1, mistake.msg);
  }
}

std::string_view ProfileText(Profile profile) {
  switch (profile) {
    case Profile::kOpen:
      return View(kOpenText);
    case Profile::kGuarded:
      return View(kGuardedText);
    case Profile::kLocked:
      return View(kLockedText);
  }
  return {};
}

const ProfileRules& BuiltinProfile(Profile profile) {
  // Immutable, and read on first use: parsing YAML has no place on the path of a launch.
  static const ProfileRules open = ReadBuiltin(Profile::kOpen);
  static const ProfileRules guarded = ReadBuiltin(Profile::kGuarded);
  static const ProfileRules locked = ReadBuiltin(Profile::kLocked);
  switch (profile) {
    case Profile::kOpen:
      return open;
    case Profile::kGuarded:
      return guarded;
    case Profile::kLocked:
      break;
  }
  return locked;
}

}  // namespace aileron::policy
