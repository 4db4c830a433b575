#include "build/dockerfile.h"

#include <algorithm>

#include "base/text.h"

namespace aileron::build {
namespace {

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

struct Instruction {
  std::string name;  // lower case
  std::vector<std::string> words;
  std::size_t line = 0;
};

// Words of a line: blanks within quotes do not part them, and quotes stay.
std::vector<std::string> Words(std::string_view text, char escape) {
  std::vector<std::string> words;
  std::string word;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0' && (c == ' ' || c == '\t')) {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
      continue;
    }
    word += c;
    if (c == escape && quote != '\'' && i + 1 < text.size()) {
      word += text[++i];
    } else if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

class Reader {
 public:
  Reader(std::string_view text, std::string_view file, const image::TextPairs& args)
      : lines_(Split(text, '\n')), file_(file), args_(args) {}

  Result<Dockerfile> Read() {
    ReadDirectives();
    while (true) {
      Instruction instruction = NextInstruction();
      if (instruction.name.empty()) break;
      AILERON_TRY(Take(instruction));
    }
    if (result_.stages.empty()) {
      return Fail(Code::kInvalid, "{}: there is no FROM in it, which names the image to begin with",
                  Printable(file_));
    }
    return std::move(result_);
  }

 private:
  void ReadDirectives() {
    if (lines_[0].starts_with("\xEF\xBB\xBF")) lines_[0].remove_prefix(3);
    for (; at_ < lines_.size(); ++at_) {
      std::string_view line = Trim(lines_[at_]);
      if (!line.starts_with('#')) return;
      line.remove_prefix(1);
      const std::size_t equals = line.find('=');
      if (equals == line.npos) return;
      const std::string key = ToLower(Trim(line.substr(0, equals)));
      const std::string_view value = Trim(line.substr(equals + 1));
      if (key == "syntax") {
        result_.syntax = value;
      } else if (key == "escape" && (value == "\\" || value == "`")) {
        escape_ = value[0];
      } else if (!std::ranges::all_of(key, IsNameByte)) {
        return;  // a comment
      }
    }
  }

  // Its name is empty at the end.
  Instruction NextInstruction() {
    std::string whole;
    std::size_t first = 0;
    bool goes_on = true;
    for (; goes_on && at_ < lines_.size(); ++at_) {
      std::string_view line = lines_[at_];
      const std::string_view bare = Trim(line);
      if (bare.empty() || bare.starts_with('#')) continue;
      if (first == 0) first = at_ + 1;
      line = whole.empty() ? bare : Trim(line, "\r");
      const std::string_view end = line.substr(0, line.find_last_not_of(" \t\r") + 1);
      goes_on = end.ends_with(escape_);
      whole += goes_on ? end.substr(0, end.size() - 1) : line;
    }
    Instruction instruction{.words = Words(whole, escape_), .line = first};
    if (instruction.words.empty()) return instruction;
    instruction.name = ToLower(instruction.words.front());
    instruction.words.erase(instruction.words.begin());
    SkipDocuments(instruction);
    return instruction;
  }

  void SkipDocuments(const Instruction& instruction) {
    const std::string& name = instruction.name;
    if (name != "run" && name != "copy" && name != "add") return;
    for (std::string_view word : instruction.words) {
      word.remove_prefix(std::min(word.find_first_not_of("0123456789"), word.size()));
      if (!word.starts_with("<<") || word.starts_with("<<<")) continue;
      word.remove_prefix(2);
      const bool tabs = word.starts_with('-');
      if (tabs) word.remove_prefix(1);
      const std::string_view end = Trim(word, "\"'");
      if (!end.empty() && std::ranges::all_of(end, IsNameByte)) SkipTo(end, tabs);
    }
  }
  // A document without an end is none to builders that know no documents.
  void SkipTo(std::string_view end, bool tabs) {
    for (std::size_t i = at_; i < lines_.size(); ++i) {
      std::string_view line = Trim(lines_[i], "\r");
      if (tabs) line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
      if (line != end) continue;
      at_ = i + 1;
      return;
    }
  }

  Status Take(const Instruction& instruction) {
    if (instruction.name == "arg" && result_.stages.empty()) {
      for (const std::string& word : instruction.words) Declare(word);
    } else if (instruction.name == "from") {
      return TakeFrom(instruction);
    } else if (instruction.name == "copy" || instruction.name == "add") {
      for (const std::string_view word : instruction.words) {
        if (word.starts_with("--from=")) TakeIn(word.substr(7));
      }
    } else if (instruction.name == "run") {
      for (const std::string_view word : instruction.words) {
        if (!word.starts_with("--")) break;
        if (!word.starts_with("--mount=")) continue;
        for (const std::string_view part : Split(word.substr(8), ',')) {
          if (part.starts_with("from=")) TakeIn(part.substr(5));
        }
      }
    }
    return {};
  }

  Status TakeFrom(const Instruction& instruction) {
    std::vector<std::string_view> words;
    for (const std::string_view word : instruction.words) {
      if (!words.empty() || !word.starts_with("--")) words.push_back(word);
    }
    const bool plain = words.size() == 1 || (words.size() == 3 && EqualsIgnoreCase(words[1], "as"));
    if (!plain) {
      return Fail(Code::kInvalid, "{}:{}: this is not \"FROM IMAGE\" or \"FROM IMAGE AS STAGE\"",
                  Printable(file_), instruction.line);
    }
    TakeIn(Expanded(words[0]));
    result_.stages.emplace_back(words.size() == 3 ? words[2] : std::string_view());
    return {};
  }

  // What is no stage and not "scratch" is an image.
  void TakeIn(std::string_view name) {
    if (name.empty() || name == "scratch" || HasStage(result_, name)) return;
    if (std::ranges::find(result_.images, name) == result_.images.end()) {
      result_.images.emplace_back(name);
    }
  }

  // "NAME" or "NAME=DEFAULT"
  void Declare(std::string_view word) {
    const std::string_view name = word.substr(0, word.find('='));
    const auto given = std::ranges::find(args_, name, &image::TextPairs::value_type::first);
    if (given != args_.end()) {
      known_.emplace_back(name, given->second);
    } else if (name.size() < word.size()) {
      known_.emplace_back(name, Expanded(word.substr(name.size() + 1)));
    }
  }

  // $NAME, ${NAME}, ${NAME:-OTHERWISE} and ${NAME:+INSTEAD}; quotes go. What is not known stays.
  std::string Expanded(std::string_view text) const {
    std::string result;
    for (std::size_t i = 0; i < text.size();) {
      const char c = text[i];
      if (c == '"' || c == '\'') {
        ++i;
      } else if (c == '$') {
        i += Variable(text.substr(i), result);
      } else {
        result += c;
        ++i;
      }
    }
    return result;
  }
  // Adds what the variable at the beginning of `text` stands for; how long it is.
  std::size_t Variable(std::string_view text, std::string& result) const {
    const bool braces = text.starts_with("${");
    std::size_t end = braces ? 2 : 1;
    while (end < text.size() && IsNameByte(text[end])) ++end;
    const std::string_view name = text.substr(braces ? 2 : 1, end - (braces ? 2 : 1));
    std::string_view operation;
    if (braces) {
      const std::size_t close = text.find('}', end);
      operation = text.substr(end, close == text.npos ? close : close - end);
      end = close == text.npos ? text.size() : close + 1;
    }
    // The last one that was declared counts.
    const auto known = std::ranges::find(known_.rbegin(), known_.rend(), name,
                                         &image::TextPairs::value_type::first);
    const bool set = known != known_.rend() && !known->second.empty();
    if (operation.starts_with(":-")) {
      result += set ? std::string_view(known->second) : operation.substr(2);
    } else if (operation.starts_with(":+")) {
      if (set) result += operation.substr(2);
    } else if (known != known_.rend() && operation.empty()) {
      result += known->second;
    } else {
      result += text.substr(0, end);
    }
    return end;
  }

  std::vector<std::string_view> lines_;
  std::string_view file_;
  const image::TextPairs& args_;
  image::TextPairs known_;
  char escape_ = '\\';
  std::size_t at_ = 0;
  Dockerfile result_;
};

}  // namespace

Result<Dockerfile> ReadDockerfile(std::string_view text, std::string_view file,
                                  const image::TextPairs& args) {
  if (text.contains('\0')) {
    return Fail(Code::kInvalid, "{} has a zero byte: it is no Dockerfile", Printable(file));
  }
  return Reader(text, file, args).Read();
}

bool HasStage(const Dockerfile& dockerfile, std::string_view target) {
  const auto named = [&](std::string_view stage) {
    return !stage.empty() && EqualsIgnoreCase(stage, target);
  };
  if (std::ranges::any_of(dockerfile.stages, named)) return true;
  const auto number = ParseInteger<std::size_t>(target);
  return number && *number < dockerfile.stages.size();
}

}  // namespace aileron::build
