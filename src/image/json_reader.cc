// Tested by src/image/devcontainer_test.cc.
#include "image/json_reader.h"

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "image/devcontainer_limits.h"

namespace aileron::image {
namespace {

constexpr std::size_t kShownMax = 60;    // of a stranger's word in a message
constexpr std::size_t kKnownShown = 12;  // words that a message lists

}  // namespace

std::string Unknown(std::string_view word, std::string_view what,
                    std::span<const std::string_view> known) {
  const std::string shown = Printable(BeginningOf(word, kShownMax));
  if (const auto near = NearestWord(BeginningOf(word, kShownMax), known)) {
    return fmt::format("\"{}\" is not {}. Did you mean \"{}\"?", shown, what, *near);
  }
  if (known.size() > kKnownShown) return fmt::format("\"{}\" is not {}", shown, what);
  return fmt::format("\"{}\" is not {}. Known are {}", shown, what, fmt::join(known, ", "));
}

std::unexpected<Error> JsonReader::Expected(const JsonNode& node, std::string_view key,
                                            std::string_view what) const {
  return At(node.place, fmt::format("{}: expected {}, found {}", key, what, Describe(node)));
}

Status JsonReader::Object(const JsonNode& node, std::string_view key) const {
  if (node.kind != JsonKind::kObject) return Expected(node, key, "an object");
  if (node.items.size() > limits::kListMax) {
    return At(node.place, fmt::format("{}: expected at most {} members, found {}", key,
                                      limits::kListMax, node.items.size()));
  }
  return {};
}

Status JsonReader::Array(const JsonNode& node, std::string_view key) const {
  if (node.kind != JsonKind::kArray) return Expected(node, key, "an array");
  if (node.items.size() > limits::kListMax) {
    return At(node.place, fmt::format("{}: expected at most {} entries, found {}", key,
                                      limits::kListMax, node.items.size()));
  }
  return {};
}

Status JsonReader::KnownMembers(const JsonNode& node, std::string_view what,
                                std::span<const std::string_view> known) const {
  for (const JsonNode& member : node.items) {
    if (std::ranges::find(known, member.key) != known.end()) continue;
    return At(member.key_place, Unknown(member.key, fmt::format("a key of {}", what), known));
  }
  return {};
}

void JsonReader::WarnOfMembers(const JsonNode& node, std::string_view what,
                               std::span<const std::string_view> known) const {
  for (const JsonNode& member : node.items) {
    if (std::ranges::find(known, member.key) != known.end()) continue;
    Warn(member.key_place, Unknown(member.key, fmt::format("a key of {}", what), known));
  }
}

Result<std::string> JsonReader::Text(const JsonNode& node, std::string_view key) const {
  if (node.kind != JsonKind::kString) return Expected(node, key, "a string");
  if (node.text.contains('\0')) return At(node.place, fmt::format("{}: holds a zero byte", key));
  return node.text;
}

Result<std::string> JsonReader::Word(const JsonNode& node, std::string_view key) const {
  if (node.kind != JsonKind::kString || node.text.empty()) {
    return Expected(node, key, "a string that is not empty");
  }
  return Text(node, key);
}

Result<std::vector<std::string>> JsonReader::Texts(const JsonNode& node,
                                                   std::string_view key) const {
  AILERON_TRY(Array(node, key));
  std::vector<std::string> texts;
  for (const JsonNode& item : node.items) {
    AILERON_ASSIGN(std::string text, Text(item, key));
    texts.push_back(std::move(text));
  }
  return texts;
}

Result<std::vector<std::string>> JsonReader::TextOrTexts(const JsonNode& node,
                                                         std::string_view key) const {
  if (node.kind == JsonKind::kArray) return Texts(node, key);
  if (node.kind != JsonKind::kString) return Expected(node, key, "a string or an array of strings");
  AILERON_ASSIGN(std::string text, Text(node, key));
  return std::vector<std::string>{std::move(text)};
}

Result<TextPairs> JsonReader::Pairs(const JsonNode& node, std::string_view key) const {
  AILERON_TRY(Object(node, key));
  TextPairs pairs;
  for (const JsonNode& item : node.items) {
    const std::string path = fmt::format("{}.{}", key, Printable(BeginningOf(item.key, kShownMax)));
    AILERON_ASSIGN(std::string text, Text(item, path));
    pairs.emplace_back(item.key, std::move(text));
  }
  return pairs;
}

Result<bool> JsonReader::Flag(const JsonNode& node, std::string_view key) const {
  if (node.kind == JsonKind::kTrue) return true;
  if (node.kind == JsonKind::kFalse) return false;
  return Expected(node, key, "true or false");
}

Result<std::string> JsonReader::Choice(const JsonNode& node, std::string_view key,
                                       std::span<const std::string_view> known) const {
  if (node.kind != JsonKind::kString) {
    return Expected(node, key, fmt::format("one of {}", fmt::join(known, ", ")));
  }
  if (std::ranges::find(known, node.text) != known.end()) return node.text;
  return At(node.place, fmt::format("{}: {}", key, Unknown(node.text, "one of its words", known)));
}

Result<std::uint64_t> JsonReader::Number(const JsonNode& node, std::string_view key,
                                         std::uint64_t least, std::uint64_t most) const {
  std::optional<std::uint64_t> number;
  if (node.kind == JsonKind::kNumber) number = ParseInteger<std::uint64_t>(node.text);
  if (!number || *number < least || *number > most) {
    return Expected(node, key, fmt::format("a whole number from {} to {}", least, most));
  }
  return *number;
}

Result<std::uint64_t> JsonReader::Bytes(const JsonNode& node, std::string_view key) const {
  constexpr std::string_view kUnits = "kmgt";
  std::string_view digits = node.text;
  std::size_t shift = 0;
  if (digits.ends_with('b') && digits.size() >= 2) {
    const std::size_t unit = kUnits.find(digits[digits.size() - 2]);
    if (unit != kUnits.npos) {
      shift = 10 * (unit + 1);
      digits.remove_suffix(2);
    }
  }
  const auto number = ParseInteger<std::uint64_t>(digits);
  const bool fits = number && *number <= std::numeric_limits<std::int64_t>::max() >> shift;
  if (node.kind != JsonKind::kString || !fits) {
    return Expected(node, key, "a size such as \"8gb\" (tb, gb, mb or kb)");
  }
  return *number << shift;
}

}  // namespace aileron::image
