// Line: the words of one wrapper, read from the front, and the commands that are found in it.
//
// The shared part of all wrappers (wrappers.h): options by a table, and adding to the reading
// within its limits.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "command/reading.h"

namespace aileron::command {

// A wrapper's options. Long ones are separated by blanks and written without "--"; each may have
// its value attached by "=".
struct OptionTable {
  std::string_view flags;        // letters without a value
  std::string_view valued;       // letters with one
  std::string_view attached;     // letters with one only where it stands in the same word
  std::string_view long_flags;   // without a value, or with one that is always attached
  std::string_view long_valued;  // with one
};

struct Option {
  std::string_view name;  // "-n" is "n", "--adjustment" is "adjustment"
  std::optional<Word> value;
};

class Line {
 public:
  Line(Reading& reading, std::size_t index, std::string_view name)
      : reading_(reading), index_(index), name_(name), own_(reading.commands[index].words) {
    if (!own_.empty()) own_.erase(own_.begin());
  }

  // What is left of the words.
  std::span<const Word> rest() const { return std::span(own_).subspan(at_); }
  bool empty() const { return at_ >= own_.size(); }
  const Word& front() const { return own_[at_]; }
  void Skip() { ++at_; }
  // Puts words in front of what is left.
  void Push(std::span<const Word> words);

  const Command& command() const { return reading_.commands[index_]; }
  std::string_view name() const { return name_; }
  std::string_view Keep(std::string text) { return reading_.texts.Keep(std::move(text)); }

  // The next option, a letter of a cluster at a time. Nothing where the next word is none ("--" is
  // passed), or where the line cannot be read: then lost() or unread.
  std::optional<Option> NextOption(const OptionTable& table);
  // The next words are not known, so that nobody can say which of them is the command.
  bool lost() const { return lost_; }

  // What the line runs. `exact`: a rule that allows may hold for it.
  enum class Exact : std::uint8_t { kNo, kYes };
  void Run(std::vector<Word> words, Exact exact = Exact::kYes, Place place = Place::kLater);
  void RunRest(Exact exact = Exact::kYes, Place place = Place::kLater);
  // It runs what is not known, with what is left of the words among it.
  void RunUnknown();
  void RunText(const Word& text, Shells shells);
  // A shell's commands may be what it runs.
  void KeepShell() { shell_ = command().shell; }
  // It is allowed where all that it runs is.
  void Through() { through_ = true; }
  // What it runs may come to no execution of its own.
  void InProcess() { in_process_ = true; }
  void SetCwd(std::string_view cwd) { cwd_ = cwd; }
  void Unread(std::string why);
  // Says what was found out about the line itself. Once, at the end.
  void Finish();

 private:
  std::optional<Option> LongOption(const OptionTable& table);
  std::optional<Option> ShortOption(const OptionTable& table);
  std::optional<Word> TakeValue();
  std::nullopt_t StopAt(std::string_view option);
  void Add(Command command);

  Reading& reading_;
  std::size_t index_;
  std::string_view name_;
  std::vector<Word> own_;
  std::size_t at_ = 0;
  std::size_t cluster_ = 0;  // the next letter of the word at `at_`; 0: the word is new
  bool lost_ = false;
  bool through_ = false;
  bool unread_ = false;
  bool stopped_ = false;  // by an option that is not known
  Shells shell_ = Shells::kNone;
  bool in_process_ = false;
  std::optional<std::string_view> cwd_;
};

}  // namespace aileron::command
