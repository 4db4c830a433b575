#include "modes/connector_text.h"

#include <algorithm>
#include <limits>
#include <set>

#include "base/text.h"
#include "modes/terminal.h"

namespace aileron::modes {

namespace {

constexpr std::size_t kTitleColumns = 15;

std::string Listed(const Json& words) {
  std::vector<std::string> list;
  for (const Json& word : words) {
    if (word.is_string()) list.push_back(Printable(word.get<std::string>()));
  }
  return list.empty() ? "none" : fmt::format("{}", fmt::join(list, ", "));
}

// A tool that may hide a command says so.
std::string Tools(const Json& connector) {
  std::set<std::string> hiding;
  for (const Json& name : ListOf(connector, "overrides")) {
    if (name.is_string()) hiding.insert(name.get<std::string>());
  }
  Json words = Json::array();
  for (const Json& tool : ListOf(connector, "tools")) {
    if (!tool.is_string()) continue;
    const auto name = tool.get<std::string>();
    words.push_back(hiding.contains(name) ? name + " (in place of the sandbox's own command)"
                                          : name);
  }
  return Listed(words);
}

// The signer's words; minisign puts tabs between its own.
std::string CommentOf(const Json& signed_by) {
  std::string comment = TextOf(signed_by, "comment");
  std::ranges::replace(comment, '\t', ' ');
  return Printable(comment);
}

Json Member(const Json& object, const char* name) {
  return object.is_object() ? object.value(name, Json()) : Json();
}

}  // namespace

Json ConnectorJson(const connector::Connector& connector) {
  const connector::Reach reach = connector::ReachOf(connector);
  return {{"fqn", connector.fqn},
          {"version", connector.version},
          {"tools", reach.tools},
          {"overrides", reach.overrides},
          {"operations", connector.operations.size()},
          {"asking", reach.asking},
          {"hosts", reach.hosts},
          {"credentials", reach.credentials}};
}

std::string SignerText(const Json& connector) {
  const Json signed_by = Member(connector, "signed_by");
  if (!signed_by.is_object()) return "nobody";
  const std::string name = TextOf(signed_by, "name");
  const std::string key = Printable(TextOf(signed_by, "key"));
  return name.empty() ? fmt::format("{}, which is no longer in the keyring", key)
                      : fmt::format("{} ({})", Printable(name), key);
}

std::string ReachText(const Json& connector, std::size_t width) {
  std::string text = fmt::format("{} {}\n", Printable(TextOf(connector, "fqn")),
                                 Printable(TextOf(connector, "version")));
  const auto put = [&](std::string_view title, std::string_view value) {
    text += fmt::format("  {}{}\n", Pad(title, kTitleColumns - 2),
                        Wrapped(value, width == 0 ? std::numeric_limits<std::size_t>::max() : width,
                                kTitleColumns));
  };
  if (connector.is_object() && connector.contains("signed_by")) {
    const std::string comment = CommentOf(Member(connector, "signed_by"));
    put("signed by", SignerText(connector) + (comment.empty() ? "" : ": " + comment));
  }
  if (const Json before = Member(connector, "replaces"); before.is_object()) {
    put("replaces",
        fmt::format("{}, signed by {}", Printable(TextOf(before, "version")), SignerText(before)));
  }
  put("tools", Tools(connector));
  put("operations", fmt::format("{}, of which {} ask a person first",
                                TextOf(connector, "operations"), TextOf(connector, "asking")));
  put("hosts", Listed(ListOf(connector, "hosts")));
  put("credentials", Listed(ListOf(connector, "credentials")));
  return text;
}

std::string ReasonsText(const Json& connectors) {
  std::string text;
  for (const Json& one : connectors) {
    const std::string why = TextOf(one, "confirm");
    if (why.empty()) continue;
    text += fmt::format("{}: {}.\n", Printable(TextOf(one, "fqn")), Printable(why));
  }
  return text;
}

std::string SignedComment(const Json& connector) {
  const Json by = Member(connector, "signed_by");
  if (!by.is_object()) return "# not signed\n";
  return fmt::format("# signed by {}: {}\n", SignerText(connector), CommentOf(by));
}

}  // namespace aileron::modes
