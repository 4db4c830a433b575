#include "connector/import_text.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "connector/limits.h"
#include "connector/names.h"

namespace aileron::connector {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// How many bytes the tag at the start of `text` has; 0 for what is none ("a < b").
std::size_t TagLength(std::string_view text) {
  constexpr std::size_t kTagMax = 300;
  if (text.size() < 3 || !(IsLetter(text[1]) || text[1] == '/')) return 0;
  const std::size_t end = text.substr(0, kTagMax).find('>');
  return end == std::string_view::npos ? 0 : end + 1;
}

// How many bytes the character at the start of `text` has, by its first one.
std::size_t CharacterLength(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  return std::min(length, text.size());
}

std::string Cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  constexpr std::string_view kMore = "…";
  std::size_t end = BeginningOf(text, most - kMore.size()).size();
  const std::size_t blank = text.rfind(' ', end);
  if (blank != std::string::npos && blank > end / 2) end = blank;
  text.resize(end);
  return text + std::string(kMore);
}

}  // namespace

std::string CleanText(std::string_view text, std::size_t most) {
  // Beyond this there is little left of a text but tags and blanks.
  constexpr std::size_t kReadFactor = 16;
  text = text.substr(0, most * kReadFactor);
  std::string clean;
  while (!text.empty() && clean.size() <= most) {
    const char c = text.front();
    if (c == '<') {
      if (const std::size_t tag = TagLength(text); tag > 0) {
        text.remove_prefix(tag);
        continue;
      }
    }
    if (c == ' ' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      if (!clean.empty() && !clean.ends_with(' ')) clean += ' ';
      text.remove_prefix(1);
      continue;
    }
    const std::string_view character = text.substr(0, CharacterLength(text));
    if (static_cast<unsigned char>(c) < 0x80 || Printable(character) == character) {
      clean += character;
      text.remove_prefix(character.size());
    } else {
      text.remove_prefix(IsUtf8(character) ? character.size() : 1);
    }
  }
  return Cut(std::string(Trim(clean)), most);
}

std::string FirstSentence(std::string_view text, std::size_t most) {
  std::string clean = CleanText(text, limits::kImportedTextMax);
  if (const std::size_t end = clean.find(". "); end != std::string::npos) clean.resize(end);
  if (clean.ends_with('.')) clean.pop_back();
  return Cut(std::move(clean), most);
}

std::string WordOfName(std::string_view name) {
  std::string plain(name.substr(0, limits::kOperationNameMax));
  for (char& c : plain) {
    if (!IsLetter(c) && !IsDigit(c)) c = '-';
  }
  std::string word = FlagName(plain);
  const std::size_t first =
      static_cast<std::size_t>(std::ranges::find_if(word, IsLetter) - word.begin());
  return word.substr(first);
}

std::string OperationNameOf(std::string_view name) {
  std::string joined;
  std::string plain(name.substr(0, limits::kOperationNameMax));
  for (char& c : plain) {
    if (c == '/' || c == ':' || c == '#') c = '.';
  }
  for (const std::string_view part : Split(plain, '.')) {
    const std::string word = WordOfName(part);
    if (word.empty()) continue;
    if (!joined.empty()) joined += '.';
    joined += word;
  }
  // Room for a number behind it.
  constexpr std::size_t kNumberMax = 8;
  if (joined.size() > limits::kOperationNameMax - kNumberMax) {
    joined.resize(limits::kOperationNameMax - kNumberMax);
  }
  while (joined.ends_with('.') || joined.ends_with('-')) joined.pop_back();
  return joined;
}

std::string InputNameOf(std::string_view name) {
  constexpr std::size_t kNumberMax = 8;
  std::string input;
  for (const char c : name) {
    if (input.size() >= limits::kInputNameMax - kNumberMax) break;
    if (IsLetter(c) || (!input.empty() && (IsDigit(c) || c == '_' || c == '-'))) {
      input += c;
    } else if (!input.empty() && !input.ends_with('_')) {
      input += '_';
    }
  }
  while (input.ends_with('_') && !name.ends_with('_')) input.pop_back();
  const std::string flag = FlagName(input);
  if (flag.empty()) return "value";
  return flag == "help" ? "help_value" : input;
}

std::string NameOfRequest(std::string_view method, std::string_view path) {
  constexpr std::size_t kGroupsMax = 4;
  std::vector<std::string> words;
  bool one = false;  // the last segment is an input: one thing, not a list
  for (const std::string_view segment : Split(path, '/')) {
    if (segment.empty()) continue;
    one = segment.starts_with('{');
    if (one) continue;
    if (std::string word = WordOfName(segment); !word.empty()) words.push_back(std::move(word));
  }
  if (words.empty()) words.emplace_back("root");
  if (words.size() > kGroupsMax) {
    words.erase(words.begin(), words.end() - static_cast<std::ptrdiff_t>(kGroupsMax));
  }
  std::string verb = ToLower(method);
  if (method == "GET" && !one) verb = "list";
  if (method == "POST") verb = "create";
  if (method == "PUT") verb = "replace";
  if (method == "PATCH") verb = "update";
  return OperationNameOf(Join(words, ".") + "." + verb);
}

}  // namespace aileron::connector
