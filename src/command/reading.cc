#include "command/reading.h"

#include <array>

#include "command/limits.h"
#include "command/wrappers.h"

namespace aileron::command {
namespace {

// Programs that are many, and are told which by their own name.
constexpr std::array<std::string_view, 3> kManyInOne = {"busybox", "coreutils", "toybox"};

bool IsManyInOne(std::string_view name) {
  return std::ranges::find(kManyInOne, name) != kManyInOne.end();
}

void AddChild(Reading& reading, std::size_t by, Command command) {
  if (reading.commands.size() >= limits::kCommands) {
    reading.unread = "there are too many commands";
    return;
  }
  command.by = by;
  command.depth = reading.commands[by].depth + 1;
  reading.commands.push_back(std::move(command));
}

// The command lines that the kernel makes of a script's "#!" lines.
void AddInterpreters(const Execution& execution, Reading& reading) {
  std::string_view file = execution.executable;
  std::vector<Word> behind;
  for (std::size_t i = 1; i < execution.argv.size() && i < limits::kWords; ++i) {
    behind.push_back({execution.argv[i]});
  }
  for (const Interpreter& interpreter : execution.interpreters) {
    behind.insert(behind.begin(), Word{file});
    if (!interpreter.argument.empty()) behind.insert(behind.begin(), Word{interpreter.argument});
    std::vector<Word> words = {{interpreter.path}};
    words.insert(words.end(), behind.begin(), behind.end());
    AddChild(
        reading, 0,
        {.words = std::move(words), .cwd = execution.cwd, .place = Place::kItself, .exact = false});
    file = interpreter.path;
  }
}

// The name by which the execution is a wrapper; empty where it is none.
std::string_view WrapperName(const Execution& execution) {
  const auto is = [](std::string_view path) { return IsWrapper(BaseName(path)); };
  if (is(execution.executable)) return BaseName(execution.executable);
  for (const std::string& link : execution.links) {
    if (is(link)) return BaseName(link);
  }
  return is(execution.asked) ? BaseName(execution.asked) : std::string_view();
}

void ReadItself(const Execution& execution, Reading& reading) {
  if (!execution.interpreters.empty()) AddInterpreters(execution, reading);
  const std::string_view name = WrapperName(execution);
  if (name.empty()) return;
  const std::string_view called =
      execution.argv.empty() ? name : BaseName(std::string_view(execution.argv.front()));
  if (!IsManyInOne(name) || called == name) return Unwrap(reading, 0, name);
  Command applet = {.words = reading.commands[0].words, .cwd = execution.cwd, .in_process = true};
  applet.words.front() = {called};
  reading.commands[0].through = true;
  AddChild(reading, 0, std::move(applet));
}

// What a command that was found runs itself.
void ReadFound(Reading& reading, std::size_t index) {
  const Command& command = reading.commands[index];
  const Word program = command.words.front();
  if (!program.known()) {
    if (program.count != Word::Count::kOne || command.words.size() < 2) return;
    Command behind = command;
    behind.words.erase(behind.words.begin());
    behind.exact = false;
    behind.guessed = true;
    behind.place = Place::kLater;
    return AddChild(reading, index, std::move(behind));
  }
  std::string_view name = BaseName(program.text);
  if (command.shell == Shells::kBash && name.size() > 1 && name.front() == '=') {
    name.remove_prefix(1);  // zsh: the path of a command
    Command plain = command;
    plain.words.front() = {name};
    plain.exact = false;
    return AddChild(reading, index, std::move(plain));
  }
  if (IsWrapper(name)) Unwrap(reading, index, name);
}

}  // namespace

Reading Read(const Execution& execution) {
  Reading reading;
  Command& itself = reading.commands.emplace_back();
  itself.cwd = execution.cwd;
  if (execution.argv.size() > limits::kWords) reading.unread = "its words are too many";
  itself.words.reserve(execution.argv.size());
  for (const std::string& word : execution.argv) {
    if (itself.words.size() == limits::kWords) break;
    itself.words.push_back({word});
  }
  if (itself.words.empty()) itself.words.push_back({execution.executable});
  ReadItself(execution, reading);
  for (std::size_t i = 1; i < reading.commands.size(); ++i) {
    if (reading.commands[i].depth > limits::kWrapperDepth) {
      reading.unread = "too many commands are inside of each other";
      break;
    }
    ReadFound(reading, i);
  }
  return reading;
}

}  // namespace aileron::command
