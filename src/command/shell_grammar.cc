// The grammar of shell text: lists, pipelines, compound commands.
// Tested by src/command/shell_text_test.cc
#include <array>

#include "command/limits.h"
#include "command/shell_reader.h"

namespace aileron::command {
namespace {

constexpr std::array<std::string_view, 8> kClosers = {"then", "else", "elif", "fi",
                                                      "do",   "done", "esac", "}"};
constexpr std::array<std::string_view, 9> kOpeners = {"{",    "if",     "while", "until", "for",
                                                      "case", "select", "[[",    "coproc"};
// What may take NAME=(…) as an argument.
constexpr std::array<std::string_view, 8> kDeclares = {"declare",  "typeset", "local", "export",
                                                       "readonly", "alias",   "eval",  "let"};

template <typename Set>
bool Has(const Set& set, std::string_view word) {
  return std::ranges::find(set, word) != set.end();
}

bool EndsItem(std::string_view op) { return op == ";;" || op == ";&" || op == ";;&"; }

}  // namespace

Status ShellReader::ReadAll() {
  AILERON_TRY(ReadList());
  AILERON_ASSIGN(const Token* token, Peek());
  if (token->kind == Kind::kEnd) return {};
  const std::string what(token->kind == Kind::kWord ? token->word.text : token->op);
  pos_ = token->begin;
  return Wrong("\"{}\" is not expected here", what);
}

Status ShellReader::SkipNewlines() {
  while (true) {
    AILERON_ASSIGN(const Token* token, Peek());
    if (token->kind != Kind::kNewline) return {};
    Next();
  }
}

Result<bool> ShellReader::AtListEnd() {
  AILERON_ASSIGN(const Token* token, Peek());
  switch (token->kind) {
    case Kind::kEnd:
      return true;
    case Kind::kOperator:
      return token->op == ")" || EndsItem(token->op);
    case Kind::kWord:
      return token->word.plain && Has(kClosers, token->word.text);
    default:
      return false;
  }
}

// Commands up to what closes them; there may be none.
Status ShellReader::ReadList() {
  const Deeper deeper(*this);
  AILERON_TRY(deeper.Check());
  while (true) {
    AILERON_TRY(SkipNewlines());
    AILERON_ASSIGN(const bool end, AtListEnd());
    if (end) return {};
    AILERON_TRY(ReadAndOr());
    AILERON_ASSIGN(const Token* token, Peek());
    if (token->kind == Kind::kNewline) continue;
    if (token->kind != Kind::kOperator || (token->op != ";" && token->op != "&")) return {};
    Next();
  }
}

Status ShellReader::ReadBody() {
  AILERON_TRY(SkipNewlines());
  AILERON_ASSIGN(const bool empty, AtListEnd());
  if (empty) return Wrong("a command is missing");
  return ReadList();
}

Status ShellReader::ReadAndOr() {
  while (true) {
    AILERON_TRY(ReadPipeline());
    AILERON_ASSIGN(const Token* token, Peek());
    if (token->kind != Kind::kOperator || (token->op != "&&" && token->op != "||")) return {};
    Next();
    AILERON_TRY(SkipNewlines());
  }
}

Status ShellReader::ReadPipeline() {
  while (true) {
    bool alone = false;  // bash takes "!" and "time" without a command
    AILERON_ASSIGN(bool prefix, Takes("!"));
    while (prefix) {
      alone = Bash();
      AILERON_ASSIGN(prefix, Takes("!"));
    }
    AILERON_ASSIGN(const bool time, Bash() ? Takes("time") : Result<bool>(false));
    if (time) {
      alone = true;
      AILERON_TRY(Takes("-p"));
      AILERON_TRY(Takes("--"));
      AILERON_ASSIGN(prefix, Takes("!"));
    }
    AILERON_ASSIGN(const Token* first, Peek());
    const bool ends = first->kind == Kind::kEnd || first->kind == Kind::kNewline ||
                      (first->kind == Kind::kOperator && first->op != "(");
    if (!alone || !ends) AILERON_TRY(ReadCommand());
    AILERON_ASSIGN(const Token* token, Peek());
    if (token->kind != Kind::kOperator || (token->op != "|" && token->op != "|&")) return {};
    Next();
    AILERON_TRY(SkipNewlines());
  }
}

// Whether the next token is this reserved word; then it is passed.
Result<bool> ShellReader::Takes(std::string_view reserved) {
  AILERON_ASSIGN(const Token* token, Peek());
  if (token->kind != Kind::kWord || !token->word.plain || token->word.text != reserved)
    return false;
  Next();
  return true;
}

Status ShellReader::Expect(std::string_view what) {
  AILERON_ASSIGN(const Token* token, Peek());
  const bool there =
      token->kind == Kind::kOperator
          ? token->op == what
          : token->kind == Kind::kWord && token->word.plain && token->word.text == what;
  if (!there) return Wrong("\"{}\" is missing", what);
  Next();
  return {};
}

Status ShellReader::ReadCommand() {
  const Deeper deeper(*this);
  AILERON_TRY(deeper.Check());
  AILERON_ASSIGN(const Token* token, Peek());
  if (token->kind == Kind::kOperator && token->op == "(") {
    AILERON_TRY(ReadParenthesis());
    return ReadRedirections();
  }
  if (token->kind == Kind::kWord && token->word.plain) {
    const std::string word = token->word.text;
    if (Has(kClosers, word)) return Wrong("\"{}\" is not expected here", word);
    AILERON_ASSIGN(const bool compound, ReadCompound(word));
    if (compound) return word == "coproc" ? Status() : ReadRedirections();
  }
  return ReadSimple();
}

// Whether the word begins a compound command; then that is read.
Result<bool> ShellReader::ReadCompound(std::string_view word) {
  Status (ShellReader::*read)() = nullptr;
  if (word == "{") read = &ShellReader::ReadBraceGroup;
  if (word == "if") read = &ShellReader::ReadIf;
  if (word == "while" || word == "until") read = &ShellReader::ReadWhile;
  if (word == "for" || (word == "select" && Bash())) read = &ShellReader::ReadFor;
  if (word == "case") read = &ShellReader::ReadCase;
  if (Bash() && word == "[[") read = &ShellReader::ReadCondition;
  if (Bash() && word == "coproc") read = &ShellReader::ReadCoproc;
  if (Bash() && word == "function") {
    Next();
    mode_ = Mode::kArgument;
    AILERON_ASSIGN(const Token* name, Peek());
    if (name->kind != Kind::kWord) return Wrong("\"function\" is not followed by a name");
    Next();
    mode_ = Mode::kCommand;
    AILERON_ASSIGN(const Token* open, Peek());
    const bool parenthesis = open->kind == Kind::kOperator && open->op == "(";
    if (parenthesis) {
      Next();
      AILERON_ASSIGN(const Token* close, Peek());
      if (close->kind == Kind::kOperator && close->op == ")") {
        Next();
      } else {  // function NAME ( list )
        AILERON_TRY(ReadBody());
        AILERON_TRY(Expect(")"));
        return true;
      }
    }
    AILERON_TRY(ReadFunctionBody());
    return true;
  }
  if (read == nullptr) return false;
  if (word != "coproc") Next();
  AILERON_TRY((this->*read)());
  return true;
}

Status ShellReader::ReadFunctionBody() {
  AILERON_TRY(SkipNewlines());
  return ReadCommand();
}

Status ShellReader::ReadBraceGroup() {
  AILERON_TRY(ReadBody());
  return Expect("}");
}

// "(": a list in a shell of its own, or "((": arithmetic.
Status ShellReader::ReadParenthesis() {
  const bool twice = Bash() && pos_ < text_.size() && At() == '(';
  Next();
  if (twice) {
    ++pos_;
    AILERON_ASSIGN(const bool arithmetic, ReadArithmetic());
    if (arithmetic) return {};
    --pos_;
  }
  AILERON_TRY(ReadBody());
  return Expect(")");
}

Status ShellReader::ReadIf() {
  AILERON_TRY(ReadBody());
  AILERON_TRY(Expect("then"));
  AILERON_TRY(ReadBody());
  while (true) {
    AILERON_ASSIGN(const bool more, Takes("elif"));
    if (!more) break;
    AILERON_TRY(ReadBody());
    AILERON_TRY(Expect("then"));
    AILERON_TRY(ReadBody());
  }
  AILERON_ASSIGN(const bool otherwise, Takes("else"));
  if (otherwise) AILERON_TRY(ReadBody());
  return Expect("fi");
}

Status ShellReader::ReadWhile() {
  AILERON_TRY(ReadBody());
  AILERON_TRY(Expect("do"));
  AILERON_TRY(ReadBody());
  return Expect("done");
}

Status ShellReader::ReadDoGroup() {
  AILERON_TRY(SkipNewlines());
  AILERON_ASSIGN(const bool braces, Bash() ? Takes("{") : Result<bool>(false));
  if (braces) return ReadBraceGroup();
  AILERON_TRY(Expect("do"));
  AILERON_TRY(ReadBody());
  return Expect("done");
}

// for NAME [in words] and select; for (( … )).
Status ShellReader::ReadFor() {
  AILERON_TRY(SkipBlanks());
  if (Bash() && At() == '(' && At(1) == '(') {
    pos_ += 2;
    AILERON_ASSIGN(const bool arithmetic, ReadArithmetic());
    if (!arithmetic) return Wrong("\"for ((\" is not closed");
  } else {
    mode_ = Mode::kArgument;
    AILERON_ASSIGN(const Token* name, Peek());
    if (name->kind != Kind::kWord || !name->word.plain) return Wrong("\"for\" lacks a name");
    Next();
    AILERON_TRY(SkipNewlines());
    AILERON_ASSIGN(const bool in, Takes("in"));
    while (in) {
      AILERON_ASSIGN(const Token* word, Peek());
      if (word->kind != Kind::kWord) break;
      Next();
    }
    mode_ = Mode::kCommand;
    AILERON_ASSIGN(const Token* end, Peek());
    if (in && end->kind != Kind::kNewline && (end->kind != Kind::kOperator || end->op != ";")) {
      return Wrong("the words of \"for\" are not followed by \";\" or a line");
    }
  }
  AILERON_ASSIGN(const Token* token, Peek());
  if (token->kind == Kind::kOperator && token->op == ";") Next();
  return ReadDoGroup();
}

Status ShellReader::ReadCase() {
  mode_ = Mode::kArgument;
  AILERON_ASSIGN(const Token* subject, Peek());
  if (subject->kind != Kind::kWord) return Wrong("\"case\" lacks a word");
  Next();
  AILERON_TRY(SkipNewlines());
  AILERON_TRY(Expect("in"));
  while (true) {
    mode_ = Mode::kPattern;
    AILERON_TRY(SkipNewlines());
    AILERON_ASSIGN(const bool end, Takes("esac"));
    if (end) break;
    AILERON_TRY(ReadCasePatterns());
    mode_ = Mode::kCommand;
    AILERON_TRY(ReadList());
    AILERON_ASSIGN(const Token* token, Peek());
    if (token->kind != Kind::kOperator || !EndsItem(token->op)) {
      AILERON_TRY(Expect("esac"));
      break;
    }
    Next();
  }
  mode_ = Mode::kCommand;
  return {};
}

// [ "(" ] pattern *( "|" pattern ) ")"
Status ShellReader::ReadCasePatterns() {
  AILERON_ASSIGN(const Token* first, Peek());
  if (first->kind == Kind::kOperator && first->op == "(") Next();
  while (true) {
    AILERON_ASSIGN(const Token* pattern, Peek());
    if (pattern->kind != Kind::kWord) return Wrong("a pattern of \"case\" is missing");
    Next();
    AILERON_ASSIGN(const Token* token, Peek());
    if (token->kind == Kind::kOperator && token->op == ")") break;
    if (token->kind != Kind::kOperator || token->op != "|") {
      return Wrong("a pattern of \"case\" is not followed by \")\"");
    }
    Next();
  }
  Next();
  return {};
}

// Behind "[[": words and operators up to "]]". What they mean does not matter.
Status ShellReader::ReadCondition() {
  bool empty = true;
  int open = 0;
  mode_ = Mode::kCondition;
  while (true) {
    AILERON_ASSIGN(const Token* token, Peek());
    const Mode mode = std::exchange(mode_, Mode::kCondition);
    if (token->kind == Kind::kEnd) return Wrong("\"[[\" is not closed");
    if (token->kind == Kind::kWord) {
      if (token->word.plain && token->word.text == "]]" && mode != Mode::kRegex) break;
      if (token->word.plain && token->word.text == "=~") mode_ = Mode::kRegex;
      empty = false;
    } else if (token->kind == Kind::kOperator) {
      if (token->op == "(") ++open;
      if (token->op == ")" && --open < 0) return Wrong("\")\" is not expected inside of \"[[\"");
      if (token->op != "(" && token->op != ")" && token->op != "&&" && token->op != "||") {
        return Wrong("\"{}\" is not expected inside of \"[[\"", token->op);
      }
    } else if (token->kind == Kind::kRedirection && token->op != "<" && token->op != ">") {
      return Wrong("\"{}\" is not expected inside of \"[[\"", token->op);
    }
    Next();
  }
  if (empty || open != 0) return Wrong("the condition of \"[[\" is not complete");
  mode_ = Mode::kCommand;
  Next();
  return {};
}

// coproc [ NAME ] compound, coproc simple
Status ShellReader::ReadCoproc() {
  Next();
  AILERON_ASSIGN(const Token* token, Peek());
  if (token->kind != Kind::kWord || !token->word.plain || Has(kOpeners, token->word.text)) {
    return ReadCommand();
  }
  const std::size_t begin = token->begin;
  AILERON_TRY(SkipBlanks());
  const std::string_view rest = text_.substr(std::min(pos_, text_.size()));
  const bool named = rest.starts_with('(') || std::ranges::any_of(kOpeners, [&](auto opener) {
                       return rest.starts_with(opener) && rest.size() > opener.size() &&
                              (rest[opener.size()] == ' ' || rest[opener.size()] == '\n' ||
                               rest[opener.size()] == '\t');
                     });
  Next();
  if (!named) pos_ = begin;
  return ReadCommand();
}

Status ShellReader::ReadRedirections() {
  while (true) {
    AILERON_ASSIGN(const Token* token, Peek());
    if (token->kind != Kind::kRedirection) return {};
    sink_.commands.emplace_back();  // of the whole compound: it has no words
    AILERON_TRY(ReadRedirection(sink_.commands.size() - 1));
  }
}

Status ShellReader::ReadSimple() {
  // Its place is taken at once, since its here-documents may be read before its last word.
  const std::size_t index = sink_.commands.size();
  if (index >= limits::kCommands)
    return Wrong("there are more than {} commands", limits::kCommands);
  sink_.commands.emplace_back();
  ShellCommand command;
  bool empty = true;
  bool function = false;
  while (true) {
    AILERON_ASSIGN(Token * token, Peek());
    if (token->kind == Kind::kRedirection) {
      AILERON_TRY(ReadRedirection(index));
    } else if (token->kind == Kind::kWord) {
      ShellWord word = std::move(token->word);
      Next();
      const bool assigns = command.words.empty() && word.value > 0;
      if (!assigns) {
        function = empty;
        mode_ = command.words.empty() && Has(kDeclares, word.text) ? Mode::kDeclare
                : mode_ == Mode::kDeclare                          ? Mode::kDeclare
                                                                   : Mode::kArgument;
      }
      const std::string_view text = sink_.texts.Keep(std::move(word.text));
      if (assigns) {
        std::string_view name = text.substr(0, word.value - 1);
        if (name.ends_with('+')) name.remove_suffix(1);
        command.assignments.push_back({name, {text.substr(word.value)}});
      } else {
        const bool holes = text.find(kHole) != std::string_view::npos;
        command.words.push_back({text, word.count, holes ? word.holes : Word::Holes::kAny});
      }
    } else {
      break;
    }
    empty = false;
  }
  const Token* token = &token_;
  mode_ = Mode::kCommand;
  if (token->kind == Kind::kOperator && token->op == "(" && function && command.words.size() == 1) {
    Next();
    AILERON_TRY(Expect(")"));
    return ReadFunctionBody();
  }
  if (empty) {
    pos_ = token->begin;
    return Wrong("\"{}\" is not expected here",
                 token->kind == Kind::kNewline ? "a line" : token->op);
  }
  sink_.commands[index].assignments = std::move(command.assignments);
  sink_.commands[index].words = std::move(command.words);
  return {};
}

}  // namespace aileron::command
