#include "vault/binding_yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "base/yaml_documents.h"
#include "vault/limits.h"

namespace aileron::vault {
namespace {

constexpr auto kFields = std::to_array<std::string_view>(
    {"name",           "host",    "port",     "scheme",        "credential",
     "username",       "header",  "template", "parameter",     "cookie",
     "region",         "service", "sentinel", "sentinel_file", "sentinel_template",
     "mask",           "methods", "paths",    "from",          "oauth2",
     "websocket_text", "approval"});
constexpr auto kRequired =
    std::to_array<std::string_view>({"name", "host", "scheme", "credential"});
constexpr auto kTopLevel = std::to_array<std::string_view>({"version", "bindings"});

// A binding and where its text begins.
struct Placed {
  Binding binding;
  int line = 0;  // from 0
};

class Parser {
 public:
  Parser(std::string_view file, Source source) : file_(file), source_(source) {}

  Result<std::vector<Placed>> Parse(std::string_view text) {
    if (text.size() > limits::kBindingFileMax) {
      return Fail(Code::kInvalid, "{} is larger than {} bytes", file_, limits::kBindingFileMax);
    }
    // The library throws; nothing of it goes beyond this function.
    try {
      const std::string whole(text);
      if (const auto second = SecondDocument(whole)) {
        return At(*second, "a second document has no place here");
      }
      const YAML::Node root = YAML::Load(whole);
      if (root.IsNull()) return placed_;
      AILERON_TRY(ParseRoot(root));
    } catch (const YAML::Exception& exception) {
      return At(exception.mark, exception.msg);
    }
    return std::move(placed_);
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
    if (!root.IsMap()) return At(root.Mark(), "this must be a mapping with version and bindings");
    AILERON_TRY(CheckKeys(root, kTopLevel));
    const YAML::Node version = root["version"];
    if (!version) return At(root.Mark(), "\"version: 1\" is missing");
    if (!version.IsScalar() || version.Scalar() != "1") {
      return At(version.Mark(), "this aileron knows version 1 of the file, and no other");
    }
    const YAML::Node list = root["bindings"];
    if (!list || list.IsNull()) return {};
    if (!list.IsSequence()) return At(list.Mark(), "bindings must be a list");
    for (const auto& node : list) {
      if (placed_.size() == limits::kBindingsMax) {
        return At(node.Mark(),
                  fmt::format("there are more than {} bindings", limits::kBindingsMax));
      }
      AILERON_TRY(ParseBinding(node));
    }
    return {};
  }

  Status ParseBinding(const YAML::Node& node) {
    if (!node.IsMap()) return At(node.Mark(), "a binding must be a mapping");
    AILERON_TRY(CheckKeys(node, kFields));
    BindingFields fields;
    for (const auto& pair : node) AILERON_TRY(ReadField(pair.first.Scalar(), pair.second, fields));
    for (const auto required : kRequired) {
      if (!node[std::string(required)]) {
        return At(node.Mark(), fmt::format("the binding lacks \"{}\"", required));
      }
    }
    auto binding = CheckFields(fields, source_);
    if (!binding) {
      const FieldError& error = binding.error();
      return At(PlaceOfField(node, error.field), fmt::format("{}: {}", error.field, error.message));
    }
    AILERON_TRY(CheckBeside(*binding, node.Mark()));
    placed_.push_back({*std::move(binding), node.Mark().line});
    return {};
  }

  Result<std::vector<std::string>> ReadList(std::string_view key, const YAML::Node& value) const {
    if (!value.IsSequence()) return At(value.Mark(), fmt::format("{} must be a list", key));
    std::vector<std::string> list;
    for (const auto& each : value) {
      if (!each.IsScalar()) return At(each.Mark(), fmt::format("{} must be a list of words", key));
      list.push_back(each.Scalar());
    }
    return list;
  }

  // Where "header" or "from.cache" stands; where what it belongs to begins, when it is missing.
  static YAML::Mark PlaceOfField(const YAML::Node& node, const std::string& field) {
    const std::size_t dot = field.find('.');
    const YAML::Node outer = node[field.substr(0, dot)];
    if (!outer) return node.Mark();
    if (dot == std::string::npos || !outer.IsMap()) return outer.Mark();
    const YAML::Node inner = outer[field.substr(dot + 1)];
    return inner ? inner.Mark() : outer.Mark();
  }

  // The keys and values below one key. Which of them are known depends on each other: CheckFields.
  Result<Settings> ReadSettings(std::string_view group, const YAML::Node& map) const {
    if (!map.IsMap()) return At(map.Mark(), fmt::format("{} must be a mapping", group));
    Settings settings;
    for (const auto& pair : map) {
      if (!pair.first.IsScalar()) return At(pair.first.Mark(), "a key must be a word");
      const std::string& key = pair.first.Scalar();
      if (!pair.second.IsScalar()) {
        return At(pair.second.Mark(), fmt::format("{} must be one value", Printable(key)));
      }
      if (std::ranges::find(settings, key, &Settings::value_type::first) != settings.end()) {
        return At(pair.first.Mark(),
                  fmt::format("\"{}\" stands here a second time", Printable(key)));
      }
      settings.emplace_back(key, pair.second.Scalar());
    }
    return settings;
  }

  Status ReadField(std::string_view key, const YAML::Node& value, BindingFields& fields) const {
    if (key == "from" || key == "oauth2") {
      AILERON_ASSIGN((key == "from" ? fields.from : fields.oauth2), ReadSettings(key, value));
      return {};
    }
    if (key == "methods" || key == "paths") {
      AILERON_ASSIGN((key == "methods" ? fields.methods : fields.paths), ReadList(key, value));
      return {};
    }
    if (!value.IsScalar()) return At(value.Mark(), fmt::format("{} must be one value", key));
    const std::string& text = value.Scalar();
    if (key == "mask" || key == "websocket_text") {
      if (value.Tag() == "!" || (text != "true" && text != "false")) {
        return At(value.Mark(), fmt::format("{} must be true or false", key));
      }
      (key == "mask" ? fields.mask : fields.websocket_text) = text == "true";
      return {};
    }
    if (key == "port") {
      // A quoted number ("!" is the tag of a quoted scalar) is a text.
      const auto port = value.Tag() == "!" ? std::nullopt : ParseInteger<std::uint16_t>(text);
      if (port.value_or(0) == 0) {
        return At(value.Mark(), "port must be a number from 1 to 65535");
      }
      fields.port = *port;
      return {};
    }
    if (key == "name") fields.name = text;
    if (key == "host") fields.host = text;
    if (key == "scheme") fields.scheme = text;
    if (key == "credential") fields.credential = text;
    if (key == "username") fields.username = text;
    if (key == "header") fields.header = text;
    if (key == "template") fields.template_text = text;
    if (key == "parameter") fields.parameter = text;
    if (key == "cookie") fields.cookie = text;
    if (key == "region") fields.region = text;
    if (key == "service") fields.service = text;
    if (key == "sentinel") fields.sentinel = text;
    if (key == "sentinel_file") fields.sentinel_file = text;
    if (key == "sentinel_template") fields.sentinel_template = text;
    if (key == "approval") fields.approval = text;
    return {};
  }

  // Two bindings may not contradict each other.
  Status CheckBeside(const Binding& fresh, const YAML::Mark& mark) const {
    for (const auto& [other, line] : placed_) {
      if (other.name == fresh.name) {
        return At(mark, fmt::format("there is a binding \"{}\" on line {} already", fresh.name,
                                    line + 1));
      }
      if (other.credential == fresh.credential && other.from != fresh.from) {
        return At(mark, fmt::format("\"{}\" and \"{}\" on line {} take the credential {} from "
                                    "different places: give them two names",
                                    fresh.name, other.name, line + 1, fresh.credential));
      }
      // A refresh token is redeemed once: two who redeem it on their own end each other.
      const bool redeems = fresh.oauth2 || other.oauth2;
      const bool refreshes =
          (fresh.oauth2 && fresh.oauth2->grant == OAuth2Settings::Grant::kRefreshToken) ||
          !fresh.oauth2 || !other.oauth2;
      if (other.credential == fresh.credential && redeems && refreshes &&
          other.oauth2 != fresh.oauth2) {
        return At(mark,
                  fmt::format("\"{}\" and \"{}\" on line {} use the credential {} in different "
                              "ways, and oauth2 redeems it: give them two",
                              fresh.name, other.name, line + 1, fresh.credential));
      }
      const bool same_host = other.host == fresh.host && other.port == fresh.port;
      const bool both_inject = other.emit() == Emit::kInject && fresh.emit() == Emit::kInject;
      if (same_host && both_inject && PlaceOf(other) == PlaceOf(fresh) &&
          other.scope.Overlaps(fresh.scope)) {
        return At(mark, fmt::format("\"{}\" writes to the same place of the same host as \"{}\" on "
                                    "line {}",
                                    fresh.name, other.name, line + 1));
      }
      if (!fresh.sentinel.empty() && other.sentinel == fresh.sentinel &&
          other.credential != fresh.credential) {
        return At(mark, fmt::format("\"{}\" and \"{}\" on line {} put different credentials into "
                                    "the variable {}",
                                    fresh.name, other.name, line + 1, fresh.sentinel));
      }
      if (!fresh.sentinel_file.empty() && other.sentinel_file == fresh.sentinel_file &&
          (other.credential != fresh.credential ||
           other.sentinel_template != fresh.sentinel_template)) {
        return At(mark, fmt::format("\"{}\" and \"{}\" on line {} write different contents to {}",
                                    fresh.name, other.name, line + 1, fresh.sentinel_file));
      }
    }
    return {};
  }

  std::string file_;
  Source source_;
  std::vector<Placed> placed_;
};

std::vector<Binding> WithoutPlaces(std::vector<Placed> placed) {
  std::vector<Binding> bindings;
  bindings.reserve(placed.size());
  for (auto& each : placed) bindings.push_back(std::move(each.binding));
  return bindings;
}

// A scalar that reads back as the same text. Every value has passed CheckFields: printable ASCII,
// tabs and line ends.
std::string Scalar(std::string_view text) {
  constexpr auto kWords = std::to_array<std::string_view>(
      {"null", "true", "false", "yes", "no", "on", "off", "y", "n"});
  const auto letter = [](char c) { return (ToLower(c) >= 'a' && ToLower(c) <= 'z'); };
  const bool plain = letter(text.front()) &&
                     std::ranges::all_of(text,
                                         [&](char c) {
                                           return letter(c) || (c >= '0' && c <= '9') || c == '.' ||
                                                  c == '_' || c == '-' || c == '/';
                                         }) &&
                     std::ranges::find(kWords, ToLower(text)) == kWords.end();
  if (plain) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '\n' || c == '\t') {
      quoted += c == '\n' ? "\\n" : "\\t";
      continue;
    }
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string RenderOne(const Binding& binding, std::string_view indent) {
  std::string text;
  const auto line = [&](std::string_view key, const std::string& value) {
    text += fmt::format("{}{}{}: {}\n", indent, text.empty() ? "- " : "  ", key, value);
  };
  line("name", Scalar(binding.name));
  line("host", Scalar(binding.host.ToString()));
  if (binding.port != 443) line("port", std::to_string(binding.port));
  line("scheme", Scalar(SchemeName(binding.scheme)));
  line("credential", Scalar(binding.credential));
  if (!binding.username.empty()) line("username", Scalar(binding.username));
  if (!binding.header.empty()) line("header", Scalar(binding.header));
  if (!binding.template_text.empty()) line("template", Scalar(binding.template_text));
  if (!binding.parameter.empty()) line("parameter", Scalar(binding.parameter));
  if (!binding.cookie.empty()) line("cookie", Scalar(binding.cookie));
  if (!binding.region.empty()) line("region", Scalar(binding.region));
  if (!binding.service.empty()) line("service", Scalar(binding.service));
  if (!binding.sentinel.empty()) line("sentinel", Scalar(binding.sentinel));
  if (!binding.sentinel_file.empty()) {
    line("sentinel_file", Scalar(binding.sentinel_file));
    line("sentinel_template", Scalar(binding.sentinel_template));
  }
  if (binding.mask == Mask::kYes) line("mask", "true");
  if (binding.websocket_text == WebSocketText::kSwap) line("websocket_text", "true");
  if (binding.approval == Approval::kFirstUse) line("approval", "first-use");
  const auto list = [&](std::string_view key, const std::vector<std::string>& words) {
    if (words.empty()) return;
    std::vector<std::string> scalars;
    for (const std::string& word : words) scalars.push_back(Scalar(word));
    line(key, fmt::format("[{}]", fmt::join(scalars, ", ")));
  };
  list("methods", binding.scope.methods);
  std::vector<std::string> paths;
  for (const PathPattern& path : binding.scope.paths) paths.push_back(path.ToString());
  list("paths", paths);
  const auto group = [&](std::string_view key, const Settings& settings) {
    text += fmt::format("{}  {}:\n", indent, key);
    for (const auto& [name, value] : settings) {
      text += fmt::format("{}    {}: {}\n", indent, name, Scalar(value));
    }
  };
  if (binding.from) group("from", binding.from->Write());
  if (binding.oauth2) group("oauth2", binding.oauth2->Write());
  return text;
}

bool Reads(std::string_view text, std::string_view file, const std::vector<Binding>& expected) {
  const auto bindings = ParseBindings(text, file, Source::kUser);
  return bindings && *bindings == expected;
}

// Lines first..last-1 of `text` are left out.
std::string WithoutLines(std::string_view text, std::size_t first, std::size_t last) {
  const auto lines = Split(text, '\n');
  std::string rest;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i >= first && i < last) continue;
    rest += lines[i];
    if (i + 1 < lines.size()) rest += '\n';
  }
  return rest;
}

}  // namespace

Result<std::vector<Binding>> ParseBindings(std::string_view text, std::string_view file,
                                           Source source) {
  AILERON_ASSIGN(auto placed, Parser(file, source).Parse(text));
  return WithoutPlaces(std::move(placed));
}

std::string RenderBindings(std::span<const Binding> bindings) {
  std::string text = "version: 1\nbindings:\n";
  for (const Binding& binding : bindings) text += RenderOne(binding, "  ");
  return text;
}

Result<std::string> AddBinding(std::string_view text, std::string_view file,
                               const Binding& binding) {
  AILERON_ASSIGN(auto bindings, ParseBindings(text, file, Source::kUser));
  if (std::ranges::find(bindings, binding.name, &Binding::name) != bindings.end()) {
    return Fail(Code::kInvalid,
                "there is a binding \"{}\" already. Remove it first: aileron binding "
                "remove {}",
                binding.name, binding.name);
  }
  bindings.push_back(binding);
  bindings.back().source = Source::kUser;
  // Behind the last one, in the file's own indentation, so that comments stay. Where the file is
  // written in another way the text does not read back as what it should be, and is written anew.
  std::string longer(text);
  if (!longer.empty() && !longer.ends_with('\n')) longer += '\n';
  for (const std::string_view indent : {"  ", "", "    "}) {
    std::string candidate = longer + RenderOne(binding, indent);
    if (Reads(candidate, file, bindings)) return candidate;
  }
  std::string whole = RenderBindings(bindings);
  // What is wrong now is wrong with the new one, beside the others: say it in its own words.
  if (auto read = ParseBindings(whole, "the new binding", Source::kUser); !read) {
    return std::unexpected(std::move(read).error());
  }
  return whole;
}

Result<std::string> RemoveBinding(std::string_view text, std::string_view file,
                                  std::string_view name) {
  AILERON_ASSIGN(auto placed, Parser(file, Source::kUser).Parse(text));
  const auto found =
      std::ranges::find_if(placed, [&](const Placed& each) { return each.binding.name == name; });
  if (found == placed.end()) {
    return Fail(Code::kNotFound, "there is no binding \"{}\" in {}", Printable(name), file);
  }
  const auto lines = Split(text, '\n');
  const auto first = static_cast<std::size_t>(found->line);
  auto last =
      found + 1 != placed.end() ? static_cast<std::size_t>((found + 1)->line) : lines.size();
  // Comments and blank lines in front of the next binding are the next one's.
  while (last > first + 1 && last <= lines.size() &&
         (Trim(lines[last - 1]).empty() || Trim(lines[last - 1]).starts_with('#'))) {
    --last;
  }
  placed.erase(found);
  const auto rest = WithoutPlaces(std::move(placed));
  std::string shorter = WithoutLines(text, first, last);
  if (Reads(shorter, file, rest)) return shorter;
  return RenderBindings(rest);
}

namespace {

constexpr char kBuiltin[] = {
#embed "builtin_bindings.yaml"
};

}  // namespace

const std::vector<Binding>& BuiltinBindings() {
  static const std::vector<Binding> bindings = [] {
    auto parsed =
        ParseBindings({kBuiltin, sizeof kBuiltin}, "builtin_bindings.yaml", Source::kBuiltin);
    AILERON_CHECK(parsed.has_value());
    return *std::move(parsed);
  }();
  return bindings;
}

}  // namespace aileron::vault
