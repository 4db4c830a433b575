#include "policy/document_yaml.h"

#include <array>

#include "base/text.h"
#include "policy/limits.h"
#include "policy/network_section.h"
#include "policy/section_reader.h"

namespace aileron::policy {
namespace {

constexpr auto kProfileKeys =
    std::to_array<std::string_view>({"version", "name", "default", "network", "commands", "tests"});
constexpr auto kFileKeys = std::to_array<std::string_view>(
    {"version", "profile", "network", "commands", "command_default", "files", "environment",
     "approvals", "services", "agents", "tests"});
constexpr auto kAgentKeys = std::to_array<std::string_view>(
    {"network", "commands", "command_default", "files", "environment"});
constexpr auto kCommandKeys =
    std::to_array<std::string_view>({"command", "action", "by", "redirect", "reason"});
constexpr auto kFileRuleKeys = std::to_array<std::string_view>({"path", "access"});
constexpr auto kEnvironmentKeys = std::to_array<std::string_view>({"pass", "scrub"});
constexpr auto kApprovalKeys = std::to_array<std::string_view>({"hold", "expires", "scopes"});
constexpr auto kServiceKeys =
    std::to_array<std::string_view>({"name", "command", "folder", "publish", "restart", "health"});
constexpr auto kHealthKeys = std::to_array<std::string_view>({"port", "command"});
constexpr auto kCaseKeys = std::to_array<std::string_view>({"request", "command", "by", "expect"});
constexpr auto kCasesKeys = std::to_array<std::string_view>({"version", "tests"});

constexpr auto kProfiles = std::to_array<std::string_view>({"open", "guarded", "locked"});
constexpr auto kAccesses = std::to_array<std::string_view>({"read-write", "read-only", "hidden"});
constexpr auto kRestarts = std::to_array<std::string_view>({"no", "on-failure", "always"});
constexpr auto kScopes =
    std::to_array<std::string_view>({"once", "times", "until", "session", "always"});
constexpr auto kCommandActions =
    std::to_array<std::string_view>({"allow", "record", "redirect", "ask", "deny"});

constexpr unsigned char kSchema[] = {
#embed "../../schema/policy.v1.json"
};

bool IsControl(char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }

// A path that says where it leads, without looking at the disk.
bool IsPlainPath(std::string_view path) {
  if (path.empty() || path.size() > limits::kWordMax || std::ranges::any_of(path, IsControl)) {
    return false;
  }
  if (path == "." || path == "/") return path == ".";
  if (path.starts_with('~') && !path.starts_with("~/")) return false;
  const std::string_view below = path.starts_with("/") ? path.substr(1) : path;
  for (const std::string_view part : Split(below, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

bool IsVariablePattern(std::string_view text) {
  const bool tail = text.starts_with('*');
  if (tail) text.remove_prefix(1);
  if (text.ends_with('*')) text.remove_suffix(1);
  if (text.empty() || text.size() > limits::kYamlKeyMax) return false;
  return (tail || text[0] < '0' || text[0] > '9') && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

// As in service/service.h: what a sandbox's init takes.
bool IsServiceName(std::string_view name) {
  constexpr std::size_t most = 32;
  const auto first = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= most && first(name[0]) &&
         std::ranges::all_of(name,
                             [&](char c) { return first(c) || c == '-' || c == '_' || c == '.'; });
}

class Parser {
 public:
  Parser(std::string_view file, Layer layer, std::string_view called)
      : reader_(file, called.empty() ? file.substr(file.rfind('/') + 1) : called) {
    document_.file = file;
    document_.called = reader_.called();
    document_.layer = layer;
  }

  Result<Document> Read(const YamlNode& root) {
    if (root.kind == YamlKind::kNull && document_.layer != Layer::kBuiltin) {
      return std::move(document_);
    }
    const bool profile = document_.layer == Layer::kBuiltin;
    AILERON_TRY(profile ? reader_.Map(root, "a profile", kProfileKeys)
                        : reader_.Map(root, "a policy", kFileKeys));
    AILERON_TRY(ReadVersion(root));
    AILERON_TRY(profile ? ReadProfile(root) : ReadStandsOn(root));
    AILERON_TRY(ReadSections(root, document_.sections));
    if (const YamlNode* node = root.Find("approvals")) AILERON_TRY(ReadApprovals(*node));
    if (const YamlNode* node = root.Find("services")) AILERON_TRY(ReadServices(*node));
    if (const YamlNode* node = root.Find("agents")) AILERON_TRY(ReadAgents(*node));
    if (const YamlNode* node = root.Find("tests")) AILERON_TRY(ReadTests(*node));
    return std::move(document_);
  }

  Result<std::vector<Case>> ReadCases(const YamlNode& root) {
    if (root.kind == YamlKind::kNull) return std::vector<Case>();
    AILERON_TRY(reader_.Map(root, "a file of tests", kCasesKeys));
    AILERON_TRY(ReadVersion(root));
    if (const YamlNode* node = root.Find("tests")) AILERON_TRY(ReadTests(*node));
    return std::move(document_.tests);
  }

 private:
  Status ReadVersion(const YamlNode& root) const {
    const YamlNode* version = root.Find("version");
    if (version == nullptr) return reader_.At(root.place, "\"version: 1\" is missing");
    if (version->kind != YamlKind::kScalar || version->quoted || version->text != "1") {
      return reader_.Expected(*version, "version", "1, the one that this aileron knows");
    }
    return {};
  }

  Status ReadProfile(const YamlNode& root) {
    AILERON_ASSIGN(const YamlNode* name, reader_.Required(root, "name", "a profile"));
    AILERON_ASSIGN(const std::size_t which, reader_.Choice(*name, "name", kProfiles));
    document_.profile = static_cast<Profile>(which);
    document_.name = name->text;
    AILERON_ASSIGN(const YamlNode* fallback, reader_.Required(root, "default", "a profile"));
    AILERON_ASSIGN(const std::size_t action, reader_.Choice(*fallback, "default", ActionNames()));
    document_.fallback = static_cast<Action>(action);
    return {};
  }

  Status ReadStandsOn(const YamlNode& root) {
    const YamlNode* profile = root.Find("profile");
    if (profile == nullptr) return {};
    AILERON_ASSIGN(const std::size_t which, reader_.Choice(*profile, "profile", kProfiles));
    document_.profile = static_cast<Profile>(which);
    document_.profile_place = profile->place;
    return {};
  }

  Status ReadSections(const YamlNode& map, Sections& into) {
    if (const YamlNode* node = map.Find("network")) {
      AILERON_TRY(ReadNetwork(reader_, *node, document_, into));
    }
    if (const YamlNode* node = map.Find("commands")) AILERON_TRY(ReadCommands(*node, into));
    if (const YamlNode* node = map.Find("command_default")) {
      AILERON_TRY(ReadCommandDefault(*node, into));
    }
    if (const YamlNode* node = map.Find("files")) AILERON_TRY(ReadFiles(*node, into));
    if (const YamlNode* node = map.Find("environment")) AILERON_TRY(ReadEnvironment(*node, into));
    return {};
  }

  // --- commands

  Status ReadCommands(const YamlNode& list, Sections& into) {
    if (list.kind == YamlKind::kNull) return {};
    AILERON_TRY(reader_.List(list, "commands", limits::kEntries));
    for (const YamlNode& entry : list.items) AILERON_TRY(ReadCommand(entry, into));
    return {};
  }

  Status ReadCommand(const YamlNode& entry, Sections& into) {
    constexpr std::string_view what = "a command rule";
    AILERON_TRY(reader_.Map(entry, what, kCommandKeys));
    AILERON_ASSIGN(const YamlNode* action, reader_.Required(entry, "action", what));
    AILERON_ASSIGN(const std::size_t which, reader_.Choice(*action, "action", kCommandActions));
    AILERON_ASSIGN(const YamlNode* command, reader_.Required(entry, "command", what));
    AILERON_ASSIGN(const auto patterns, reader_.Words(*command, "command", limits::kRuleHosts));
    AILERON_TRY(reader_.Spread(entry, *command, patterns.size()));
    command::CommandRule rule{.layer = static_cast<command::Layer>(document_.layer),
                              .action = static_cast<command::Action>(which)};
    if (const YamlNode* by = entry.Find("by")) {
      AILERON_ASSIGN(rule.by, reader_.Program(*by, "by"));
    }
    if (const YamlNode* reason = entry.Find("reason")) {
      AILERON_ASSIGN(rule.reason, reader_.Word(*reason, "reason"));
    }
    AILERON_TRY(ReadRedirect(entry, rule));
    rule.id = reader_.IdOf(entry.place);
    for (const auto& pattern : patterns) {
      rule.pattern = pattern.text;
      rule.line = pattern.place.line;
      rule.source =
          fmt::format("{}:{}:{}", document_.file, pattern.place.line, pattern.place.column);
      if (const Status good = command::CheckRule(rule); !good) {
        return reader_.At(pattern.place, fmt::format("command: {}", good.error().message));
      }
      into.commands.push_back(rule);
    }
    if (into.commands.size() > limits::kRules) {
      return reader_.At(entry.place, fmt::format("there are more than {} rules", limits::kRules));
    }
    return {};
  }

  Status ReadCommandDefault(const YamlNode& node, Sections& into) const {
    AILERON_ASSIGN(const std::size_t which, reader_.Choice(node, "command_default", ActionNames()));
    into.command_default = {.action = *command::ParseAction(ActionNames()[which]),
                            .layer = document_.layer,
                            .place = node.key_place,
                            .id = reader_.IdOf(node.key_place)};
    return {};
  }

  Status ReadRedirect(const YamlNode& entry, command::CommandRule& rule) const {
    const YamlNode* node = entry.Find("redirect");
    const bool redirects = rule.action == command::Action::kRedirect;
    if (node == nullptr) {
      if (!redirects) return {};
      return reader_.At(entry.place, "a rule that redirects says where to: redirect: [echo, no]");
    }
    if (!redirects) return reader_.At(node->key_place, "redirect: expected action: redirect");
    AILERON_TRY(reader_.List(*node, "redirect", limits::kRedirectWords));
    AILERON_ASSIGN(const auto words, reader_.Words(*node, "redirect", limits::kRedirectWords));
    for (const auto& word : words) rule.redirect.push_back(word.text);
    return {};
  }

  // --- files, environment

  Status ReadFiles(const YamlNode& list, Sections& into) {
    if (list.kind == YamlKind::kNull) return {};
    AILERON_TRY(reader_.List(list, "files", limits::kFileRules));
    for (const YamlNode& entry : list.items) {
      AILERON_TRY(reader_.Map(entry, "a file rule", kFileRuleKeys));
      AILERON_ASSIGN(const YamlNode* path, reader_.Required(entry, "path", "a file rule"));
      AILERON_ASSIGN(const YamlNode* access, reader_.Required(entry, "access", "a file rule"));
      AILERON_ASSIGN(const std::size_t which, reader_.Choice(*access, "access", kAccesses));
      if (path->kind != YamlKind::kScalar || !IsPlainPath(path->text)) {
        return reader_.Expected(*path, "path",
                                "a path in the workspace, ~/PATH or /PATH, without . or .. "
                                "inside and without a final /");
      }
      const bool again = std::ranges::any_of(
          into.files, [&](const FileRule& rule) { return rule.path == path->text; });
      if (again) {
        return reader_.At(path->place, fmt::format("path: there is a rule for \"{}\" already",
                                                   Printable(path->text)));
      }
      into.files.push_back({path->place, path->text, static_cast<FileAccess>(which)});
    }
    return {};
  }

  Result<std::vector<VariablePattern>> ReadVariables(const YamlNode& node, std::string_view key) {
    std::vector<VariablePattern> patterns;
    if (node.kind == YamlKind::kNull) return patterns;
    AILERON_ASSIGN(const auto words, reader_.Words(node, key, limits::kVariables));
    for (const auto& word : words) {
      if (!IsVariablePattern(word.text)) {
        return reader_.At(word.place,
                          fmt::format("{}: expected NAME, PREFIX* or *SUFFIX, found \"{}\"", key,
                                      Printable(word.text)));
      }
      patterns.push_back({word.place, word.text});
    }
    return patterns;
  }

  Status ReadEnvironment(const YamlNode& node, Sections& into) {
    if (node.kind == YamlKind::kNull) return {};
    AILERON_TRY(reader_.Map(node, "environment", kEnvironmentKeys));
    if (const YamlNode* pass = node.Find("pass")) {
      AILERON_ASSIGN(into.environment.pass, ReadVariables(*pass, "pass"));
    }
    if (const YamlNode* scrub = node.Find("scrub")) {
      AILERON_ASSIGN(into.environment.scrub, ReadVariables(*scrub, "scrub"));
    }
    return {};
  }

  // --- approvals, services, agents

  Status ReadApprovals(const YamlNode& node) {
    if (node.kind == YamlKind::kNull) return {};
    AILERON_TRY(reader_.Map(node, "approvals", kApprovalKeys));
    if (const YamlNode* hold = node.Find("hold")) {
      AILERON_ASSIGN(document_.approvals.hold,
                     reader_.Length(*hold, "hold", Duration::zero(), limits::kHoldMax));
    }
    if (const YamlNode* expires = node.Find("expires")) {
      AILERON_ASSIGN(
          document_.approvals.expires,
          reader_.Length(*expires, "expires", limits::kExpiresLeast, limits::kExpiresMost));
    }
    if (const YamlNode* scopes = node.Find("scopes")) {
      AILERON_ASSIGN(const auto words, reader_.Words(*scopes, "scopes", kScopes.size()));
      document_.approvals.scopes.emplace();
      document_.approvals.scopes_place = scopes->place;
      for (const auto& word : words) {
        AILERON_TRY(reader_.ChoiceOf(word, "scopes", kScopes));
        document_.approvals.scopes->push_back(word.text);
      }
    }
    return {};
  }

  Status ReadServices(const YamlNode& list) {
    if (list.kind == YamlKind::kNull) return {};
    AILERON_TRY(reader_.List(list, "services", limits::kServices));
    for (const YamlNode& entry : list.items) AILERON_TRY(ReadService(entry));
    return {};
  }

  Status ReadService(const YamlNode& entry) {
    AILERON_TRY(reader_.Map(entry, "a service", kServiceKeys));
    ServiceEntry service{.place = entry.place};
    AILERON_ASSIGN(const YamlNode* name, reader_.Required(entry, "name", "a service"));
    if (name->kind != YamlKind::kScalar || !IsServiceName(name->text)) {
      return reader_.Expected(*name, "name", "1 to 32 lower-case letters, digits, - _ .");
    }
    service.name = name->text;
    if (std::ranges::any_of(document_.services,
                            [&](const ServiceEntry& one) { return one.name == service.name; })) {
      return reader_.At(name->place, fmt::format("there is a service \"{}\" already", name->text));
    }
    AILERON_ASSIGN(const YamlNode* command, reader_.Required(entry, "command", "a service"));
    AILERON_TRY(reader_.List(*command, "command", limits::kServiceWords));
    AILERON_ASSIGN(const auto words, reader_.Words(*command, "command", limits::kServiceWords));
    for (const auto& word : words) service.command.push_back(word.text);
    if (const YamlNode* folder = entry.Find("folder")) {
      const bool inside = folder->kind == YamlKind::kScalar && IsPlainPath(folder->text) &&
                          !folder->text.starts_with('/') && !folder->text.starts_with('~');
      if (!inside) return reader_.Expected(*folder, "folder", "a folder of the workspace");
      service.folder = folder->text;
    }
    if (const YamlNode* publish = entry.Find("publish")) {
      AILERON_TRY(reader_.List(*publish, "publish", limits::kServicePorts));
      for (const YamlNode& port : publish->items) {
        AILERON_ASSIGN(service.publish.emplace_back(), reader_.Port(port, "publish"));
      }
    }
    if (const YamlNode* restart = entry.Find("restart")) {
      AILERON_TRY(reader_.Choice(*restart, "restart", kRestarts));
      service.restart = restart->text;
    }
    if (const YamlNode* health = entry.Find("health")) AILERON_TRY(ReadHealth(*health, service));
    document_.services.push_back(std::move(service));
    return {};
  }

  Status ReadHealth(const YamlNode& node, ServiceEntry& service) const {
    AILERON_TRY(reader_.Map(node, "health", kHealthKeys));
    if (node.items.size() != 1) return reader_.Expected(node, "health", "port or command");
    if (const YamlNode* port = node.Find("port")) {
      AILERON_ASSIGN(service.health_port, reader_.Port(*port, "port"));
      return {};
    }
    AILERON_ASSIGN(service.health_command, reader_.Word(*node.Find("command"), "command"));
    return {};
  }

  Status ReadAgents(const YamlNode& node) {
    if (node.kind == YamlKind::kNull) return {};
    if (node.kind != YamlKind::kMap) {
      return reader_.Expected(node, "agents", "a map from programs to their sections");
    }
    if (node.items.size() > limits::kAgents) {
      return reader_.At(node.place, fmt::format("there are more than {} agents", limits::kAgents));
    }
    for (const YamlNode& member : node.items) {
      if (member.key.contains('/')) {
        return reader_.At(member.key_place, "agents: expected a program's name without folders");
      }
      AgentSections agent{.place = member.key_place, .name = member.key};
      if (member.kind != YamlKind::kNull) {
        AILERON_TRY(reader_.Map(member, "an agent", kAgentKeys));
        AILERON_TRY(ReadSections(member, agent.sections));
      }
      document_.agents.push_back(std::move(agent));
    }
    return {};
  }

  // --- tests

  Status ReadTests(const YamlNode& list) {
    if (list.kind == YamlKind::kNull) return {};
    AILERON_TRY(reader_.List(list, "tests", limits::kCases));
    for (const YamlNode& entry : list.items) {
      AILERON_TRY(reader_.Map(entry, "a test", kCaseKeys));
      Case one{.place = entry.place};
      if (const YamlNode* by = entry.Find("by")) {
        AILERON_ASSIGN(one.by, reader_.Program(*by, "by"));
      }
      AILERON_ASSIGN(const YamlNode* expect, reader_.Required(entry, "expect", "a test"));
      AILERON_TRY(reader_.Choice(*expect, "expect", kCommandActions));
      one.expect = expect->text;
      const YamlNode* request = entry.Find("request");
      const YamlNode* command = entry.Find("command");
      if ((request == nullptr) == (command == nullptr)) {
        return reader_.At(entry.place, "a test has a request or a command");
      }
      if (request != nullptr) {
        AILERON_ASSIGN(const std::string text, reader_.Word(*request, "request"));
        auto parsed = ParseRequest(text);
        if (!parsed) return reader_.At(request->place, parsed.error().message);
        one.request = *std::move(parsed);
        const bool known = one.expect == "ask" || one.expect == "allow" || one.expect == "deny";
        if (!known) return reader_.Expected(*expect, "expect", "allow, ask or deny for a request");
      } else {
        AILERON_TRY(reader_.List(*command, "command", limits::kServiceWords));
        AILERON_ASSIGN(const auto words, reader_.Words(*command, "command", limits::kServiceWords));
        for (const auto& word : words) one.command.push_back(word.text);
      }
      document_.tests.push_back(std::move(one));
    }
    return {};
  }

  SectionReader reader_;
  Document document_;
};

}  // namespace

std::string_view Name(FileAccess access) { return kAccesses[static_cast<std::size_t>(access)]; }

bool VariablePattern::Matches(std::string_view name) const {
  std::string_view part = text;
  const bool tail = part.starts_with('*'), head = part.ends_with('*');
  if (tail) part.remove_prefix(1);
  if (head) part.remove_suffix(1);
  if (tail && head) return name.contains(part);
  return tail ? name.ends_with(part) : head ? name.starts_with(part) : name == part;
}

Result<Document> ParseDocument(std::string_view text, std::string_view file, Layer layer,
                               std::string_view called) {
  AILERON_ASSIGN(const YamlNode root, ParsePlainYaml(text, file));
  return Parser(file, layer, called).Read(root);
}

std::string_view DocumentSchema() {
  return {reinterpret_cast<const char*>(kSchema), sizeof(kSchema)};
}

Result<std::vector<Case>> ParseCases(std::string_view text, std::string_view file) {
  AILERON_ASSIGN(const YamlNode root, ParsePlainYaml(text, file));
  return Parser(file, Layer::kProject, {}).ReadCases(root);
}

}  // namespace aileron::policy
