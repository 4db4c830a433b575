#include "policy/rules_yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "base/yaml_documents.h"
#include "policy/address.h"
#include "policy/limits.h"

namespace aileron::policy {
namespace {

constexpr auto kTopLevel = std::to_array<std::string_view>({"version", "network"});
constexpr auto kKeys =
    std::to_array<std::string_view>({"host", "port", "method", "path", "action"});
constexpr auto kActions = std::to_array<std::string_view>({"allow", "ask", "deny"});

// A list of words that may be written as one word.
struct Words {
  YAML::Mark mark;
  std::vector<std::string> words;
};

class Parser {
 public:
  explicit Parser(std::string_view file) : file_(file) {}

  Result<RulesFile> Parse(std::string_view text) {
    if (text.size() > limits::kRulesFileMax) {
      return Fail(Code::kInvalid, "{} is larger than {} bytes", file_, limits::kRulesFileMax);
    }
    // The library throws; nothing of it goes beyond this function.
    try {
      const std::string whole(text);
      if (const auto second = SecondDocument(whole)) {
        return At(*second, "a second document has no place here");
      }
      const YAML::Node root = YAML::Load(whole);
      if (root.IsNull()) return RulesFile{};
      AILERON_TRY(ParseRoot(root));
    } catch (const YAML::Exception& exception) {
      return At(exception.mark, exception.msg);
    }
    return std::move(rules_);
  }

 private:
  std::unexpected<Error> At(const YAML::Mark& mark, std::string_view what) const {
    if (mark.is_null()) return Fail(Code::kInvalid, "{}: {}", file_, what);
    return Fail(Code::kInvalid, "{}:{}:{}: {}", file_, mark.line + 1, mark.column + 1, what);
  }

  // The keys of a mapping: known, plain and there once.
  Status CheckKeys(const YAML::Node& map, std::span<const std::string_view> known) const {
    std::set<std::string, std::less<>> seen;
    for (const auto& pair : map) {
      if (!pair.first.IsScalar()) return At(pair.first.Mark(), "a key must be a word");
      const std::string& key = pair.first.Scalar();
      if (std::ranges::find(known, key) == known.end()) {
        const auto near = NearestWord(key, known);
        return At(pair.first.Mark(),
                  fmt::format("unknown key \"{}\"{}", Printable(key),
                              near ? fmt::format(". Did you mean \"{}\"?", *near)
                                   : fmt::format(". Known are {}", fmt::join(known, ", "))));
      }
      if (!seen.insert(key).second) {
        return At(pair.first.Mark(), fmt::format("\"{}\" stands here a second time", key));
      }
    }
    return {};
  }

  Status ParseRoot(const YAML::Node& root) {
    if (!root.IsMap()) return At(root.Mark(), "this must be a mapping with version and network");
    AILERON_TRY(CheckKeys(root, kTopLevel));
    const YAML::Node version = root["version"];
    if (!version) return At(root.Mark(), "\"version: 1\" is missing");
    if (!version.IsScalar() || version.Scalar() != "1") {
      return At(version.Mark(), "this aileron knows version 1 of the file, and no other");
    }
    const YAML::Node list = root["network"];
    if (!list || list.IsNull()) return {};
    if (!list.IsSequence()) return At(list.Mark(), "network must be a list");
    for (const auto& node : list) AILERON_TRY(ParseRule(node));
    return {};
  }

  Result<std::string> ReadWord(const YAML::Node& node, std::string_view key) const {
    if (!node.IsScalar()) return At(node.Mark(), fmt::format("{} must be one value", key));
    return node.Scalar();
  }

  Result<Words> ReadWords(const YAML::Node& node, std::string_view key, std::size_t most) const {
    Words read{node.Mark(), {}};
    if (node.IsScalar()) {
      read.words.push_back(node.Scalar());
      return read;
    }
    if (!node.IsSequence() || node.size() == 0 || node.size() > most) {
      return At(node.Mark(),
                fmt::format("{0} must be a word or a list of 1 to {1}; leave {0} out when all are "
                            "meant",
                            key, most));
    }
    for (const auto& each : node) {
      AILERON_ASSIGN(std::string word, ReadWord(each, key));
      read.words.push_back(std::move(word));
    }
    return read;
  }

  Result<Action> ReadAction(const YAML::Node& node) const {
    AILERON_ASSIGN(const std::string word, ReadWord(node, "action"));
    const auto found = std::ranges::find(kActions, word);
    if (found != kActions.end()) return static_cast<Action>(found - kActions.begin());
    const auto near = NearestWord(word, kActions);
    return At(node.Mark(),
              fmt::format("\"{}\" is not an action{}: it is one of {}", Printable(word),
                          near ? fmt::format(" (did you mean {}?)", *near) : "",
                          fmt::join(kActions, ", ")));
  }

  Result<std::optional<std::uint16_t>> ReadPort(const YAML::Node& node) const {
    if (!node) return std::nullopt;
    AILERON_ASSIGN(const std::string word, ReadWord(node, "port"));
    // A quoted number ("!" is the tag of a quoted scalar) is a text.
    const auto port = node.Tag() == "!" ? std::nullopt : ParseInteger<std::uint16_t>(word);
    if (port.value_or(0) == 0) return At(node.Mark(), "port must be a number from 1 to 65535");
    return port;
  }

  Result<RequestScope> ReadScope(const YAML::Node& node) const {
    RequestScope scope;
    if (const YAML::Node method = node["method"]) {
      AILERON_ASSIGN(Words read, ReadWords(method, "method", limits::kRuleMethods));
      for (std::string& word : read.words) {
        if (!IsMethodName(word)) {
          return At(read.mark, fmt::format("\"{}\" is not a method: write it in capitals, as in "
                                           "POST; leave method out when all are meant",
                                           Printable(word)));
        }
        scope.methods.push_back(std::move(word));
      }
    }
    if (const YAML::Node path = node["path"]) {
      AILERON_ASSIGN(const Words read, ReadWords(path, "path", limits::kRulePaths));
      for (const std::string& word : read.words) {
        auto pattern = PathPattern::Parse(word);
        if (!pattern) return At(read.mark, pattern.error().message);
        scope.paths.push_back(*std::move(pattern));
      }
    }
    return scope;
  }

  Status ParseRule(const YAML::Node& node) {
    if (rules_.hosts.size() + rules_.requests.size() == limits::kRequestRules) {
      return At(node.Mark(), fmt::format("there are more than {} rules", limits::kRequestRules));
    }
    if (!node.IsMap()) return At(node.Mark(), "a rule must be a mapping with host and action");
    AILERON_TRY(CheckKeys(node, kKeys));
    for (const char* required : {"host", "action"}) {
      if (!node[required]) return At(node.Mark(), fmt::format("the rule lacks \"{}\"", required));
    }
    AILERON_ASSIGN(const Action action, ReadAction(node["action"]));
    AILERON_ASSIGN(const std::optional<std::uint16_t> port, ReadPort(node["port"]));
    AILERON_ASSIGN(RequestScope scope, ReadScope(node));
    AILERON_ASSIGN(const std::string host, ReadWord(node["host"], "host"));
    std::string id = fmt::format("{}:{}", file_.substr(file_.rfind('/') + 1), node.Mark().line + 1);
    if (scope.everything() && (host == "*" || Prefix::Parse(host))) {
      rules_.hosts.push_back({Layer::kUser, action, host, port, std::move(id)});
      return {};
    }
    auto pattern = HostPattern::Parse(host);
    if (!pattern) {
      return At(node["host"].Mark(),
                scope.everything()
                    ? pattern.error().message
                    : fmt::format("{}. A rule with a method or a path names one host, "
                                  "or *.DOMAIN",
                                  pattern.error().message));
    }
    if (scope.everything()) {
      rules_.hosts.push_back({Layer::kUser, action, pattern->ToString(), port, std::move(id)});
    } else {
      rules_.requests.push_back(
          {Layer::kUser, action, *std::move(pattern), port, std::move(scope), std::move(id)});
    }
    return {};
  }

  std::string_view file_;
  RulesFile rules_;
};

}  // namespace

Result<RulesFile> ParseRules(std::string_view text, std::string_view file) {
  return Parser(file).Parse(text);
}

}  // namespace aileron::policy
