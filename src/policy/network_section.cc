// Tested by src/policy/document_yaml_test.cc.
#include "policy/network_section.h"

#include <algorithm>
#include <array>

#include "base/entry_name.h"
#include "base/text.h"
#include "policy/address.h"
#include "policy/limits.h"

namespace aileron::policy {
namespace {

constexpr auto kKeys = std::to_array<std::string_view>(
    {"name", "host", "port", "method", "path", "protocol", "credential", "opaque", "by", "action"});
constexpr auto kActions = std::to_array<std::string_view>({"allow", "ask", "deny"});
constexpr auto kProtocols = std::to_array<std::string_view>({"http", "https", "tcp"});
constexpr std::size_t kNameMax = 64;

bool IsRuleName(std::string_view name) {
  return !name.empty() && name.size() <= kNameMax && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

class EntryReader {
 public:
  EntryReader(const SectionReader& reader, const YamlNode& entry, const Document& document,
              Sections& into)
      : reader_(reader), entry_(entry), document_(document), into_(into) {}

  Status Read() {
    AILERON_TRY(reader_.Map(entry_, "a network rule", kKeys));
    AILERON_ASSIGN(const YamlNode* action, reader_.Required(entry_, "action", "a network rule"));
    AILERON_ASSIGN(const std::size_t which, reader_.Choice(*action, "action", kActions));
    action_ = static_cast<Action>(which);
    AILERON_TRY(ReadName());
    if (const YamlNode* port = entry_.Find("port")) {
      AILERON_ASSIGN(port_, reader_.Port(*port, "port"));
    }
    if (const YamlNode* protocol = entry_.Find("protocol")) {
      AILERON_ASSIGN(const std::size_t found, reader_.Choice(*protocol, "protocol", kProtocols));
      protocol_ = static_cast<Protocol>(found + 1);
    }
    AILERON_TRY(ReadScope());
    AILERON_TRY(ReadCredential());
    if (const YamlNode* by = entry_.Find("by")) {
      AILERON_ASSIGN(by_, reader_.Program(*by, "by"));
    }
    if (const YamlNode* opaque = entry_.Find("opaque")) {
      AILERON_ASSIGN(opaque_, reader_.Flag(*opaque, "opaque"));
      if (opaque_) AILERON_TRY(CheckOpaque(*opaque));
    }
    AILERON_ASSIGN(const YamlNode* host, reader_.Required(entry_, "host", "a network rule"));
    AILERON_ASSIGN(const auto hosts, reader_.Words(*host, "host", limits::kRuleHosts));
    AILERON_TRY(reader_.Spread(entry_, *host, hosts.size()));
    for (const auto& one : hosts) AILERON_TRY(AddHost(one));
    return {};
  }

 private:
  Status ReadName() {
    id_ = reader_.IdOf(entry_.place);
    if (const YamlNode* name = entry_.Find("name")) {
      if (name->kind != YamlKind::kScalar || !IsRuleName(name->text)) {
        return reader_.Expected(*name, "name", "1 to 64 letters, digits, - _ .");
      }
      id_ = document_.layer == Layer::kBuiltin ? fmt::format("{}/{}", document_.name, name->text)
                                               : fmt::format("{} ({})", id_, name->text);
    }
    return {};
  }

  Status ReadScope() {
    if (const YamlNode* method = entry_.Find("method")) {
      AILERON_ASSIGN(auto words, reader_.Words(*method, "method", limits::kRuleMethods));
      for (auto& word : words) {
        if (!IsMethodName(word.text)) {
          return reader_.At(word.place, fmt::format("method: expected a method in capitals, as in "
                                                    "POST, found \"{}\"",
                                                    Printable(word.text.substr(0, kNameMax))));
        }
        scope_.methods.push_back(std::move(word.text));
      }
    }
    if (const YamlNode* path = entry_.Find("path")) {
      AILERON_ASSIGN(const auto words, reader_.Words(*path, "path", limits::kRulePaths));
      for (const auto& word : words) {
        auto pattern = PathPattern::Parse(word.text);
        if (!pattern)
          return reader_.At(word.place, fmt::format("path: {}", pattern.error().message));
        scope_.paths.push_back(*std::move(pattern));
      }
    }
    if (protocol_ == Protocol::kTcp && !scope_.everything()) {
      return reader_.At(entry_.place, "a tcp rule is about connections: leave out method and path");
    }
    return {};
  }

  Status ReadCredential() {
    const YamlNode* node = entry_.Find("credential");
    if (node == nullptr) return {};
    AILERON_ASSIGN(auto words, reader_.Words(*node, "credential", limits::kRuleCredentials));
    if (action_ == Action::kDeny) {
      return reader_.At(node->key_place, "a rule that denies lets no credential go along");
    }
    credentials_.emplace();
    if (words.size() == 1 && words[0].text == "none") return {};
    for (auto& word : words) {
      if (!CheckEntryName(word.text)) {
        return reader_.At(word.place,
                          fmt::format("credential: expected an entry of the vault, as in "
                                      "token/github, or none alone, found \"{}\"",
                                      Printable(word.text.substr(0, kNameMax))));
      }
      credentials_->push_back(std::move(word.text));
    }
    return {};
  }

  Status CheckOpaque(const YamlNode& node) const {
    if (action_ != Action::kAllow) {
      return reader_.At(node.key_place, "opaque: expected action: allow beside it");
    }
    if (!scope_.everything() || credentials_) {
      return reader_.At(node.key_place,
                        "opaque: nobody sees methods, paths or credentials of such a host; leave "
                        "them out");
    }
    if (!by_.empty()) {
      return reader_.At(node.key_place,
                        "opaque: a host is opaque to every program; leave out by, or let another "
                        "rule deny the host to one");
    }
    if (protocol_ != Protocol::kAny && protocol_ != Protocol::kTcp) {
      return reader_.At(node.key_place, "opaque: its protocol is tcp, or is left out");
    }
    return {};
  }

  Status AddHost(const SectionReader::PlacedWord& word) {
    const std::string_view text = word.text;
    if (text.size() > limits::kRuleTextMax) return reader_.At(word.place, "the host is too long");
    const bool about_host = scope_.everything() && !credentials_ && !opaque_;
    if (about_host && (text == "*" || Prefix::Parse(text))) {
      AddRule(word.text);
      return {};
    }
    auto pattern = HostPattern::Parse(text);
    if (!pattern) {
      return reader_.At(word.place,
                        fmt::format("host: {}{}", pattern.error().message,
                                    about_host ? "" : ". Such a rule names hosts, or *.DOMAIN"));
    }
    if (scope_.everything()) {
      AddRule(pattern->ToString());
    } else {
      into_.requests.push_back({.layer = document_.layer,
                                .action = action_,
                                .host = *pattern,
                                .port = port_,
                                .scope = scope_,
                                .id = id_,
                                .protocol = protocol_,
                                .line = entry_.place.line,
                                .by = by_});
    }
    if (opaque_) {
      into_.opaque.push_back({*pattern, port_.value_or(kHttpsPort), entry_.place.line});
    }
    if (credentials_) {
      into_.credentials.push_back({*std::move(pattern), port_, scope_, *credentials_, id_,
                                   document_.layer, entry_.place.line, by_});
    }
    return {};
  }

  // An opaque host is one port of it, and that one is allowed.
  void AddRule(std::string pattern) {
    into_.hosts.push_back({.layer = document_.layer,
                           .action = action_,
                           .pattern = std::move(pattern),
                           .port = opaque_ ? port_.value_or(kHttpsPort) : port_,
                           .id = id_,
                           .protocol = protocol_,
                           .line = entry_.place.line,
                           .by = by_});
  }

  const SectionReader& reader_;
  const YamlNode& entry_;
  const Document& document_;
  Sections& into_;
  Action action_ = Action::kDeny;
  std::optional<std::uint16_t> port_;
  Protocol protocol_ = Protocol::kAny;
  RequestScope scope_;
  std::optional<std::vector<std::string>> credentials_;
  bool opaque_ = false;
  std::string by_;
  std::string id_;
};

}  // namespace

std::span<const std::string_view> ActionNames() { return kActions; }

Status ReadNetwork(const SectionReader& reader, const YamlNode& list, const Document& document,
                   Sections& into) {
  if (list.kind == YamlKind::kNull) return {};
  AILERON_TRY(reader.List(list, "network", limits::kEntries));
  for (const YamlNode& entry : list.items) {
    AILERON_TRY(EntryReader(reader, entry, document, into).Read());
    if (into.hosts.size() > limits::kRules || into.requests.size() > limits::kRequestRules) {
      return reader.At(entry.place, fmt::format("there are more than {} rules", limits::kRules));
    }
  }
  return {};
}

}  // namespace aileron::policy
