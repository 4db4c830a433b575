// Tokens and words of shell text: quotes, patterns, assignments.
// Tested by src/command/shell_text_test.cc
#include <array>

#include "command/limits.h"
#include "command/shell_reader.h"

namespace aileron::command {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kMeta = ";&|()<> \t\n";
// Longest first.
constexpr std::array<std::string_view, 11> kBashOperators = {";;&", "&&", "||", ";;", ";&", "|&",
                                                             ";",   "&",  "|",  "(",  ")"};
constexpr std::array<std::string_view, 8> kPosixOperators = {"&&", "||", ";;", ";",
                                                             "&",  "|",  "(",  ")"};
constexpr std::array<std::string_view, 12> kBashRedirections = {
    "&>>", "<<<", "<<-", "&>", "<<", "<>", "<&", ">>", ">&", ">|", "<", ">"};
constexpr std::array<std::string_view, 9> kPosixRedirections = {"<<-", "<<", "<>", "<&", ">>",
                                                                ">&",  ">|", "<",  ">"};

bool In(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNameByte(char c) { return IsNameStart(c) || IsDigit(c); }
bool IsName(std::string_view text) {
  return !text.empty() && IsNameStart(text.front()) && std::ranges::all_of(text, IsNameByte);
}

template <std::size_t kSize>
std::string_view LongestOf(const std::array<std::string_view, kSize>& all, std::string_view text) {
  const auto* found =
      std::ranges::find_if(all, [&](std::string_view each) { return text.starts_with(each); });
  return found == all.end() ? std::string_view() : *found;
}

}  // namespace

void ShellWord::Byte(char c, bool quoted) {
  started = true;
  text += c;
  if (quoted) {
    plain = false;
  } else if (bare + 1 == text.size()) {
    ++bare;
  }
}

void ShellWord::Hole(Word::Count how_many, Word::Holes what) {
  started = true;
  plain = false;
  count = std::max(count, how_many);
  if (what == Word::Holes::kAny) holes = what;
  if (!text.ends_with(kHole)) text += kHole;
}

void ShellWord::Quote() {
  started = true;
  plain = false;
}

Status ShellReader::Work(std::size_t bytes) {
  if (sink_.work < bytes) return Wrong("the text takes too much work to read");
  sink_.work -= bytes;
  return {};
}

Status ShellReader::SkipBlanks() {
  while (!End()) {
    if (In(kBlanks, At())) {
      ++pos_;
    } else if (At() == '\\' && At(1) == '\n') {
      pos_ += 2;
    } else {
      break;
    }
    AILERON_TRY(Work());
  }
  return {};
}

bool ShellReader::AtSubstitutedFile() const {
  return Bash() && (At() == '<' || At() == '>') && At(1) == '(';
}

Result<ShellReader::Token*> ShellReader::Peek() {
  if (!peeked_) {
    token_ = {};
    AILERON_TRY(Lex(token_));
    peeked_ = true;
  }
  return &token_;
}

// "2>", "{fd}<": the descriptor and the operator. False where none stands here.
bool ShellReader::LexRedirection(Token& token) {
  std::size_t ahead = 0;
  while (IsDigit(At(ahead))) ++ahead;
  if (Bash() && At() == '{') {
    ahead = 1;
    while (IsNameByte(At(ahead))) ++ahead;
    if (ahead == 1 || At(ahead) != '}') return false;
    ++ahead;
  }
  const std::string_view rest = text_.substr(std::min(pos_ + ahead, text_.size()));
  const std::string_view op =
      Bash() ? LongestOf(kBashRedirections, rest) : LongestOf(kPosixRedirections, rest);
  if (op.empty() || (op.starts_with('&') && ahead > 0)) return false;
  token.kind = Kind::kRedirection;
  token.descriptor = text_.substr(pos_, ahead);
  token.op = op;
  pos_ += ahead + op.size();
  return true;
}

Status ShellReader::Lex(Token& token) {
  AILERON_TRY(SkipBlanks());
  if (At() == '#' && !End()) {
    const std::size_t line = std::min(text_.find('\n', pos_), text_.size());
    AILERON_TRY(Work(line - pos_));
    pos_ = line;
  }
  token.begin = pos_;
  if (End()) return {};
  if (At() == '\n') {
    ++pos_;
    token.kind = Kind::kNewline;
    return ReadHereDocuments();
  }
  if (!AtSubstitutedFile() && (mode_ != Mode::kRegex || EndsWord(mode_))) {
    if (LexRedirection(token)) return Work(token.op.size());
    const std::string_view rest = text_.substr(pos_);
    const std::string_view op =
        Bash() ? LongestOf(kBashOperators, rest) : LongestOf(kPosixOperators, rest);
    if (!op.empty()) {
      token.kind = Kind::kOperator;
      token.op = op;
      pos_ += op.size();
      return Work(op.size());
    }
  }
  token.kind = Kind::kWord;
  return ReadWord(token.word, mode_);
}

bool ShellReader::EndsWord(Mode mode) const {
  if (End()) return true;
  if (AtSubstitutedFile() && mode != Mode::kRegex) return false;
  if (mode != Mode::kRegex) return In(kMeta, At());
  return In(" \t\n)", At()) || (At() == '&' && At(1) == '&');
}

// A word up to the byte that ends it.
Status ShellReader::ReadWord(ShellWord& word, Mode mode) {
  struct Brace {
    std::size_t text;
    bool list = false;
  };
  std::vector<Brace> braces;
  if (At() == '~') {
    while (!EndsWord(mode) && At() != '/' && !In("'\"$`\\", At())) {
      AILERON_TRY(Work());
      ++pos_;
    }
    word.Hole(Word::Count::kOne, Word::Holes::kAny);
  }
  while (!EndsWord(mode)) {
    AILERON_TRY(Work());
    const bool expands = Bash() && word.value == 0 && mode != Mode::kPattern &&
                         mode != Mode::kCondition && mode != Mode::kRegex;
    const char c = At();
    if (expands && c == '{') {
      braces.push_back({word.text.size()});
    } else if (!braces.empty() && (c == ',' || (c == '.' && At(1) == '.'))) {
      braces.back().list = true;
    } else if (!braces.empty() && c == '}') {
      const Brace brace = braces.back();
      braces.pop_back();
      if (brace.list) {  // {a,b}: some words that have in common what stands around it
        ++pos_;
        word.text.resize(brace.text);
        word.bare = std::min(word.bare, brace.text);
        word.Hole(Word::Count::kSome, Word::Holes::kAny);
        continue;
      }
    }
    AILERON_TRY(ReadUnquoted(word, mode));
  }
  if (word.lost) {
    word.text.clear();
    word.bare = word.value = 0;
    word.Hole(Word::Count::kSome, Word::Holes::kAny);
  }
  return {};
}

// One step of a word outside of quotes.
Status ShellReader::ReadUnquoted(ShellWord& word, Mode mode) {
  const char c = At();
  const bool patterns = mode == Mode::kPattern || mode == Mode::kCondition;
  if (Bash() && patterns && In("?*+@!", c) && At(1) == '(') {
    ++pos_;
    return ReadGroup(word);
  }
  if (mode == Mode::kRegex && c == '(') return ReadGroup(word);
  if (AtSubstitutedFile()) {
    pos_ += 2;
    word.Hole(Word::Count::kOne, Word::Holes::kAny);
    return ReadCommands();
  }
  switch (c) {
    case '\\':
      if (At(1) == '\n') {
        pos_ += 2;
        return {};
      }
      word.Quote();
      if (pos_ + 1 < text_.size()) ++pos_;
      word.Byte(At(), true);
      ++pos_;
      return {};
    case '\'':
      return ReadSingle(word);
    case '"':
      return ReadDouble(word);
    case '`':
      return ReadBackquotes(word, Quoting::kNone);
    case '$':
      return ReadDollar(word, Quoting::kNone);
    case '*':
    case '?':
      if (word.value != 0) break;
      ++pos_;
      word.Hole(Word::Count::kSome, Word::Holes::kName);
      return {};
    case '[': {
      const bool named = word.bare == word.text.size() && IsName(word.text);
      if (Bash() && mode == Mode::kCommand && named) return ReadSubscript(word);
      if (word.value != 0) break;
      return ReadBracket(word);
    }
    case '=':
      if (!Assigns(word, mode)) break;
      word.Byte(c, false);
      word.value = word.text.size();
      ++pos_;
      if (At() == '(' && Bash()) return ReadArray(word);
      if (At() == '~') {
        word.Hole(Word::Count::kOne, Word::Holes::kAny);
        ++pos_;
      }
      return {};
    default:
      break;
  }
  word.Byte(c, false);
  ++pos_;
  return {};
}

// Whether a "=" behind the word makes it an assignment.
bool ShellReader::Assigns(const ShellWord& word, Mode mode) const {
  if (mode != Mode::kCommand && mode != Mode::kDeclare) return false;
  if (word.value != 0 || word.bare != word.text.size()) return false;
  std::string_view name = word.text;
  if (Bash() && name.ends_with('+')) name.remove_suffix(1);
  return IsName(name);
}

// NAME[…]: bash reads up to the "]" whatever stands inside. What is no assignment then is a word
// that is not known.
Status ShellReader::ReadSubscript(ShellWord& word) {
  const Deeper deeper(*this);
  AILERON_TRY(deeper.Check());
  ShellWord inside;
  int open = 0;
  while (!End()) {
    AILERON_TRY(Work());
    if (In("\\'\"`$", At())) {
      AILERON_TRY(ReadUnquoted(inside, Mode::kPattern));
      continue;
    }
    if (At() == '[') ++open;
    if (At() == ']') --open;
    ++pos_;
    if (open == 0) break;
  }
  if (open != 0) return Wrong("a \"[\" is not closed");
  if (At() != '=' && (At() != '+' || At(1) != '=')) word.lost = true;
  return {};
}

// NAME=( words ): what an array holds is not followed.
Status ShellReader::ReadArray(ShellWord& word) {
  const Deeper deeper(*this);
  AILERON_TRY(deeper.Check());
  ++pos_;
  word.Hole(Word::Count::kOne, Word::Holes::kAny);
  while (true) {
    AILERON_TRY(SkipBlanks());
    AILERON_TRY(Work());
    if (End()) return Wrong("the array's \"(\" is not closed");
    if (At() == ')') break;
    if (At() == '\n') {
      ++pos_;
    } else if (At() == '#') {
      pos_ = std::min(text_.find('\n', pos_), text_.size());
    } else if (EndsWord(Mode::kPattern)) {
      return Wrong("\"{}\" stands inside of an array", At());
    } else {
      ShellWord element;
      if (At() == '[') AILERON_TRY(ReadSubscript(element));
      AILERON_TRY(ReadWord(element, Mode::kPattern));
    }
  }
  ++pos_;
  return {};
}

// […] of a pattern, or a "[" that is only that.
Status ShellReader::ReadBracket(ShellWord& word) {
  std::size_t end = pos_ + 1;
  if (end < text_.size() && (text_[end] == '!' || text_[end] == '^')) ++end;
  if (end < text_.size() && text_[end] == ']') ++end;
  while (end < text_.size() && text_[end] != ']' && !In(kMeta, text_[end]) &&
         !In("'\"$`\\/", text_[end])) {
    ++end;
  }
  AILERON_TRY(Work(end - pos_));
  if (end < text_.size() && text_[end] == ']') {
    word.Hole(Word::Count::kSome, Word::Holes::kName);
    pos_ = end + 1;
    return {};
  }
  // With quotes inside it may be a pattern all the same.
  const bool quotes = end < text_.size() && In("'\"$`\\", text_[end]);
  if (quotes && text_.find(']', end) != std::string_view::npos) word.lost = true;
  word.Byte('[', false);
  ++pos_;
  return {};
}

Status ShellReader::ReadSingle(ShellWord& word) {
  word.Quote();
  const std::size_t end = text_.find('\'', pos_ + 1);
  if (end == std::string_view::npos) return Wrong("a ' is not closed");
  AILERON_TRY(Work(end - pos_));
  for (const char c : text_.substr(pos_ + 1, end - pos_ - 1)) word.Byte(c, true);
  pos_ = end + 1;
  return {};
}

Status ShellReader::ReadDouble(ShellWord& word) {
  word.Quote();
  const std::size_t begin = pos_++;
  while (!End() && At() != '"') {
    AILERON_TRY(Work());
    if (At() == '`') {
      AILERON_TRY(ReadBackquotes(word, Quoting::kDouble));
    } else if (At() == '$') {
      AILERON_TRY(ReadDollar(word, Quoting::kDouble));
    } else if (At() == '\\' && At(1) == '\n') {
      pos_ += 2;
    } else {
      if (At() == '\\' && In("$`\"\\", At(1)) && pos_ + 1 < text_.size()) ++pos_;
      word.Byte(At(), true);
      ++pos_;
    }
  }
  if (End()) {
    pos_ = begin;
    return Wrong("a \" is not closed");
  }
  ++pos_;
  return {};
}

// A group of a pattern or a regular expression, with what it substitutes.
Status ShellReader::ReadGroup(ShellWord& word) {
  const Deeper deeper(*this);
  AILERON_TRY(deeper.Check());
  ShellWord inside;
  ++pos_;
  while (!End() && At() != ')') {
    AILERON_TRY(Work());
    if (At() == '(') {
      AILERON_TRY(ReadGroup(inside));
    } else if (In("\\'\"`$", At())) {
      AILERON_TRY(ReadUnquoted(inside, Mode::kPattern));
    } else {
      ++pos_;
    }
  }
  if (End()) return Wrong("a \"(\" of a pattern is not closed");
  ++pos_;
  word.Hole(Word::Count::kSome, Word::Holes::kAny);
  return {};
}

}  // namespace aileron::command
