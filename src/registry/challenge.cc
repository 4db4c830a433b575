#include "registry/challenge.h"

#include <optional>

#include "base/text.h"
#include "http/headers.h"
#include "registry/limits.h"

namespace aileron::registry {

namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool done() const { return text_.empty(); }
  bool At(char c) const { return !text_.empty() && text_.front() == c; }
  bool Take(char c) {
    if (!At(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  void SkipBlanks() {
    while (At(' ') || At('\t')) text_.remove_prefix(1);
  }
  void SkipCommas() {
    SkipBlanks();
    while (Take(',')) SkipBlanks();
  }
  // Empty where none begins.
  std::string_view Token() {
    std::size_t size = 0;
    while (size < text_.size() && http::IsToken(text_.substr(size, 1))) ++size;
    const std::string_view token = text_.substr(0, size);
    text_.remove_prefix(size);
    return token;
  }
  std::optional<std::string> QuotedString() {
    if (!Take('"')) return std::nullopt;
    std::string value;
    while (!done() && !At('"')) {
      if (Take('\\') && done()) return std::nullopt;
      value += text_.front();
      text_.remove_prefix(1);
    }
    if (!Take('"')) return std::nullopt;
    return value;
  }
  // A token68's end, which no token has: "Negotiate YWI=".
  void SkipToComma() { text_.remove_prefix(std::min(text_.find(','), text_.size())); }

 private:
  std::string_view text_;
};

}  // namespace

std::string Challenge::Parameter(const std::string& name) const {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string() : found->second;
}

std::vector<Challenge> ParseChallenges(std::string_view field) {
  std::vector<Challenge> challenges;
  if (field.size() > limits::kChallengeMax) return challenges;
  Reader reader(field);
  while (true) {
    reader.SkipCommas();
    const std::string word = ToLower(reader.Token());
    if (word.empty()) return challenges;
    const bool blank = reader.At(' ') || reader.At('\t');
    reader.SkipBlanks();
    if (!reader.Take('=')) {
      challenges.push_back({.scheme = word, .parameters = {}});
      // A scheme is followed by a blank, by a comma or by nothing.
      if (!blank && !reader.At(',') && !reader.done()) return challenges;
      continue;
    }
    reader.SkipBlanks();
    if (challenges.empty()) return challenges;
    if (reader.done() || reader.At('=') || reader.At(',')) {
      reader.SkipToComma();
      continue;
    }
    std::optional<std::string> value;
    if (reader.At('"')) {
      value = reader.QuotedString();
    } else if (const std::string_view token = reader.Token(); !token.empty()) {
      value = std::string(token);
    }
    auto& parameters = challenges.back().parameters;
    if (!value || parameters.size() == limits::kParametersMax) return challenges;
    parameters.emplace(word, *std::move(value));
  }
}

}  // namespace aileron::registry
