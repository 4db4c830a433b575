#include "image/aileron_settings.h"

#include <algorithm>
#include <array>

#include "base/entry_name.h"
#include "base/text.h"
#include "image/devcontainer_limits.h"

namespace aileron::image {
namespace {

constexpr auto kKeys = std::to_array<std::string_view>(
    {"image", "policy", "bindings", "services", "caches", "agents"});
constexpr auto kServiceKeys =
    std::to_array<std::string_view>({"name", "command", "folder", "publish", "restart", "health"});
constexpr auto kHealthKeys = std::to_array<std::string_view>({"port", "command"});
constexpr auto kRestarts = std::to_array<std::string_view>({"no", "on-failure", "always"});
constexpr auto kProfiles = std::to_array<std::string_view>({"open", "guarded", "locked"});

bool IsLowerName(std::string_view name, std::size_t most) {
  const auto first = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= most && first(name[0]) &&
         std::ranges::all_of(name,
                             [&](char c) { return first(c) || c == '-' || c == '_' || c == '.'; });
}

// Parts that say where they lead: no empty one, "." or "..", no control character.
bool ArePlainParts(std::string_view path) {
  return std::ranges::all_of(Split(path, '/'), [](std::string_view part) {
    return !part.empty() && part != "." && part != ".." && std::ranges::none_of(part, [](char c) {
      return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
    });
  });
}

bool IsPolicyFile(std::string_view path) {
  return ArePlainParts(path) && (path.ends_with(".yaml") || path.ends_with(".yml"));
}

// What a reference may be made of; whoever resolves it knows the rest (OCI distribution-spec).
bool MayBeReference(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

class Reader {
 public:
  explicit Reader(const JsonReader& reader) : reader_(reader) {}

  Result<AileronSettings> Read(const JsonNode& node) {
    AILERON_TRY(reader_.Object(node, "customizations.aileron"));
    AILERON_TRY(reader_.KnownMembers(node, "customizations.aileron", kKeys));
    settings_.place = node.place;
    for (const JsonNode& member : node.items) AILERON_TRY(ReadMember(member));
    return std::move(settings_);
  }

 private:
  Status ReadMember(const JsonNode& node) {
    if (node.key == "image") return ReadImage(node);
    if (node.key == "policy") return ReadPolicy(node);
    if (node.key == "bindings") return ReadBindings(node);
    if (node.key == "caches") return ReadCaches(node);
    if (node.key == "agents") return ReadAgents(node);
    AILERON_TRY(ListOf(node, limits::kServices));
    for (const JsonNode& service : node.items) AILERON_TRY(ReadService(service));
    return {};
  }

  Status ListOf(const JsonNode& node, std::size_t most) const {
    AILERON_TRY(reader_.Array(node, node.key));
    if (node.items.size() <= most) return {};
    return reader_.Expected(node, node.key, fmt::format("at most {} entries", most));
  }

  Status ReadImage(const JsonNode& node) {
    AILERON_ASSIGN(settings_.image, reader_.Word(node, "image"));
    if (MayBeReference(settings_.image)) return {};
    return reader_.Expected(node, "image", "\"base\" or a reference of an image");
  }

  Status ReadPolicy(const JsonNode& node) {
    AILERON_ASSIGN(settings_.policy, reader_.Word(node, "policy"));
    if (IsProfileName(settings_.policy) || IsPolicyFile(settings_.policy)) return {};
    return reader_.Expected(
        node, "policy",
        fmt::format("{}, or a policy file of the workspace (FOLDER/NAME.yaml, without . or ..)",
                    fmt::join(kProfiles, ", ")));
  }

  Status ReadBindings(const JsonNode& node) {
    AILERON_TRY(ListOf(node, limits::kBindings));
    for (const JsonNode& item : node.items) {
      AILERON_ASSIGN(std::string name, reader_.Word(item, "bindings"));
      if (const Status good = CheckEntryName(name); !good) {
        return reader_.At(item.place, fmt::format("bindings: {}", good.error().message));
      }
      AILERON_TRY(AddNew(item, std::move(name), settings_.bindings));
    }
    return {};
  }

  Status ReadAgents(const JsonNode& node) {
    AILERON_TRY(ListOf(node, limits::kAgents));
    for (const JsonNode& item : node.items) {
      AILERON_ASSIGN(std::string name, reader_.Word(item, "agents"));
      if (!ArePlainParts(name) || name.contains('/')) {
        return reader_.Expected(item, "agents", "a program's name without folders");
      }
      AILERON_TRY(AddNew(item, std::move(name), settings_.agents));
    }
    return {};
  }

  Status AddNew(const JsonNode& item, std::string name, std::vector<std::string>& into) const {
    if (std::ranges::find(into, name) != into.end()) {
      return reader_.At(item.place,
                        fmt::format("\"{}\" stands here a second time", Printable(name)));
    }
    into.push_back(std::move(name));
    return {};
  }

  Status ReadCaches(const JsonNode& node) {
    AILERON_TRY(reader_.Object(node, "caches"));
    if (node.items.size() > limits::kCaches) {
      return reader_.Expected(node, "caches", fmt::format("at most {} members", limits::kCaches));
    }
    for (const JsonNode& item : node.items) {
      if (!IsLowerName(item.key, limits::kCacheNameMax)) {
        return reader_.At(item.key_place,
                          fmt::format("caches: expected a name of 1 to {} lower-case letters, "
                                      "digits, - _ .",
                                      limits::kCacheNameMax));
      }
      AILERON_ASSIGN(std::string path, reader_.Word(item, "caches"));
      if (!path.starts_with('/') || !ArePlainParts(std::string_view(path).substr(1))) {
        return reader_.Expected(item, "caches", "an absolute path, without . or .. or a final /");
      }
      settings_.caches.emplace_back(item.key, std::move(path));
    }
    return {};
  }

  Result<const JsonNode*> Required(const JsonNode& node, std::string_view key) const {
    if (const JsonNode* found = node.Find(key)) return found;
    return reader_.At(node.place, fmt::format("a service lacks \"{}\"", key));
  }

  Result<std::uint16_t> Port(const JsonNode& node, std::string_view key) const {
    AILERON_ASSIGN(const std::uint64_t port, reader_.Number(node, key, 1, 65535));
    return static_cast<std::uint16_t>(port);
  }

  Status ReadService(const JsonNode& node) {
    AILERON_TRY(reader_.Object(node, "services"));
    AILERON_TRY(reader_.KnownMembers(node, "a service", kServiceKeys));
    AileronService service{.place = node.place};
    AILERON_ASSIGN(const JsonNode* name, Required(node, "name"));
    if (name->kind != JsonKind::kString || !IsLowerName(name->text, limits::kServiceNameMax)) {
      return reader_.Expected(
          *name, "name",
          fmt::format("1 to {} lower-case letters, digits, - _ .", limits::kServiceNameMax));
    }
    const bool again = std::ranges::any_of(
        settings_.services, [&](const AileronService& one) { return one.name == name->text; });
    if (again) {
      return reader_.At(name->place, fmt::format("there is a service \"{}\" already", name->text));
    }
    service.name = name->text;
    AILERON_ASSIGN(const JsonNode* command, Required(node, "command"));
    AILERON_TRY(ListOf(*command, limits::kServiceWords));
    if (command->items.empty()) return reader_.Expected(*command, "command", "a program's name");
    AILERON_ASSIGN(service.command, reader_.Texts(*command, "command"));
    if (service.command[0].empty()) {
      return reader_.Expected(command->items[0], "command", "a program's name");
    }
    AILERON_TRY(ReadServiceDetails(node, service));
    settings_.services.push_back(std::move(service));
    return {};
  }

  Status ReadServiceDetails(const JsonNode& node, AileronService& service) const {
    if (const JsonNode* folder = node.Find("folder")) {
      if (folder->kind != JsonKind::kString || !ArePlainParts(folder->text)) {
        return reader_.Expected(*folder, "folder", "a folder of the workspace, without . or ..");
      }
      service.folder = folder->text;
    }
    if (const JsonNode* publish = node.Find("publish")) {
      AILERON_TRY(ListOf(*publish, limits::kServicePorts));
      for (const JsonNode& port : publish->items) {
        AILERON_ASSIGN(service.publish.emplace_back(), Port(port, "publish"));
      }
    }
    if (const JsonNode* restart = node.Find("restart")) {
      AILERON_ASSIGN(service.restart, reader_.Choice(*restart, "restart", kRestarts));
    }
    const JsonNode* health = node.Find("health");
    if (health == nullptr) return {};
    AILERON_TRY(reader_.Object(*health, "health"));
    AILERON_TRY(reader_.KnownMembers(*health, "health", kHealthKeys));
    if (health->items.size() != 1) return reader_.Expected(*health, "health", "port or command");
    if (const JsonNode* port = health->Find("port")) {
      AILERON_ASSIGN(service.health_port, Port(*port, "port"));
    } else {
      AILERON_ASSIGN(service.health_command, reader_.Word(health->items[0], "command"));
    }
    return {};
  }

  const JsonReader& reader_;
  AileronSettings settings_;
};

}  // namespace

Result<AileronSettings> ReadAileronSettings(const JsonNode& node, const JsonReader& reader) {
  return Reader(reader).Read(node);
}

bool IsProfileName(std::string_view policy) {
  return std::ranges::find(kProfiles, policy) != kProfiles.end();
}

}  // namespace aileron::image
