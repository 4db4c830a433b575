#include "base/json_view.h"

#include <algorithm>

#include "base/text.h"

namespace aileron {
namespace {

constexpr std::size_t kPlainTextMax = 200;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  c = ToLower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Reads values from the front of a text, and checks them.
class Scanner {
 public:
  explicit Scanner(std::string_view text, std::size_t at = 0) : text_(text), at_(at) {}

  std::size_t at() const { return at_; }
  bool done() const { return at_ == text_.size(); }
  void SkipBlanks() {
    while (!done() && IsBlank(text_[at_])) ++at_;
  }
  bool Take(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // One value without blanks around it.
  bool Value(std::size_t depth = 0) {
    if (done() || depth > JsonView::kDepthMax) return false;
    switch (text_[at_]) {
      case '{':
        return Items('}', [&] {
          if (!String()) return false;
          SkipBlanks();
          if (!Take(':')) return false;
          SkipBlanks();
          return Value(depth + 1);
        });
      case '[':
        return Items(']', [&] { return Value(depth + 1); });
      case '"':
        return String();
      case 't':
        return Word("true");
      case 'f':
        return Word("false");
      case 'n':
        return Word("null");
      default:
        return Number();
    }
  }

  bool String() {
    if (!Take('"')) return false;
    while (!done()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\' && !Escape()) return false;
    }
    return false;
  }

 private:
  template <typename Item>
  bool Items(char close, Item&& item) {
    ++at_;
    SkipBlanks();
    if (Take(close)) return true;
    while (true) {
      if (!item()) return false;
      SkipBlanks();
      if (Take(close)) return true;
      if (!Take(',')) return false;
      SkipBlanks();
    }
  }
  bool Escape() {
    if (done()) return false;
    const char c = text_[at_++];
    if (c != 'u') return std::string_view("\"\\/bfnrt").contains(c);
    for (int i = 0; i < 4; ++i, ++at_) {
      if (done() || HexDigit(text_[at_]) < 0) return false;
    }
    return true;
  }
  bool Word(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  bool Digits() {
    const std::size_t first = at_;
    while (!done() && IsDigit(text_[at_])) ++at_;
    return at_ != first;
  }
  bool Number() {
    (void)Take('-');
    if (!Take('0') && !Digits()) return false;
    if (Take('.') && !Digits()) return false;
    if (Take('e') || Take('E')) {
      if (!Take('+')) (void)Take('-');
      return Digits();
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_;
};

unsigned CodeUnit(std::string_view digits) {
  unsigned unit = 0;
  for (const char c : digits.substr(0, 4)) unit = unit * 16 + static_cast<unsigned>(HexDigit(c));
  return unit;
}

// Calls `put` with each byte that a checked string stands for. False: half of a surrogate pair.
template <typename Put>
bool Unescape(std::string_view quoted, Put&& put) {
  std::string_view rest = quoted.substr(1, quoted.size() - 2);
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c != '\\') {
      put(c);
      continue;
    }
    const char escape = rest.front();
    rest.remove_prefix(1);
    if (escape != 'u') {
      constexpr std::string_view kNames = "bfnrt";
      constexpr std::string_view kBytes = "\b\f\n\r\t";
      const std::size_t which = kNames.find(escape);
      put(which == std::string_view::npos ? escape : kBytes[which]);
      continue;
    }
    unsigned point = CodeUnit(rest);
    rest.remove_prefix(4);
    if (point >= 0xd800 && point < 0xe000) {
      if (point >= 0xdc00 || !rest.starts_with("\\u")) return false;
      const unsigned low = CodeUnit(rest.substr(2));
      if (low < 0xdc00 || low >= 0xe000) return false;
      rest.remove_prefix(6);
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    }
    const auto tail = [&](int shift) { put(static_cast<char>(0x80 | ((point >> shift) & 0x3f))); };
    if (point < 0x80) {
      put(static_cast<char>(point));
    } else if (point < 0x800) {
      put(static_cast<char>(0xc0 | (point >> 6)));
      tail(0);
    } else if (point < 0x10000) {
      put(static_cast<char>(0xe0 | (point >> 12)));
      tail(6);
      tail(0);
    } else {
      put(static_cast<char>(0xf0 | (point >> 18)));
      tail(12);
      tail(6);
      tail(0);
    }
  }
  return true;
}

// A key as it is written, compared with what it stands for.
bool KeyIs(std::string_view quoted, std::string_view key) {
  std::size_t at = 0;
  bool same = true;
  const bool whole = Unescape(quoted, [&](char c) {
    same = same && at < key.size() && key[at] == c;
    ++at;
  });
  return whole && same && at == key.size();
}

}  // namespace

Result<JsonView> JsonView::Parse(std::string_view text) {
  Scanner scanner(text);
  scanner.SkipBlanks();
  const std::size_t first = scanner.at();
  const bool valid = scanner.Value();
  const std::size_t last = scanner.at();
  scanner.SkipBlanks();
  if (!valid || !scanner.done()) return Fail(Code::kInvalid, "it is not JSON");
  return JsonView(text.substr(first, last - first));
}

std::optional<JsonView> JsonView::Find(std::string_view key) const {
  if (!is_object()) return std::nullopt;
  std::optional<JsonView> found;
  Scanner scanner(text_, 1);
  while (true) {
    scanner.SkipBlanks();
    if (scanner.Take('}')) return found;
    if (scanner.Take(',')) continue;
    const std::size_t name = scanner.at();
    scanner.String();
    const std::string_view quoted = text_.substr(name, scanner.at() - name);
    scanner.SkipBlanks();
    scanner.Take(':');
    scanner.SkipBlanks();
    const std::size_t value = scanner.at();
    scanner.Value();
    if (!KeyIs(quoted, key)) continue;
    if (found) return std::nullopt;
    found = JsonView(text_.substr(value, scanner.at() - value));
  }
}

std::optional<JsonView> JsonView::First() const {
  if (!text_.starts_with('[')) return std::nullopt;
  Scanner scanner(text_, 1);
  scanner.SkipBlanks();
  const std::size_t value = scanner.at();
  if (scanner.Take(']')) return std::nullopt;
  scanner.Value();
  return JsonView(text_.substr(value, scanner.at() - value));
}

std::optional<Secret> JsonView::Text() const {
  if (!is_string()) return std::nullopt;
  std::size_t size = 0;
  if (!Unescape(text_, [&](char) { ++size; })) return std::nullopt;
  Secret secret = Secret::OfSize(size);
  char* to = secret.RevealWritable().data();
  Unescape(text_, [&](char c) { *to++ = c; });
  return secret;
}

std::optional<std::int64_t> JsonView::Number() const {
  if (!is_string()) return ParseInteger<std::int64_t>(text_);
  return ParseInteger<std::int64_t>(text_.substr(1, text_.size() - 2));
}

std::optional<std::string> JsonView::PlainText() const {
  if (!is_string() || text_.size() > kPlainTextMax) return std::nullopt;
  std::string plain;
  if (!Unescape(text_, [&](char c) { plain += c; })) return std::nullopt;
  return plain;
}

}  // namespace aileron
