#include "launch/git_config.h"

#include <algorithm>

#include "base/text.h"

namespace aileron::launch {

namespace {

// git's own idea of these, which no locale changes.
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsKeyChar(char c) { return IsAlpha(c) || (c >= '0' && c <= '9') || c == '-'; }

std::string Quoted(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    switch (c) {
      case '\n':
        text += "\\n";
        break;
      case '\t':
        text += "\\t";
        break;
      case '\b':
        text += "\\b";
        break;
      case '"':
      case '\\':
        text += '\\';
        [[fallthrough]];
      default:
        text += c;
    }
  }
  return text + '"';
}

// Quotes only where git would read another value without them.
std::string WrittenValue(const std::string& value) {
  const bool plain = !value.empty() && !IsSpace(value.front()) && !IsSpace(value.back()) &&
                     value.find_first_of("\"\\;#\n\t\b\r") == std::string::npos;
  return plain || value.empty() ? value : Quoted(value);
}

std::string Line(std::string_view name, const GitValue& value) {
  if (!value) return fmt::format("\t{}\n", name);
  return fmt::format("\t{} = {}\n", name, WrittenValue(*value));
}

std::string Header(const GitKeyParts& key) {
  if (key.subsection.data() == nullptr) return fmt::format("[{}]\n", key.section);
  std::string subsection;
  for (const char c : key.subsection) {
    if (c == '"' || c == '\\') subsection += '\\';
    subsection += c;
  }
  return fmt::format("[{} \"{}\"]\n", key.section, subsection);
}

// Whether its last line ends with a backslash that is not escaped.
bool IsContinued(std::string_view text) {
  if (!text.ends_with('\n')) return false;
  text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  const std::size_t last = text.find_last_not_of('\\');
  return (text.size() - (last == std::string_view::npos ? 0 : last + 1)) % 2 != 0;
}

std::string SectionOf(std::string_view key) { return std::string(key.substr(0, key.rfind('.'))); }

}  // namespace

GitKeyParts SplitGitKey(std::string_view key) {
  const std::size_t first = key.find('.'), last = key.rfind('.');
  GitKeyParts parts{key.substr(0, first), {}, key.substr(last + 1)};
  if (first != last) parts.subsection = key.substr(first + 1, last - first - 1);
  return parts;
}

// Walks over the text once, as git does: a character at a time, CR LF read as LF, the end of the
// file as the end of a line.
class GitConfigReader {
 public:
  explicit GitConfigReader(GitConfig& config) : config_(config), text_(config.text_) {}

  Status Read() {
    if (text_.size() > kGitConfigMax) {
      return Fail(Code::kInvalid, "it is larger than {} KiB", kGitConfigMax >> 10);
    }
    if (text_.find('\0') != std::string_view::npos) return Bad("a NUL byte");
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (IsSpace(c)) {
        Next();
      } else if (c == '#' || c == ';') {
        while (at_ < text_.size() && Next() != '\n') {
        }
      } else if (c == '[') {
        AILERON_TRY(ReadHeader());
      } else {
        AILERON_TRY(ReadSetting());
      }
    }
    return {};
  }

 private:
  char Next() {
    if (at_ >= text_.size()) return '\n';
    if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
    const char c = text_[at_++];
    if (c == '\n') ++line_;
    return c;
  }

  std::unexpected<Error> Bad(std::string_view what) const {
    return Fail(Code::kInvalid, "line {}: {}", line_, what);
  }

  Status ReadHeader() {
    const std::size_t begin = at_;
    std::string name;
    Next();
    while (true) {
      const char c = Next();
      if (c == ']') break;
      if (IsSpace(c) && c != '\n') {
        AILERON_TRY(ReadSubsection(c, name));
        break;
      }
      if (!IsKeyChar(c) && c != '.') return Bad("a section's name is not closed by \"]\"");
      name += ToLower(c);
    }
    if (name.empty() || name[0] == '.') return Bad("a section has no name");
    config_.sections_.push_back({std::move(name), {begin, at_}, at_});
    return {};
  }

  Status ReadSubsection(char c, std::string& name) {
    while (c == ' ' || c == '\t' || c == '\r') c = Next();
    if (c != '"') return Bad("a subsection is not in quotes");
    name += '.';
    while ((c = Next()) != '"') {
      if (c == '\\') c = Next();
      if (c == '\n') return Bad("a subsection is not closed");
      name += c;
    }
    if (Next() != ']') return Bad("a section's name is not closed by \"]\"");
    return {};
  }

  Status ReadSetting() {
    if (config_.sections_.empty()) return Bad("a setting stands before any section");
    const std::size_t begin = at_;
    std::string name;
    char c = Next();
    if (!IsAlpha(c)) return Bad("what is no setting's name");
    for (; IsKeyChar(c); c = Next()) {
      name += ToLower(c);
      if (at_ >= text_.size()) {
        c = '\n';
        break;
      }
    }
    while (c == ' ' || c == '\t') c = Next();
    GitValue value;
    if (c != '\n') {
      if (c != '=') return Bad("a setting's name is not followed by \"=\"");
      AILERON_ASSIGN(value, ReadValue());
    }
    GitConfig::Section& section = config_.sections_.back();
    config_.settings_.push_back(
        {section.name + "." + name, std::move(value), {begin, at_}, config_.sections_.size() - 1});
    section.end = at_;
    return {};
  }

  Result<std::string> ReadValue() {
    std::string value;
    std::size_t spaces = 0;
    bool quoted = false, comment = false;
    while (true) {
      char c = Next();
      if (c == '\n') {
        if (quoted) return Bad("a quote is not closed");
        return value;
      }
      if (comment) continue;
      if (IsSpace(c) && !quoted) {
        if (!value.empty()) ++spaces;
        continue;
      }
      if (!quoted && (c == ';' || c == '#')) {
        comment = true;
        continue;
      }
      value.append(spaces, ' ');
      spaces = 0;
      if (c == '"') {
        quoted = !quoted;
        continue;
      }
      if (c == '\\') {
        c = Next();
        if (c == '\n') continue;
        const std::size_t known = std::string_view("tbn\"\\").find(c);
        if (known == std::string_view::npos) return Bad("an escape that git does not know");
        c = "\t\b\n\"\\"[known];
      }
      value += c;
    }
  }

  GitConfig& config_;
  const std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

Result<GitConfig> GitConfig::Parse(std::string text) {
  GitConfig config;
  config.text_ = std::move(text);
  AILERON_TRY(GitConfigReader(config).Read());
  return config;
}

std::map<GitKey, std::vector<GitValue>> GitConfig::Values() const {
  std::map<GitKey, std::vector<GitValue>> values;
  for (const Setting& setting : settings_) values[setting.key].push_back(setting.value);
  return values;
}

std::string GitConfig::With(const std::map<GitKey, std::vector<GitValue>>& changes) const {
  // What goes in behind each section, and what has no section yet.
  std::map<std::size_t, std::string> inserts;
  std::map<std::string, std::string> fresh;
  for (const auto& [key, values] : changes) {
    const std::string name = SectionOf(key);
    const auto last = std::ranges::find(sections_.rbegin(), sections_.rend(), name, &Section::name);
    std::string lines;
    for (const GitValue& value : values) lines += Line(SplitGitKey(key).name, value);
    if (lines.empty()) continue;
    if (last != sections_.rend()) {
      inserts[static_cast<std::size_t>(sections_.rend() - last) - 1] += lines;
    } else {
      std::string& section = fresh[name];
      if (section.empty()) section = Header(SplitGitKey(key));
      section += lines;
    }
  }
  std::vector<std::size_t> left(sections_.size(), 0), removed(sections_.size(), 0);
  for (const Setting& setting : settings_)
    ++(changes.contains(setting.key) ? removed : left)[setting.section];

  std::string out;
  std::size_t at = 0, next = 0;
  const auto copy_to = [&](std::size_t end) {
    if (end > at) out += text_.substr(at, end - at);
    at = std::max(at, end);
  };
  // Indentation before what is removed goes with it.
  const auto trim = [&] {
    while (!out.empty() && (out.back() == ' ' || out.back() == '\t')) out.pop_back();
  };
  // The end of the file ends a value though a backslash would continue it.
  const auto end_line = [&] {
    if (!out.empty() && out.back() != '\n') out += '\n';
    if (at == text_.size() && IsContinued(out)) out += '\n';
  };
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    const Section& section = sections_[i];
    copy_to(section.header.begin);
    const auto insert = inserts.find(i);
    const std::size_t until =
        i + 1 < sections_.size() ? sections_[i + 1].header.begin : text_.size();
    const bool has_comment =
        text_.substr(section.header.end, until - section.header.end).find_first_of("#;") !=
        std::string::npos;
    if (removed[i] > 0 && left[i] == 0 && insert == inserts.end() && !has_comment) {
      trim();
      at = until;
      while (next < settings_.size() && settings_[next].section == i) ++next;
      continue;
    }
    for (; next < settings_.size() && settings_[next].section == i; ++next) {
      if (!changes.contains(settings_[next].key)) continue;
      copy_to(settings_[next].span.begin);
      trim();
      if (!out.empty() && out.back() != '\n') out += '\n';  // it shared the header's line
      at = settings_[next].span.end;
    }
    if (insert == inserts.end()) continue;
    copy_to(section.end);
    if (!out.empty() && out.back() != '\n') {
      // A header with nothing, or with a comment, behind it.
      const std::size_t line_end = text_.find('\n', at);
      copy_to(line_end == std::string::npos ? until : std::min(until, line_end + 1));
    }
    end_line();
    out += insert->second;
  }
  copy_to(text_.size());
  if (!fresh.empty()) end_line();
  for (const auto& [name, section] : fresh) out += section;
  return out;
}

}  // namespace aileron::launch
