// Wrappers whose lines are words: env, xargs, find, busybox, ld.so.
// Tested by src/command/wrappers_test.cc
#include "command/wrapper_lines.h"

#include "base/text.h"

namespace aileron::command {
namespace {

constexpr std::size_t kStartsMax = 8;  // of find, that are followed one by one

constexpr OptionTable kEnv = {"i0v", "uCSa", "",
                              "ignore-environment null block-signal default-signal ignore-signal "
                              "list-signal-handling debug help version",
                              "unset chdir split-string argv0"};
constexpr OptionTable kXargs = {
    "0rtpxo", "aEdILnPs", "eil",
    "null no-run-if-empty verbose interactive exit open-tty show-limits "
    "replace eof max-lines help version",
    "arg-file delimiter max-args max-procs max-chars process-slot-var"};
constexpr OptionTable kLoader = {"", "", "",
                                 "inhibit-cache list verify help version list-tunables "
                                 "list-diagnostics",
                                 "library-path preload audit inhibit-rpath argv0 "
                                 "glibc-hwcaps-prepend glibc-hwcaps-mask"};

bool Is(const Word& word, std::string_view text) { return word.known() && word.text == text; }

// NAME=value, with a name that is known.
bool IsAssignment(const Word& word) {
  const std::size_t equals = word.text.find('=');
  return equals != std::string_view::npos && equals > 0 && equals < word.text.find(kHole);
}

// env -S: words apart by blanks, with quotes and escapes of its own. Nothing where it cannot be
// read.
std::optional<std::vector<Word>> SplitString(Line& line, const Word& value) {
  if (!value.known()) return std::nullopt;
  std::vector<Word> words;
  std::string text;
  bool started = false;
  char quote = 0;
  const auto end_word = [&] {
    if (started) words.push_back({line.Keep(std::exchange(text, {}))});
    started = false;
  };
  for (std::size_t i = 0; i < value.text.size(); ++i) {
    const char c = value.text[i];
    if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      end_word();
      continue;
    }
    if (quote == 0 && c == '#' && !started) break;
    started = true;
    if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '$' && quote != '\'') {
      const std::size_t close = value.text.find('}', i);
      if (i + 1 >= value.text.size() || value.text[i + 1] != '{' ||
          close == std::string_view::npos) {
        return std::nullopt;
      }
      text += kHole;
      i = close;
    } else if (c == '\\' && (quote != '\'' || value.text.substr(i + 1, 1) == "\\" ||
                             value.text.substr(i + 1, 1) == "'")) {
      const char next = i + 1 < value.text.size() ? value.text[++i] : '\0';
      constexpr std::string_view kSame = "\\\"'$#";
      if (kSame.find(next) == std::string_view::npos || next == '\0') return std::nullopt;
      text += next;
    } else {
      text += c;
    }
  }
  if (quote != 0) return std::nullopt;
  end_word();
  return words;
}

struct Replacing {
  std::string_view mark;
  bool known = true;
};

// The words of a command of find with one start for "{}".
std::vector<Word> FoundWords(Line& line, std::span<const Word> words, const Word& found,
                             bool many) {
  std::vector<Word> run;
  for (const Word& word : words) {
    if (!word.known() || word.text.find("{}") == std::string_view::npos) {
      run.push_back(word);
      continue;
    }
    std::string text(word.text);
    for (std::size_t at = text.find("{}"); at != std::string::npos;
         at = text.find("{}", at + found.text.size())) {
      text.replace(at, 2, found.text);
    }
    run.push_back(
        {line.Keep(std::move(text)), many ? Word::Count::kSome : Word::Count::kOne, found.holes});
  }
  return run;
}

// Where find begins: its operands before the first expression.
std::vector<Word> FindStarts(std::span<const Word> words) {
  std::vector<Word> starts;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view text = words[i].text;
    if (Is(words[i], "-H") || Is(words[i], "-L") || Is(words[i], "-P") || text.starts_with("-O")) {
      continue;
    }
    if (Is(words[i], "-D")) {
      ++i;
      continue;
    }
    if (text.starts_with('-') || text == "(" || text == "!" || text == ")" || text == ",") break;
    starts.push_back(words[i]);
  }
  if (starts.empty()) starts.push_back({"."});
  return starts;
}

}  // namespace

Word WithHoles(Line& line, const Word& word, std::string_view mark) {
  if (word.text.find(mark) == std::string_view::npos) return word;
  std::string text(word.text);
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    text.replace(at, mark.size(), 1, kHole);
  }
  return {line.Keep(std::move(text)), word.count};
}

// env [options] [NAME=value …] [command]
void ReadEnv(Line& line) {
  line.Through();
  bool changes = false;  // a variable may change what an allowed program does
  while (true) {
    const auto option = line.NextOption(kEnv);
    if (!option) {
      if (line.empty() || line.lost() || !Is(line.front(), "-")) break;
      line.Skip();
      continue;
    }
    if (option->name == "C" || option->name == "chdir") line.SetCwd({});
    if (option->name != "S" && option->name != "split-string") continue;
    const auto words = option->value ? SplitString(line, *option->value) : std::nullopt;
    if (!words) return line.Unread("the words of its option -S cannot be told");
    line.Push(*words);
  }
  while (!line.lost() && !line.empty() && IsAssignment(line.front())) {
    changes = true;
    line.Skip();
  }
  line.RunRest(changes ? Line::Exact::kNo : Line::Exact::kYes);
}

// xargs [options] [command], with words that it reads
void ReadXargs(Line& line) {
  line.Through();
  Replacing replacing;
  while (const auto option = line.NextOption(kXargs)) {
    const bool short_i = option->name == "i" || option->name == "replace";
    if (!short_i && option->name != "I") continue;
    replacing.mark = option->value ? option->value->text : "{}";
    replacing.known = !option->value || option->value->known();
  }
  if (line.lost() || !replacing.known) return line.RunUnknown();
  std::vector<Word> words;
  for (const Word& word : line.rest()) {
    words.push_back(replacing.mark.empty() ? word : WithHoles(line, word, replacing.mark));
  }
  if (words.empty()) return;
  if (replacing.mark.empty()) words.push_back(AnyWords());
  line.Run(std::move(words));
}

// find [start …] expression, with -exec, -execdir, -ok, -okdir
void ReadFind(Line& line) {
  const std::vector<Word> words(line.rest().begin(), line.rest().end());
  const std::vector<Word> starts = FindStarts(words);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool here = Is(words[i], "-execdir") || Is(words[i], "-okdir");
    if (!here && !Is(words[i], "-exec") && !Is(words[i], "-ok")) continue;
    const auto begin = words.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    auto end = begin;
    while (end != words.end() && !Is(*end, ";") &&
           !(Is(*end, "+") && end != begin && Is(*(end - 1), "{}"))) {
      ++end;
    }
    const bool many = end != words.end() && end->text == "+";
    const std::span<const Word> command(begin, end);
    const Word somewhere = {std::string_view("\0", 1)};
    if (here) {
      line.SetCwd({});
      line.Run(FoundWords(line, command,
                          {std::string_view("./\0", 3), Word::Count::kOne, Word::Holes::kName},
                          many));
    } else if (starts.size() > kStartsMax) {
      line.Run(FoundWords(line, command, somewhere, many));
    } else {
      for (const Word& start : starts) {
        const bool plain = start.known();
        const Word found = {line.Keep(std::string(start.text) + kHole), Word::Count::kOne,
                            Word::Holes::kBelow};
        line.Run(FoundWords(line, command, plain ? found : somewhere, many));
      }
    }
    i = static_cast<std::size_t>(end - words.begin());
  }
}

// busybox APPLET …
void ReadBusybox(Line& line) {
  line.Through();
  if (line.empty() || (line.front().known() && line.front().text.starts_with("--"))) return;
  line.InProcess();
  line.RunRest(Line::Exact::kYes, Place::kItself);
}

// ld.so [options] PROGRAM …
void ReadLoader(Line& line) {
  while (line.NextOption(kLoader)) {
  }
  line.RunRest(Line::Exact::kNo, Place::kItself);
}

}  // namespace aileron::command
