// What shell text substitutes: parameters, arithmetic, commands, escapes of $'…'.
// Tested by src/command/shell_text_test.cc
#include "command/limits.h"
#include "command/shell_reader.h"

namespace aileron::command {
namespace {

bool In(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || IsDigit(c);
}

void AppendUtf8(ShellWord& word, std::uint32_t point) {
  if (point < 0x80) {
    word.Byte(static_cast<char>(point), true);
    return;
  }
  const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  constexpr std::uint32_t kFirst[] = {0, 0xC0, 0xE0, 0xF0};
  word.Byte(static_cast<char>(kFirst[more] | (point >> (6 * more))), true);
  for (int i = more - 1; i >= 0; --i) {
    word.Byte(static_cast<char>(0x80 | ((point >> (6 * i)) & 0x3F)), true);
  }
}

}  // namespace

Status ShellReader::Deeper::Check() const {
  if (reader_.depth_ <= limits::kShellDepth) return {};
  return reader_.Wrong("more than {} things are inside of each other", limits::kShellDepth);
}

Status ShellReader::ReadDollar(ShellWord& word, Quoting quoting) {
  const char c = At(1);
  const bool bare = quoting == Quoting::kNone;
  const auto splits = bare ? Word::Count::kAny : Word::Count::kOne;
  const auto substitutes = [&](Word::Count count) { word.Hole(count, Word::Holes::kAny); };
  if (c == '(') {
    pos_ += 2;
    if (At() == '(') {
      ++pos_;
      AILERON_ASSIGN(const bool arithmetic, ReadArithmetic());
      if (arithmetic) {
        substitutes(Word::Count::kOne);
        return {};
      }
      --pos_;
    }
    substitutes(splits);
    return ReadCommands();
  }
  if (c == '{') return ReadParameter(word, quoting);
  if (c == '[' && Bash()) return Wrong("write $(( )) for $[ ], which not every shell reads so");
  if (c == '\'' && bare && Bash()) return ReadAnsi(word);
  if (c == '"' && bare && Bash()) {
    ++pos_;
    return ReadDouble(word);
  }
  if (IsNameByte(c) && !IsDigit(c)) {
    pos_ += 2;
    while (IsNameByte(At())) ++pos_;
    substitutes(splits);
  } else if (c == '@') {
    pos_ += 2;
    substitutes(Word::Count::kAny);
  } else if (c == '*' || IsDigit(c) || c == '-') {
    pos_ += 2;
    substitutes(splits);
  } else if (In("#?$!", c) && c != '\0') {
    pos_ += 2;
    substitutes(Word::Count::kOne);
  } else {
    word.Byte('$', !bare);
    ++pos_;
  }
  return {};
}

// ${…}: only its end matters, and the commands inside.
Status ShellReader::ReadParameter(ShellWord& word, Quoting quoting) {
  const Deeper deeper(*this);
  AILERON_TRY(deeper.Check());
  const std::size_t begin = pos_;
  pos_ += 2;
  if (In(" \t\n|", At()) || End()) {
    return Wrong("\"${{\" is followed by what only some shells read, as commands");
  }
  const std::size_t content = pos_;
  // The name and what may stand before it; "#" and the others may be the name itself.
  if (In("#!", At()) && (IsNameByte(At(1)) || In("@*#?$!-", At(1)))) ++pos_;
  if (IsNameByte(At())) {
    while (IsNameByte(At())) ++pos_;
  } else if (In("@*#?$!-", At())) {
    ++pos_;
  } else {
    return Wrong("\"${{\" is not followed by a name");
  }
  AILERON_TRY(ReadParameterText(word, quoting));
  // "${a[@]}" and the like are any number of words, even in quotes.
  const bool many = quoting == Quoting::kNone || In(text_.substr(content, pos_ - content), '@') ||
                    In(text_.substr(content, pos_ - content), '*');
  AILERON_TRY(Work(pos_ - begin));
  word.Hole(many ? Word::Count::kAny : Word::Count::kOne, Word::Holes::kAny);
  return {};
}

// What stands behind the name, up to the "}".
Status ShellReader::ReadParameterText(ShellWord& word, Quoting quoting) {
  ShellWord inside;
  while (!End() && At() != '}') {
    AILERON_TRY(Work());
    if (At() == '\\') {
      pos_ = std::min(pos_ + 2, text_.size());
    } else if (At() == '$') {
      AILERON_TRY(ReadDollar(inside, quoting));
    } else if (At() == '`') {
      AILERON_TRY(ReadBackquotes(inside, quoting));
    } else if (At() == '\'' && quoting != Quoting::kNone) {
      return Wrong("a ' inside of \"${{…}}\" in double quotes is read differently by shells");
    } else if (At() == '"' && quoting == Quoting::kHere) {
      return Wrong("a \" inside of \"${{…}}\" in a here-document is read differently by shells");
    } else if (At() == '\'') {
      AILERON_TRY(ReadSingle(inside));
    } else if (At() == '"') {
      AILERON_TRY(ReadDouble(inside));
    } else if (AtSubstitutedFile() && quoting == Quoting::kNone) {
      pos_ += 2;
      AILERON_TRY(ReadCommands());
    } else {
      ++pos_;
    }
  }
  if (End()) return Wrong("a \"${{\" is not closed");
  ++pos_;
  word.Quote();
  return {};
}

// Behind "((". False where the "))" is missing, so that it is two parentheses; nothing was read.
Result<bool> ShellReader::ReadArithmetic() {
  const Deeper deeper(*this);
  AILERON_TRY(deeper.Check());
  const std::size_t begin = pos_;
  const std::size_t commands = sink_.commands.size();
  ShellWord inside;
  for (int open = 0; !End();) {
    AILERON_TRY(Work());
    const char c = At();
    if (c == ')' && open == 0) break;
    if (c == '(') ++open;
    if (c == ')') --open;
    if (c == '$') {
      AILERON_TRY(ReadDollar(inside, Quoting::kArithmetic));
    } else if (c == '`') {
      AILERON_TRY(ReadBackquotes(inside, Quoting::kArithmetic));
    } else if (c == '\\') {
      pos_ = std::min(pos_ + 2, text_.size());
    } else if (c == '\'' || (c == '"' && !Bash())) {
      return Wrong("quotes behind \"((\" are read differently by shells");
    } else if (c == '"') {
      AILERON_TRY(ReadDouble(inside));
    } else {
      ++pos_;
    }
  }
  if (At() == ')' && At(1) == ')') {
    pos_ += 2;
    return true;
  }
  pos_ = begin;
  sink_.commands.resize(commands);
  return false;
}

// `…`: a text of its own, in which a backslash hides the next "`", "$" and "\".
Status ShellReader::ReadBackquotes(ShellWord& word, Quoting quoting) {
  const Deeper deeper(*this);
  AILERON_TRY(deeper.Check());
  std::string text;
  ++pos_;
  while (!End() && At() != '`') {
    AILERON_TRY(Work());
    if (At() == '\\' && At(1) == '"' && quoting != Quoting::kNone) {
      return Wrong("a \\\" inside of `…` in double quotes is read differently by shells");
    }
    if (At() == '\\' && In("`$\\", At(1)) && pos_ + 1 < text_.size()) ++pos_;
    text += At();
    ++pos_;
  }
  if (End()) return Wrong("a ` is not closed");
  ++pos_;
  word.Hole(quoting == Quoting::kNone ? Word::Count::kAny : Word::Count::kOne, Word::Holes::kAny);
  ShellReader inside(text, dialect_, sink_, depth_);
  if (Status read = inside.ReadAll(); !read) return Wrap(read.error(), "inside of `…`");
  return {};
}

// Behind "$(", "<(" or ">(": the commands up to the ")".
Status ShellReader::ReadCommands() {
  const Deeper deeper(*this);
  AILERON_TRY(deeper.Check());
  // The token ahead is the word that this stands in; the text of here-documents that wait is
  // behind its line.
  const Mode mode = std::exchange(mode_, Mode::kCommand);
  auto pending = std::exchange(pending_, {});
  Token token = std::exchange(token_, {});
  const bool peeked = std::exchange(peeked_, false);
  AILERON_TRY(ReadList());
  AILERON_TRY(Expect(")"));
  if (!pending_.empty()) return Wrong("a here-document has no text before its \")\"");
  mode_ = mode;
  pending_ = std::move(pending);
  token_ = std::move(token);
  peeked_ = peeked;
  return {};
}

// $'…'
Status ShellReader::ReadAnsi(ShellWord& word) {
  word.Quote();
  pos_ += 2;
  while (!End() && At() != '\'') {
    AILERON_TRY(Work());
    if (At() == '\\' && pos_ + 1 < text_.size()) {
      ++pos_;
      AnsiEscape(word);
    } else {
      word.Byte(At(), true);
      ++pos_;
    }
  }
  if (End()) return Wrong("a $' is not closed");
  ++pos_;
  return {};
}

// Behind a backslash. A NUL ends the word in some shells: then it is not known.
void ShellReader::AnsiEscape(ShellWord& word) {
  constexpr std::string_view kNames = "abeEfnrtv";
  constexpr std::string_view kBytes = "\a\b\033\033\f\n\r\t\v";
  const char c = At();
  ++pos_;
  const auto number = [&](int base, int digits) {
    std::uint32_t value = 0;
    for (int i = 0; i < digits; ++i) {
      const char d = At();
      int digit = IsDigit(d)                               ? d - '0'
                  : (d | 0x20) >= 'a' && (d | 0x20) <= 'f' ? (d | 0x20) - 'W'
                                                           : 99;
      if (digit >= base) break;
      value = value * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit);
      ++pos_;
    }
    return value;
  };
  const auto put = [&](std::uint32_t value, bool point) {
    if (value == 0 || value > 0x10FFFF) {
      word.Hole(Word::Count::kOne, Word::Holes::kAny);
    } else if (point) {
      AppendUtf8(word, value);
    } else {
      word.Byte(static_cast<char>(value & 0xFF), true);
    }
  };
  if (const std::size_t at = kNames.find(c); at != std::string_view::npos) {
    word.Byte(kBytes[at], true);
  } else if (c >= '0' && c <= '7') {
    --pos_;
    put(number(8, 3) & 0xFF, false);
  } else if (c == 'x') {
    put(number(16, 2), false);
  } else if (c == 'u' || c == 'U') {
    put(number(16, c == 'u' ? 4 : 8), true);
  } else if (c == 'c') {
    // The end of the quotes is found first: neither ' nor what a backslash hides ends them here.
    if (At() == '\\' && pos_ + 1 < text_.size()) ++pos_;
    put(0, false);
    if (!End() && (At() != '\'' || text_[pos_ - 1] == '\\')) ++pos_;
  } else {
    if (!In("\\'\"?", c)) word.Byte('\\', true);
    word.Byte(c, true);
  }
}

}  // namespace aileron::command
