// Pattern: what a rule says of a command, written as a person types it.
//
//   pattern = program *( blank word ) / program blank regex / regex
//   program = name / path / "*"        git; /usr/bin/git; any program
//   word    = option / operand / "*" / "**" / "--"
//   option  = "-" letters              -rf is the same as -r -f, -fr, -vrf
//           / "--" name [ "=" value ]  --force is not --force-with-lease
//   operand = anything else            push, /etc/passwd, *.env
//   "*"     inside of a word: any bytes; alone: one word that is no option
//   "**"    any number of words, options too
//   regex   = "re:" RE2                over the rest of the line: its words, a blank between each
//
// Quotes and "\" are the shell's: 'a b' is one word, \* a star. A path is a whole one; a name holds
// for every path that ends in it.
//
// Compared in one of two ways:
//
//   kAtLeast  The command has these words, and may have more. Options stand in any order, behind or
//             before operands; a known program's long and short spellings are the same
//             (spellings.h); GNU's abbreviations (--recurs) are the option; "--opt=v" is "--opt v".
//             The first operand, where it is a bare word (letters, digits, "-", "_"), is a
//             subcommand and stands first; the others stand anywhere behind, in their order. A word
//             behind an option may be its value. An operand that is a whole path is met by any
//             spelling of that path. A regex is met anywhere in the line.
//   kExactly  The command has these words and no others: operands in their order, between the same
//             operands the same options in any order. "*" takes no option and no path with "..";
//             "**" stands last. A regex is met by the whole line.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "command/word.h"

namespace re2 {
class RE2;
}

namespace aileron::command {

enum class Extent : std::uint8_t { kAtLeast, kExactly };

class Pattern {
 public:
  // kInvalid says what is wrong, and how it is written instead.
  static Result<Pattern> Parse(std::string_view text);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  // The last part of the program's path or name, by which patterns are found; empty: any program.
  const std::string& key() const { return key_; }
  // The operand that stands first, where it is a known word; empty: there is none.
  const std::string& subcommand() const { return subcommand_; }
  bool names_program_only() const { return elements_.empty() && !regex_; }
  // "**" has a place besides the last.
  bool rest_inside() const { return rest_inside_; }

  // Whether the program is the one that is meant. `cwd` makes a relative path whole.
  Match MatchProgram(const Word& program, std::string_view cwd) const;
  // Whether the pattern names the program by its path.
  bool by_path() const { return by_path_; }
  // The words behind the program. `name`: the program's, for a regex over the whole line.
  Match MatchArguments(std::string_view name, std::span<const Word> words, std::string_view cwd,
                       Extent extent) const;

 private:
  // One option that must be there.
  struct Need {
    char letter = 0;                   // as it is written: a letter, …
    std::string name;                  // … or a name, a glob, …
    std::string word;                  // … or a whole word, a glob
    std::optional<std::string> value;  // a glob
    std::string letters;               // other spellings
    std::string other_name;
    std::string other_word;
  };
  struct Element {
    enum class Kind : std::uint8_t { kNeed, kOperand, kRest, kEndOfOptions };
    Kind kind = Kind::kOperand;
    Need need;
    std::string operand;        // a glob
    bool first = false;         // of kOperand: stands before all others
    bool may_be_value = false;  // of kOperand: it stands behind an option
  };
  class Exact;

  Pattern();
  Status AddProgram(std::string_view glob);
  Status AddWord(const std::string& glob);
  Status AddOption(const std::string& glob);
  void AddNeed(Need need);
  void Finish();
  Status SetRegex(std::string_view text);

  Match AtLeast(std::span<const Word> words, std::string_view cwd) const;
  Match Exactly(std::span<const Word> words) const;
  Match MatchOperands(std::span<const Word> words, std::string_view cwd,
                      std::span<const Element* const> operands) const;
  enum class Guess : std::uint8_t { kNo, kYes };
  static Match MatchNeed(const Need& need, std::span<const Word> words, Guess guess);
  static Match MatchPair(const Need& need, const std::string& value, std::span<const Word> words);

  std::string key_;
  std::string subcommand_;
  std::string program_;       // a glob
  std::string program_tail_;  // "*/name", where it is a name
  bool by_path_ = false;
  bool any_program_ = false;
  bool rest_inside_ = false;
  std::vector<Element> elements_;
  std::unique_ptr<re2::RE2> regex_;
};

}  // namespace aileron::command
