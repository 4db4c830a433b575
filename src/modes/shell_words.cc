#include "modes/shell_words.h"

#include <algorithm>

namespace aileron::modes {

namespace {

// Behind the opening quote, up to the one that closes.
bool TakeDoubleQuoted(std::string_view& line, std::string& word) {
  while (!line.empty()) {
    char next = line.front();
    line.remove_prefix(1);
    if (next == '"') return true;
    if (next == '\\' && !line.empty() && std::string_view("\"\\$`").contains(line.front())) {
      next = line.front();
      line.remove_prefix(1);
    }
    word += next;
  }
  return false;
}

bool TakeSingleQuoted(std::string_view& line, std::string& word) {
  const std::size_t end = line.find('\'');
  if (end == std::string_view::npos) return false;
  word += line.substr(0, end);
  line.remove_prefix(end + 1);
  return true;
}

}  // namespace

std::optional<std::string> TakeShellWord(std::string_view& line) {
  std::string word;
  while (!line.empty() && line.front() != ' ') {
    char next = line.front();
    line.remove_prefix(1);
    if (next == '\'' || next == '"') {
      const bool closed = next == '"' ? TakeDoubleQuoted(line, word) : TakeSingleQuoted(line, word);
      if (!closed) return std::nullopt;
      continue;
    }
    if (next == '\\' && !line.empty()) {
      next = line.front();
      line.remove_prefix(1);
    }
    word += next;
  }
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return word;
}

std::optional<std::vector<std::string>> ShellWords(std::string_view line) {
  std::vector<std::string> words;
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  while (!line.empty()) {
    auto word = TakeShellWord(line);
    if (!word) return std::nullopt;
    words.push_back(*std::move(word));
  }
  return words;
}

}  // namespace aileron::modes
