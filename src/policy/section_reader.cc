// Tested by src/policy/document_yaml_test.cc.
#include "policy/section_reader.h"

#include <algorithm>

#include "base/text.h"
#include "command/by.h"
#include "command/limits.h"
#include "policy/limits.h"

namespace aileron::policy {
namespace {

std::size_t BytesOf(const YamlNode& node) {
  std::size_t bytes = node.text.size();
  for (const YamlNode& item : node.items) bytes += BytesOf(item);
  return bytes;
}

}  // namespace

std::string SectionReader::IdOf(const Place& place) const {
  return fmt::format("{}:{}", called_, place.line);
}

std::unexpected<Error> SectionReader::Expected(const YamlNode& node, std::string_view key,
                                               std::string_view what) const {
  return At(node.place, fmt::format("{}: expected {}, found {}", key, what, Describe(node)));
}

Status SectionReader::Map(const YamlNode& node, std::string_view what,
                          std::span<const std::string_view> known) const {
  if (node.kind != YamlKind::kMap) {
    return At(node.place, fmt::format("expected {}, a map with {}, found {}", what,
                                      fmt::join(known, ", "), Describe(node)));
  }
  for (const YamlNode& member : node.items) {
    if (std::ranges::find(known, member.key) != known.end()) continue;
    return At(member.key_place, Unknown(member.key, fmt::format("a key of {}", what), known));
  }
  return {};
}

Result<const YamlNode*> SectionReader::Required(const YamlNode& map, std::string_view key,
                                                std::string_view what) const {
  if (const YamlNode* node = map.Find(key)) return node;
  return At(map.place, fmt::format("{} lacks \"{}\"", what, key));
}

Status SectionReader::List(const YamlNode& node, std::string_view key, std::size_t most) const {
  if (node.kind != YamlKind::kList) return Expected(node, key, "a list");
  if (node.items.size() > most) {
    return At(node.place, fmt::format("{}: expected at most {} entries, found {}", key, most,
                                      node.items.size()));
  }
  return {};
}

Status SectionReader::Spread(const YamlNode& entry, const YamlNode& list, std::size_t count) const {
  if ((BytesOf(entry) - BytesOf(list)) * count <= limits::kSpreadMax) return {};
  return At(list.place,
            fmt::format("{} of these with all that the entry says of each are too much; say less, "
                        "or name fewer",
                        count));
}

Result<std::string> SectionReader::Word(const YamlNode& node, std::string_view key) const {
  if (node.kind != YamlKind::kScalar || node.text.empty()) return Expected(node, key, "a word");
  return node.text;
}

Result<std::vector<SectionReader::PlacedWord>> SectionReader::Words(const YamlNode& node,
                                                                    std::string_view key,
                                                                    std::size_t most) const {
  std::vector<PlacedWord> words;
  if (node.kind != YamlKind::kList) {
    if (node.kind != YamlKind::kScalar || node.text.empty()) {
      return Expected(node, key, "a word or a list of words");
    }
    words.push_back({node.place, node.text});
    return words;
  }
  AILERON_TRY(List(node, key, most));
  if (node.items.empty()) {
    return Expected(node, key, "at least one word (leave it out when all are meant)");
  }
  for (const YamlNode& each : node.items) {
    AILERON_ASSIGN(std::string word, Word(each, key));
    words.push_back({each.place, std::move(word)});
  }
  return words;
}

Result<std::size_t> SectionReader::ChoiceOf(const PlacedWord& word, std::string_view key,
                                            std::span<const std::string_view> known) const {
  const auto found = std::ranges::find(known, word.text);
  if (found != known.end()) return static_cast<std::size_t>(found - known.begin());
  return At(word.place, fmt::format("{}: {}", key, Unknown(word.text, "one of its words", known)));
}

Result<std::size_t> SectionReader::Choice(const YamlNode& node, std::string_view key,
                                          std::span<const std::string_view> known) const {
  if (node.kind != YamlKind::kScalar) {
    return Expected(node, key, fmt::format("one of {}", fmt::join(known, ", ")));
  }
  return ChoiceOf({node.place, node.text}, key, known);
}

Result<std::string> SectionReader::Program(const YamlNode& node, std::string_view key) const {
  AILERON_ASSIGN(std::string word, Word(node, key));
  if (word.size() > command::limits::kByMax) {
    return Expected(node, key, fmt::format("at most {} bytes", command::limits::kByMax));
  }
  if (const auto by = command::By::Parse(word); !by) {
    return At(node.place, fmt::format("{}: {}", key, by.error().message));
  }
  return word;
}

Result<std::uint16_t> SectionReader::Port(const YamlNode& node, std::string_view key) const {
  // A quoted number is a text.
  const bool number = node.kind == YamlKind::kScalar && !node.quoted;
  const auto port = number ? ParseInteger<std::uint16_t>(node.text) : std::nullopt;
  // A number has one spelling: what begins with 0 is octal to some readers.
  if (port.value_or(0) == 0 || node.text.starts_with('0')) {
    return Expected(node, key, "a number from 1 to 65535");
  }
  return *port;
}

Result<bool> SectionReader::Flag(const YamlNode& node, std::string_view key) const {
  const bool plain = node.kind == YamlKind::kScalar && !node.quoted;
  if (plain && node.text == "true") return true;
  if (plain && node.text == "false") return false;
  return Expected(node, key, "true or false");
}

Result<Duration> SectionReader::Length(const YamlNode& node, std::string_view key, Duration least,
                                       Duration most) const {
  const auto expected = [&] {
    return Expected(node, key,
                    fmt::format("a length of time from {} to {}, such as 90s or 15m",
                                FormatDuration(least), FormatDuration(most)));
  };
  if (node.kind != YamlKind::kScalar) return expected();
  const auto length = ParseDuration(node.text);
  if (!length || *length < least || *length > most) return expected();
  return *length;
}

}  // namespace aileron::policy
