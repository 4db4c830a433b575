// Redirections and here-documents of shell text.
// Tested by src/command/shell_text_test.cc
#include "command/limits.h"
#include "command/shell_reader.h"

namespace aileron::command {

// The token is a redirection. `command`: whose it is.
Status ShellReader::ReadRedirection(std::size_t command) {
  const Token token = std::move(token_);
  Next();
  const bool input = token.descriptor.empty() || token.descriptor == "0";
  if (token.op.starts_with("<<") && token.op != "<<<") {
    if (pending_.size() >= limits::kHereDocuments) return Wrong("too many here-documents");
    HereDocument here{.strip = token.op == "<<-", .command = input ? command : std::string::npos};
    AILERON_TRY(ReadDelimiter(here));
    pending_.push_back(std::move(here));
    return {};
  }
  AILERON_TRY(SkipBlanks());
  ShellWord target;
  if (!EndsWord(Mode::kArgument)) AILERON_TRY(ReadWord(target, Mode::kArgument));
  if (!target.started) return Wrong("\"{}\" is not followed by a word", token.op);
  if (!input || !token.op.starts_with('<')) return {};
  std::optional<Word>& known = sink_.commands[command].input;
  known.reset();
  if (token.op == "<<<") known = Word{sink_.texts.Keep(std::move(target.text))};
  return {};
}

// The delimiter is not expanded; quotes in it are taken away.
Status ShellReader::ReadDelimiter(HereDocument& here) {
  AILERON_TRY(SkipBlanks());
  const std::size_t begin = pos_;
  while (!EndsWord(Mode::kArgument)) {
    AILERON_TRY(Work());
    const char c = At();
    if (c == '`' || AtSubstitutedFile() || (c == '$' && At(1) != '\0' && At(1) != ' ')) {
      return Wrong("a here-document ends at a word that substitutes: write a plain one");
    }
    if (c == '\\') {
      here.quoted = true;
      if (++pos_ < text_.size() && At() != '\n') here.delimiter += At();
      ++pos_;
    } else if (c == '\'' || c == '"') {
      here.quoted = true;
      ShellWord quoted;
      AILERON_TRY(c == '"' ? ReadDouble(quoted) : ReadSingle(quoted));
      here.delimiter += quoted.text;
    } else {
      here.delimiter += c;
      ++pos_;
    }
  }
  pos_ = std::min(pos_, text_.size());
  if (pos_ == begin) return Wrong("\"<<\" is not followed by a word");
  if (here.delimiter.find_first_of(std::string_view("\n\0", 2)) != std::string::npos) {
    return Wrong("a here-document ends at a word that no line can be");
  }
  return {};
}

// Behind the newline that the here-documents waited for.
Status ShellReader::ReadHereDocuments() {
  const std::vector<HereDocument> pending = std::exchange(pending_, {});
  for (const HereDocument& here : pending) AILERON_TRY(ReadHereDocument(here));
  return {};
}

Status ShellReader::ReadHereDocument(const HereDocument& here) {
  std::string body;
  while (!End()) {
    // A line, and those that a backslash at its end joins to it.
    std::string line;
    bool joined = false;
    while (true) {
      const std::size_t end = std::min(text_.find('\n', pos_), text_.size());
      std::string_view part = text_.substr(pos_, end - pos_);
      AILERON_TRY(Work(part.size() + 1));
      if (here.strip && !joined)
        part.remove_prefix(std::min(part.find_first_not_of('\t'), part.size()));
      pos_ = std::min(end + 1, text_.size());
      const std::size_t last = part.find_last_not_of('\\');
      const std::size_t slashes = part.size() - (last == std::string_view::npos ? 0 : last + 1);
      if (here.quoted || slashes % 2 == 0 || End()) {
        line += part;
        break;
      }
      line += part.substr(0, part.size() - 1);
      joined = true;
    }
    if (line == here.delimiter) {
      if (joined) return Wrong("a joined line that ends a here-document is read differently");
      break;
    }
    body += line + '\n';
  }
  ShellWord word;
  if (here.quoted) {
    word.text = std::move(body);
  } else {
    const Deeper deeper(*this);
    AILERON_TRY(deeper.Check());
    ShellReader inside(body, dialect_, sink_, depth_);
    if (Status read = inside.ReadHereText(word); !read) {
      return Wrap(read.error(), "inside of a here-document");
    }
  }
  if (here.command != std::string::npos) {
    sink_.commands[here.command].input = Word{sink_.texts.Keep(std::move(word.text))};
  }
  return {};
}

Status ShellReader::ReadHereText(ShellWord& word) {
  while (!End()) {
    AILERON_TRY(Work());
    if (At() == '$') {
      AILERON_TRY(ReadDollar(word, Quoting::kHere));
    } else if (At() == '`') {
      AILERON_TRY(ReadBackquotes(word, Quoting::kHere));
    } else {
      const char next = At(1);
      if (At() == '\\' && (next == '$' || next == '`' || next == '\\')) ++pos_;
      word.Byte(At(), true);
      ++pos_;
    }
  }
  return {};
}

}  // namespace aileron::command
