#include "command/pattern.h"

#include <re2/re2.h>

#include "base/text.h"
#include "command/limits.h"
#include "command/spellings.h"

namespace aileron::command {
namespace {

constexpr std::string_view kRegexMark = "re:";

// A word of the pattern as a glob: what is quoted is escaped.
struct PatternWord {
  std::string glob;
  std::size_t begin = 0;
};

void AddLiteral(std::string& glob, char c) {
  if (c == '*' || c == '\\') glob += '\\';
  glob += c;
}

// The word that begins at `at`, which is moved behind it.
Result<PatternWord> TakeWord(std::string_view text, std::size_t& at) {
  PatternWord word{.begin = at};
  for (; at < text.size() && text[at] != ' ' && text[at] != '\t'; ++at) {
    const char c = text[at];
    if (c == '\\') {
      if (++at == text.size()) return Fail(Code::kInvalid, "it ends with a backslash");
      AddLiteral(word.glob, text[at]);
    } else if (c == '\'' || c == '"') {
      const std::size_t end = text.find(c, at + 1);
      if (end == std::string_view::npos) return Fail(Code::kInvalid, "a {} is not closed", c);
      for (const char quoted : text.substr(at + 1, end - at - 1)) AddLiteral(word.glob, quoted);
      at = end;
    } else {
      word.glob += c;
    }
  }
  return word;
}

bool IsBare(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

bool IsLetters(std::string_view text) {
  return !text.empty() && text.find_first_of("-_=.:,/+*\\@%") == std::string_view::npos;
}

// The glob without its escapes; nothing where a star is in it.
std::optional<std::string> Literal(std::string_view glob) {
  std::string text;
  for (std::size_t i = 0; i < glob.size(); ++i) {
    if (glob[i] == '*') return std::nullopt;
    if (glob[i] == '\\' && i + 1 < glob.size()) ++i;
    text += glob[i];
  }
  return text;
}

}  // namespace

Pattern::Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Result<Pattern> Pattern::Parse(std::string_view text) {
  if (text.size() > limits::kPatternTextMax) {
    return Fail(Code::kInvalid, "it is longer than {} bytes", limits::kPatternTextMax);
  }
  if (text.find_first_of(std::string_view("\0\n\r", 3)) != std::string_view::npos) {
    return Fail(Code::kInvalid, "it is one line, without control characters");
  }
  Pattern pattern;
  text = Trim(text, " \t");
  std::size_t at = 0;
  if (text.starts_with(kRegexMark)) {
    pattern.any_program_ = true;
    AILERON_TRY(pattern.SetRegex(text.substr(kRegexMark.size())));
    return pattern;
  }
  AILERON_ASSIGN(const PatternWord program, TakeWord(text, at));
  AILERON_TRY(pattern.AddProgram(program.glob));
  for (std::size_t words = 0; at < text.size(); ++words) {
    at = std::min(text.find_first_not_of(" \t", at), text.size());
    if (words == 0 && text.substr(at).starts_with(kRegexMark)) {
      AILERON_TRY(pattern.SetRegex(text.substr(at + kRegexMark.size())));
      return pattern;
    }
    if (words >= limits::kPatternWords) {
      return Fail(Code::kInvalid, "it has more than {} words", limits::kPatternWords);
    }
    AILERON_ASSIGN(const PatternWord word, TakeWord(text, at));
    AILERON_TRY(pattern.AddWord(word.glob));
  }
  pattern.Finish();
  return pattern;
}

Status Pattern::AddProgram(std::string_view glob) {
  if (glob.empty()) {
    return Fail(Code::kInvalid, "it names no program: write it as in \"git push --force\"");
  }
  if (glob == "*" || glob == "**") {
    any_program_ = true;
    return {};
  }
  const bool slash = glob.find('/') != std::string_view::npos;
  if (slash && !glob.starts_with('/') && !glob.starts_with('*')) {
    return Fail(Code::kInvalid,
                "\"{}\" is neither a name, as \"git\", nor a whole path, as \"/usr/bin/git\"",
                Printable(glob));
  }
  if (glob.starts_with('-') || glob.find('=') < glob.find('/')) {
    return Fail(Code::kInvalid, "\"{}\" is no program: write its name first, as in \"git push\"",
                Printable(glob));
  }
  by_path_ = slash;
  program_ = glob;
  if (!slash) program_tail_ = fmt::format("*/{}", glob);
  key_ = Literal(BaseName(glob)).value_or("");
  return {};
}

Status Pattern::SetRegex(std::string_view text) {
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);  // words are bytes
  options.set_dot_nl(true);                                 // a line break in a word hides nothing
  options.set_log_errors(false);
  options.set_max_mem(static_cast<std::int64_t>(limits::kRegexMemory));
  regex_ = std::make_unique<re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!regex_->ok()) {
    return Fail(Code::kInvalid, "the regular expression is not one of RE2's: {}",
                Printable(regex_->error()));
  }
  return {};
}

Status Pattern::AddWord(const std::string& glob) {
  using Kind = Element::Kind;
  const bool options =
      std::ranges::find(elements_, Kind::kEndOfOptions, &Element::kind) == elements_.end();
  if (glob == "**") {
    elements_.push_back({.kind = Kind::kRest});
  } else if (glob == "--" && options) {
    elements_.push_back({.kind = Kind::kEndOfOptions});
  } else if (options && glob.size() > 1 && glob.starts_with('-')) {
    return AddOption(glob);
  } else {
    const bool behind = !elements_.empty() && elements_.back().kind == Kind::kNeed &&
                        !elements_.back().need.value && elements_.back().need.word.empty();
    elements_.push_back({.kind = Kind::kOperand, .operand = glob, .may_be_value = behind});
  }
  return {};
}

Status Pattern::AddOption(const std::string& glob) {
  const std::string_view text = glob;
  if (text.starts_with("--")) {
    const std::size_t equals = std::min(text.find('='), text.size());
    Need need{.name = std::string(text.substr(2, equals - 2))};
    if (need.name.empty()) return Fail(Code::kInvalid, "\"{}\" is no option", Printable(text));
    if (equals < text.size()) need.value = text.substr(equals + 1);
    AddNeed(std::move(need));
  } else if (HasWordOptions(key_)) {
    const std::size_t equals = std::min(text.find('='), text.size());
    Need need{.name = std::string(text.substr(1, equals - 1))};
    if (equals < text.size()) need.value = text.substr(equals + 1);
    AddNeed(std::move(need));
  } else if (!IsLetters(text.substr(1))) {
    AddNeed({.word = glob});
  } else {
    for (const char letter : text.substr(1)) AddNeed({.letter = letter});
  }
  return {};
}

void Pattern::AddNeed(Need need) {
  elements_.push_back({.kind = Element::Kind::kNeed, .need = std::move(need)});
}

// What needs the whole pattern: the subcommand, and by it other spellings of its options.
void Pattern::Finish() {
  using Kind = Element::Kind;
  std::string_view subcommand;
  bool rest = false;
  for (Element& element : elements_) {
    if (element.kind == Kind::kRest) {
      rest = true;
      rest_inside_ |= &element != &elements_.back();
    }
    if (element.kind != Kind::kOperand) continue;
    element.first = !rest && IsBare(element.operand) && !TakesOperandsOnly(key_);
    subcommand = element.operand;
    if (element.first) subcommand_ = element.operand;
    break;
  }
  for (const Element& element : elements_) {
    rest_inside_ |= element.kind == Kind::kRest && &element != &elements_.back();
  }
  for (Element& element : elements_) {
    if (element.kind != Kind::kNeed) continue;
    Need& need = element.need;
    const Spelling* spelling = need.letter != 0     ? FindSpelling(key_, subcommand, need.letter)
                               : !need.name.empty() ? FindSpelling(key_, subcommand, need.name)
                                                    : nullptr;
    if (spelling == nullptr) continue;
    need.letters = spelling->letters;
    need.other_name = spelling->name;
    need.other_word = spelling->word;
  }
}

Match Pattern::MatchProgram(const Word& program, std::string_view cwd) const {
  if (any_program_) return Match::kMet;
  if (!by_path_ && program.known()) return MatchGlob(program_, {BaseName(program.text)});
  if (!by_path_) return std::max(MatchGlob(program_, program), MatchGlob(program_tail_, program));
  if (!program.known()) {
    return std::max(MatchGlob(program_, program), MatchGlob(BaseName(program_), program));
  }
  if (program.text.find('/') == std::string_view::npos) {  // looked up in PATH
    return MatchGlob(BaseName(program_), program);
  }
  const Match as_written = MatchGlob(program_, program);
  if (as_written == Match::kMet) return as_written;
  return MatchGlob(program_, {NormalPath(program.text, cwd)});
}

Match Pattern::MatchArguments(std::string_view name, std::span<const Word> words,
                              std::string_view cwd, Extent extent) const {
  if (!regex_) return extent == Extent::kAtLeast ? AtLeast(words, cwd) : Exactly(words);
  std::string line(any_program_ ? name : "");
  bool known = true;
  for (const Word& word : words) {
    known &= word.known();
    if (any_program_ || &word != words.data()) line += ' ';
    line += word.text;
  }
  if (!known) return extent == Extent::kAtLeast ? Match::kCouldBe : Match::kNo;
  const re2::StringPiece text(line.data(), line.size());
  const bool met = extent == Extent::kAtLeast ? re2::RE2::PartialMatch(text, *regex_)
                                              : re2::RE2::FullMatch(text, *regex_);
  return met ? Match::kMet : Match::kNo;
}

}  // namespace aileron::command
