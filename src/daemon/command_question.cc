#include "daemon/command_question.h"

#include <algorithm>
#include <span>

#include "approval/body_fields.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "daemon/approvals.h"
#include "daemon/limits.h"

namespace aileron::daemon {

namespace {

constexpr std::string_view kMasked = "(masked)";

constexpr std::string_view kMore = "...";

// Safe to show, in whole words; kMore where there are more than `most` bytes of them.
std::string Joined(const std::vector<std::string>& words, bool cut, std::size_t most) {
  std::string line;
  for (const std::string& word : words) {
    std::string quoted = Printable(word == kMore ? SingleQuoted(word) : ShellQuoted(word));
    cut |= line.size() + quoted.size() > most;
    if (line.size() + quoted.size() > most) break;
    if (!line.empty()) line += ' ';
    line += quoted;
  }
  if (!cut) return line;
  return line.empty() ? std::string(kMore) : fmt::format("{} {}", line, kMore);
}

// What stands in front of a value in one word: "--token=", "API_KEY=", "Authorization: ".
std::size_t ValueAt(std::string_view word) {
  for (const char mark : {'=', ':'}) {
    const std::size_t at = word.find(mark);
    if (at == std::string_view::npos || at == 0) continue;
    if (!approval::NamesSecret(Trim(word.substr(0, at), "-"))) continue;
    return mark == ':' && word.substr(at + 1).starts_with(' ') ? at + 2 : at + 1;
  }
  return std::string_view::npos;
}

// "scheme://user:password@host": from behind the scheme to before the "@".
std::string WithoutUser(std::string word) {
  const std::size_t scheme = word.find("://");
  if (scheme == std::string::npos) return word;
  const std::size_t begin = scheme + 3;
  const std::size_t end = word.find('@', begin);
  const std::size_t path = word.find_first_of("/?#", begin);
  if (end == std::string::npos || (path != std::string::npos && path < end)) return word;
  return word.replace(begin, end - begin, kMasked);
}

std::string WithoutLookAlikes(std::string word, const Sentinels& sentinels) {
  const auto hide = [&](const std::string& value) {
    if (value.empty()) return;
    for (std::size_t at = word.find(value); at != std::string::npos; at = word.find(value, at)) {
      word.replace(at, value.size(), kMasked);
      at += kMasked.size();
    }
  };
  for (const auto& [binding, sentinel] : sentinels) {
    hide(sentinel.value);
    hide(sentinel.secret_key);
  }
  return word;
}

// One word of a command; `named` when the word before it names a secret.
std::string MaskedWord(const std::string& word, bool named, const Sentinels& sentinels) {
  if (named || approval::LooksSecret(word)) return std::string(kMasked);
  if (const std::size_t at = ValueAt(word); at != std::string_view::npos && at < word.size()) {
    return word.substr(0, at).append(kMasked);
  }
  const std::size_t value = word.find('=');
  if (value != std::string::npos &&
      approval::LooksSecret(std::string_view(word).substr(value + 1))) {
    return word.substr(0, value + 1).append(kMasked);
  }
  return WithoutLookAlikes(WithoutUser(word), sentinels);
}

// Whether the next word is a secret: "--password x", "-u user:password".
bool NamesNext(const std::string& word) {
  if (!word.starts_with('-') || word.find('=') != std::string::npos) return false;
  return approval::NamesSecret(Trim(word, "-"));
}

std::vector<std::string> MaskedWords(const std::vector<std::string>& words,
                                     const Sentinels& sentinels) {
  std::vector<std::string> masked;
  bool named = false;
  for (const std::string& word : words) {
    masked.push_back(MaskedWord(word, named, sentinels));
    named = NamesNext(word);
  }
  return masked;
}

// As the command is understood, where that is not the same as its line; masked as well. May be
// empty.
std::string Understood(const mediation::Told& told, std::string_view line,
                       const Sentinels& sentinels) {
  if (told.command.empty()) return {};
  std::vector<std::string> words;
  for (const std::string_view word : Split(told.command, ' ')) words.emplace_back(word);
  const std::string understood = Join(MaskedWords(words, sentinels), " ");
  return understood == line ? "" : Printable(understood);
}

std::string ParentsOf(const mediation::Told& told) {
  std::vector<std::string> parents;
  for (const std::string& parent : told.parents) parents.push_back(ShellQuoted(parent));
  return fmt::format("{}", fmt::join(parents, ", by "));
}

// What was masked makes a difference, and is not kept: its hash is. What was not told makes each
// one its own.
std::string KeyOf(const mediation::Ask& ask, const std::string& line) {
  std::string words = ask.told.executable;
  for (const std::string& word : ask.told.words) words.append(1, '\0').append(word);
  if (ask.told.cut) words += fmt::format("{} {}", ask.number, Now().time_since_epoch().count());
  const auto hash = crypto::Hash(words);
  return fmt::format("command {} in {} #{}", line, ShellQuoted(ask.told.folder),
                     HexEncode(std::span(hash).first<16>()));
}

}  // namespace

std::string CommandLine(const mediation::Told& told, const Sentinels& sentinels) {
  return Joined(MaskedWords(told.words, sentinels), told.cut, std::string::npos);
}

std::string RecordedLine(const mediation::Told& told, const Sentinels& sentinels) {
  const std::vector<std::string> words = MaskedWords(told.words, sentinels);
  std::string line = Joined(words, told.cut, limits::kRecordedLine);
  if (told.command.empty()) return line;
  const std::string understood =
      Understood(told, Joined(words, told.cut, std::string::npos), sentinels);
  return understood.empty() ? line : fmt::format("{} ({})", line, understood);
}

approval::Question QuestionOn(const session::Session& session, const mediation::Ask& ask,
                              const Sentinels& sentinels) {
  const mediation::Told& told = ask.told;
  approval::Question question = QuestionOf(session, approval::Subject::kCommand);
  const std::string line = CommandLine(told, sentinels);
  question.key = KeyOf(ask, line);
  question.title = fmt::format("run {}", line);
  question.fields = {{"command", line}, {"program", told.executable}};
  if (std::string understood = Understood(told, line, sentinels); !understood.empty()) {
    question.fields.push_back({"understood as", std::move(understood)});
  }
  question.fields.push_back({"folder", told.folder});
  if (!told.parents.empty()) question.fields.push_back({"started by", ParentsOf(told)});
  question.fields.push_back({"standard input", told.terminal ? "a terminal" : "no terminal"});
  if (!ask.rule.empty()) question.fields.push_back({"rule", ask.rule});
  if (!ask.reason.empty()) question.fields.push_back({"reason", ask.reason});
  question.opens = told.cut ? "this one execution" : "this program with these words in this folder";
  return question;
}

}  // namespace aileron::daemon
