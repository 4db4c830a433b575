// Word: one word of a command line, as far as it is known before the command runs.
//
//   form = *( byte / hole )       a hole is a NUL, which no argument of a program can hold
//
// "$HOME/bin/tool" is the form HOLE "/bin/tool"; *.o is HOLE ".o", and stands for some words of
// that form. A form is compared with a glob: "*" stands for any bytes, "\" takes the next byte as
// it is.
#pragma once

#include <cstdint>
#include <forward_list>
#include <span>
#include <string>
#include <string_view>

namespace aileron::command {

// How surely something holds; a later one is surer.
enum class Match : std::uint8_t { kNo, kCouldBe, kMet };

inline constexpr char kHole = '\0';

struct Word {
  enum class Count : std::uint8_t {
    kOne,
    kSome,  // one or more words, each of this form: *.o, {a,b}
    kAny,   // any number of words, whatever their form: $x, "$@", what xargs adds
  };
  enum class Holes : std::uint8_t {
    kAny,    // any bytes
    kBelow,  // no "..": what find finds below a folder
    kName,   // no "/" either: what a shell's "*" stands for
  };

  std::string_view text;  // borrowed: of the execution, or kept by Texts
  Count count = Count::kOne;
  Holes holes = Holes::kAny;

  bool known() const { return count == Count::kOne && text.find(kHole) == std::string_view::npos; }
  bool operator==(const Word&) const = default;
};

inline Word AnyWords() { return {std::string_view("\0", 1), Word::Count::kAny}; }
inline Word AnyWord() { return {std::string_view("\0", 1)}; }

// Keeps the text of words that nobody else holds. Words stay valid for as long as it does.
class Texts {
 public:
  std::string_view Keep(std::string text) { return kept_.emplace_front(std::move(text)); }

 private:
  std::forward_list<std::string> kept_;
};

// Whether a word of the form of `word` meets the glob. kMet only where all of that form do.
Match MatchGlob(std::string_view glob, const Word& word);

// Whether the form begins so, or could.
Match BeginsWith(const Word& word, std::string_view beginning);

// What stands behind the last "/".
std::string_view BaseName(std::string_view path);

// An absolute path without ".", "..", and doubled "/". `cwd` is put before a relative one; without
// a cwd a relative one stays as it is.
std::string NormalPath(std::string_view path, std::string_view cwd);

// The words as a person may read them: quoted where it matters, "?" for what is not known, and at
// most limits::kShownMax bytes.
std::string Shown(std::span<const Word> words);

// The word as a POSIX shell reads it back: 'it'\''s'.
std::string Quoted(std::string_view text);

}  // namespace aileron::command
