// The part that all wrappers share.
// Tested by src/command/wrappers_test.cc
#include "command/line.h"

#include "base/text.h"
#include "command/limits.h"

namespace aileron::command {
namespace {

bool In(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }

// The long option that `name` means: itself, or the only one that begins so.
struct Named {
  std::string_view name;  // empty: none, or more than one
  bool exact = false;
};
Named FindLong(std::string_view names, std::string_view name) {
  Named found;
  int begins = 0;
  for (const std::string_view each : Split(names, ' ')) {
    if (each == name) return {each, true};
    if (!each.empty() && each.starts_with(name)) {
      ++begins;
      found.name = each;
    }
  }
  return begins == 1 ? found : Named();
}

}  // namespace

void Line::Push(std::span<const Word> words) {
  own_.insert(own_.begin() + static_cast<std::ptrdiff_t>(at_), words.begin(), words.end());
}

std::optional<Option> Line::NextOption(const OptionTable& table) {
  if (lost_ || stopped_ || empty()) return std::nullopt;
  if (cluster_ > 0) return ShortOption(table);
  const Word& word = front();
  if (word.count != Word::Count::kOne) {
    lost_ = true;
    return std::nullopt;
  }
  if (word.text.size() < 2 || word.text.front() != '-') return std::nullopt;
  if (word.text == "--") {
    Skip();
    return std::nullopt;
  }
  if (word.text.starts_with("--")) return LongOption(table);
  cluster_ = 1;
  return ShortOption(table);
}

// The next word, which is an option's value.
std::optional<Word> Line::TakeValue() {
  if (empty()) return std::nullopt;
  if (front().count == Word::Count::kAny) lost_ = true;
  const Word word = front();
  Skip();
  return word;
}

std::optional<Option> Line::ShortOption(const OptionTable& table) {
  const Word word = front();
  const std::string_view name = word.text.substr(cluster_, 1);
  const char letter = name.front();
  if (letter == kHole) {
    lost_ = true;
    return std::nullopt;
  }
  const bool last = cluster_ + 1 == word.text.size();
  if (In(table.flags, letter)) {
    cluster_ = last ? 0 : cluster_ + 1;
    if (last) Skip();
    return Option{name};
  }
  if (!In(table.valued, letter) && !In(table.attached, letter)) {
    return StopAt(fmt::format("-{}", name));
  }
  std::optional<Word> value;
  if (!last) value = Word{word.text.substr(cluster_ + 1), word.count, word.holes};
  cluster_ = 0;
  Skip();
  if (last && In(table.valued, letter)) value = TakeValue();
  return Option{name, value};
}

std::optional<Option> Line::LongOption(const OptionTable& table) {
  const Word word = front();
  const std::string_view text = word.text.substr(2);
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const Named flag = FindLong(table.long_flags, name);
  const Named valued = FindLong(table.long_valued, name);
  const bool has_value = valued.exact || (flag.name.empty() && !valued.name.empty());
  const bool ambiguous = !flag.exact && !valued.exact && !flag.name.empty() && !valued.name.empty();
  if (ambiguous || (flag.name.empty() && valued.name.empty())) {
    return StopAt(fmt::format("--{}", name));
  }
  Skip();
  if (equals != std::string_view::npos) {
    const Word value{text.substr(equals + 1), word.count, word.holes};
    return Option{has_value ? valued.name : flag.name, value};
  }
  if (!has_value) return Option{flag.name};
  return Option{valued.name, TakeValue()};
}

std::nullopt_t Line::StopAt(std::string_view option) {
  stopped_ = true;
  Unread(fmt::format("its option {} is not known", Printable(option)));
  return std::nullopt;
}

void Line::Add(Command command) {
  reading_.passed_on += command.words.size();
  if (command.depth > limits::kWrapperDepth) {
    Unread(fmt::format("more than {} commands are inside of each other", limits::kWrapperDepth));
  } else if (reading_.commands.size() >= limits::kCommands) {
    Unread(fmt::format("there are more than {} commands", limits::kCommands));
  } else if (reading_.passed_on > limits::kWrapperWords) {
    Unread("its words are too many");
  } else {
    reading_.commands.push_back(std::move(command));
  }
}

void Line::Run(std::vector<Word> words, Exact exact, Place place) {
  if (words.empty() || stopped_) return;
  const Command& self = command();
  const bool builtin = shell_ != Shells::kNone && IsShellBuiltin(words.front().text);
  Add({.words = std::move(words),
       .cwd = cwd_.value_or(self.cwd),
       .by = index_,
       .depth = self.depth + 1,
       .place = self.in_process || builtin     ? Place::kItself
                : self.place == Place::kItself ? place
                                               : Place::kLater,
       .shell = shell_,
       .exact = exact == Exact::kYes && self.exact,
       .in_process = in_process_ || self.in_process});
}

void Line::RunRest(Exact exact, Place place) {
  if (lost_) return RunUnknown();
  Run({rest().begin(), rest().end()}, exact, place);
}

void Line::RunUnknown() {
  std::vector<Word> words = {AnyWords(), AnyWords()};
  words.insert(words.end(), rest().begin(), rest().end());
  Run(std::move(words), Exact::kNo);
}

void Line::RunText(const Word& text, Shells shells) {
  if (stopped_) return;
  if (!text.known()) {
    at_ = own_.size();
    return RunUnknown();
  }
  const Command self = {.cwd = cwd_.value_or(command().cwd),
                        .by = index_,
                        .depth = command().depth + 1,
                        .shell = shells,
                        .in_process = command().in_process};
  std::vector<ShellText> read;
  if (shells != Shells::kPosix) {
    read.push_back(ReadShellText(text.text, Dialect::kBash, reading_.texts));
  }
  if (shells != Shells::kBash) {
    read.push_back(ReadShellText(text.text, Dialect::kPosix, reading_.texts));
  }
  if (std::ranges::none_of(read, [](const ShellText& each) { return each.status.has_value(); })) {
    Unread(read.front().status.error().message);
  }
  std::vector<ShellCommand> parts = std::move(read.front().commands);
  if (read.size() > 1 && read[1].commands != parts) {
    const std::size_t first = parts.size();
    for (ShellCommand& each : read[1].commands) {
      const auto end = parts.begin() + static_cast<std::ptrdiff_t>(first);
      if (std::find(parts.begin(), end, each) == end) parts.push_back(std::move(each));
    }
  }
  const bool moves = std::ranges::any_of(parts, [](const ShellCommand& each) {
    const std::string_view name = each.words.front().text;
    return name == "cd" || name == "pushd" || name == "popd" || !each.words.front().known();
  });
  for (ShellCommand& part : parts) {
    Command command = self;
    const Word& program = part.words.front();
    const bool builtin = program.known() && IsShellBuiltin(program.text);
    command.place = builtin || self.in_process ? Place::kItself : Place::kLater;
    command.exact = part.assignments.empty();
    if (moves) command.cwd = {};
    // Of a first word that may be several the others are words as well.
    if (program.count != Word::Count::kOne) part.words.insert(part.words.begin(), AnyWords());
    command.words = std::move(part.words);
    command.input = part.input;
    Add(std::move(command));
  }
}

void Line::Unread(std::string why) {
  unread_ = true;
  if (reading_.unread.empty()) reading_.unread = fmt::format("{}: {}", name_, std::move(why));
}

void Line::Finish() { reading_.commands[index_].through = through_ && !unread_ && !lost_; }

}  // namespace aileron::command
