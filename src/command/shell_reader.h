// ShellReader: the parser behind shell_text.h. One reader reads one text; what is substituted in it
// is read in place, and backquotes and here-documents by readers of their own.
//
// A reader is a lexer with one token ahead (shell_words.cc, shell_expansions.cc, shell_here.cc)
// under a descent by grammar (shell_grammar.cc). The lexer reads the commands of substitutions as
// it passes them. Every byte that is looked at costs work, so that reading again is bounded as
// well.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "command/shell_text.h"

namespace aileron::command {

// What all readers of one text share.
struct ShellSink {
  Texts& texts;
  std::vector<ShellCommand> commands;  // one without words is dropped at the end
  std::size_t work = 0;                // left
};

// A word while it is read.
struct ShellWord {
  std::string text;
  Word::Count count = Word::Count::kOne;
  Word::Holes holes = Word::Holes::kName;  // kAny as soon as one hole may be anything
  bool plain = true;      // no quotes and nothing substituted: it can be a reserved word
  std::size_t bare = 0;   // so many bytes at the front are literal and not quoted
  std::size_t value = 0;  // of NAME=value, where the value begins; 0: no assignment
  bool started = false;   // '' is a word though it is empty
  bool lost = false;      // its form cannot be told

  void Byte(char c, bool quoted);
  void Hole(Word::Count how_many, Word::Holes what);
  void Quote();
};

class ShellReader {
 public:
  ShellReader(std::string_view text, Dialect dialect, ShellSink& sink, int depth)
      : text_(text), dialect_(dialect), sink_(sink), depth_(depth) {}

  Status ReadAll();                      // the text is a list of commands
  Status ReadHereText(ShellWord& word);  // the text is a here-document that substitutes

 private:
  enum class Kind : std::uint8_t { kEnd, kNewline, kOperator, kRedirection, kWord };
  struct Token {
    Kind kind = Kind::kEnd;
    std::string_view op;
    std::string_view descriptor;  // before a redirection: "2", "{fd}"
    ShellWord word;
    std::size_t begin = 0;
  };
  // What the next word may be.
  enum class Mode : std::uint8_t {
    kCommand,  // an assignment, a reserved word
    kDeclare,  // an argument that may assign: of export
    kArgument,
    kPattern,    // of case
    kCondition,  // inside of [[ ]]
    kRegex,      // behind =~
  };
  enum class Quoting : std::uint8_t { kNone, kDouble, kHere, kArithmetic };
  struct HereDocument {
    std::string delimiter;
    bool quoted = false;
    bool strip = false;
    std::size_t command = 0;  // whose input it is; npos: nobody's
  };
  class Deeper;

  // Bytes.
  char At(std::size_t offset = 0) const {
    return pos_ + offset < text_.size() ? text_[pos_ + offset] : '\0';
  }
  bool End() const { return pos_ >= text_.size(); }
  bool Bash() const { return dialect_ == Dialect::kBash; }
  Status Work(std::size_t bytes = 1);
  template <typename... Args>
  std::unexpected<Error> Wrong(fmt::format_string<Args...> format, Args&&... args) const;

  // Tokens.
  Result<Token*> Peek();
  void Next() { peeked_ = false; }
  Status Lex(Token& token);
  bool LexRedirection(Token& token);
  Status SkipBlanks();
  bool AtSubstitutedFile() const;  // <( or >(

  // Words.
  Status ReadWord(ShellWord& word, Mode mode);
  bool EndsWord(Mode mode) const;
  Status ReadUnquoted(ShellWord& word, Mode mode);
  Status ReadSingle(ShellWord& word);
  Status ReadDouble(ShellWord& word);
  Status ReadAnsi(ShellWord& word);
  void AnsiEscape(ShellWord& word);
  Status ReadGroup(ShellWord& word);  // of a pattern: (a|b)
  Status ReadBracket(ShellWord& word);
  Status ReadArray(ShellWord& word);
  Status ReadSubscript(ShellWord& word);
  bool Assigns(const ShellWord& word, Mode mode) const;

  // Expansions.
  Status ReadDollar(ShellWord& word, Quoting quoting);
  Status ReadParameter(ShellWord& word, Quoting quoting);
  Status ReadParameterText(ShellWord& word, Quoting quoting);
  Result<bool> ReadArithmetic();  // behind "((", up to its "))"; false: it is something else
  Status ReadBackquotes(ShellWord& word, Quoting quoting);
  Status ReadCommands();  // behind "(", up to its ")"

  // Here-documents.
  Status ReadRedirection(std::size_t command);
  Status ReadDelimiter(HereDocument& here);
  Status ReadHereDocuments();
  Status ReadHereDocument(const HereDocument& here);

  // Commands.
  Status ReadList();
  Result<bool> AtListEnd();
  Status SkipNewlines();
  Status ReadAndOr();
  Status ReadPipeline();
  Status ReadCommand();
  Result<bool> ReadCompound(std::string_view word);
  Status ReadSimple();
  Status ReadFunctionBody();
  Status ReadIf();
  Status ReadWhile();
  Status ReadFor();
  Status ReadDoGroup();
  Status ReadCase();
  Status ReadCasePatterns();
  Status ReadCondition();
  Status ReadParenthesis();
  Status ReadCoproc();
  Status ReadBraceGroup();
  Status ReadRedirections();
  Status ReadBody();  // a list with at least one command
  Result<bool> Takes(std::string_view reserved);
  Status Expect(std::string_view what);

  std::string_view text_;
  Dialect dialect_;
  ShellSink& sink_;
  int depth_;
  std::size_t pos_ = 0;
  Mode mode_ = Mode::kCommand;
  Token token_;
  bool peeked_ = false;
  std::vector<HereDocument> pending_;
};

// A level deeper while it lives.
class ShellReader::Deeper {
 public:
  explicit Deeper(ShellReader& reader) : reader_(reader) { ++reader_.depth_; }
  ~Deeper() { --reader_.depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;
  Status Check() const;

 private:
  ShellReader& reader_;
};

template <typename... Args>
std::unexpected<Error> ShellReader::Wrong(fmt::format_string<Args...> format,
                                          Args&&... args) const {
  const auto line = std::ranges::count(text_.substr(0, std::min(pos_, text_.size())), '\n') + 1;
  return Fail(Code::kInvalid, "line {}: {}", line,
              fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace aileron::command
