#include "image/jsonc.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "base/text.h"
#include "image/devcontainer_limits.h"

namespace aileron::image {
namespace {

constexpr std::size_t kShownMax = 60;  // of a stranger's word in a message
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string Shown(std::string_view text) { return Printable(BeginningOf(text, kShownMax)); }

void AppendUtf8(std::string& text, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xC0 | (point >> 6));
  } else {
    if (point < 0x10000) {
      put(0xE0 | (point >> 12));
    } else {
      put(0xF0 | (point >> 18));
      put(0x80 | ((point >> 12) & 0x3F));
    }
    put(0x80 | ((point >> 6) & 0x3F));
  }
  put(0x80 | (point & 0x3F));
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  Result<JsonNode> Read() {
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
    JsonNode root;
    AILERON_TRY(Blank());
    if (AtEnd()) return FailHere("there is nothing here; expected { and what belongs in it");
    AILERON_TRY(Value(root, 0));
    AILERON_TRY(Blank());
    if (!AtEnd()) return FailHere(fmt::format("expected the end of the file, found {}", Found()));
    return root;
  }

 private:
  bool AtEnd() const { return at_ == text_.size(); }
  char Peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool Sees(std::string_view word) const { return text_.substr(at_).starts_with(word); }
  Place Here() const { return {.line = line_, .column = column_}; }
  void Step() {
    const char c = text_[at_++];
    if (c == '\n' || (c == '\r' && Peek() != '\n')) {
      ++line_;
      column_ = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++column_;
    }
  }
  void Skip(std::size_t count) {
    while (count-- > 0) Step();
  }
  std::unexpected<Error> FailHere(std::string_view what) const {
    return FailAt(file_, Here(), what);
  }
  std::string Found() const {
    if (AtEnd()) return "the end of the file";
    std::size_t length = 1;
    while (IsLetter(Peek()) && length < kShownMax && IsLetter(Peek(length))) ++length;
    while ((static_cast<unsigned char>(Peek(length)) & 0xC0) == 0x80) ++length;
    return fmt::format("\"{}\"", Printable(text_.substr(at_, length)));
  }

  // White space and comments.
  Status Blank() {
    while (!AtEnd()) {
      const char c = Peek();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        Step();
      } else if (Sees("//")) {
        while (!AtEnd() && Peek() != '\n' && Peek() != '\r') Step();
      } else if (Sees("/*")) {
        const Place start = Here();
        Skip(2);
        while (!AtEnd() && !Sees("*/")) Step();
        if (AtEnd()) return FailAt(file_, start, "this comment has no end: \"*/\" is missing");
        Skip(2);
      } else {
        break;
      }
    }
    return {};
  }

  Status Value(JsonNode& node, std::size_t depth) {
    node.place = Here();
    if (++values_ > limits::kJsoncValues) {
      return FailHere(fmt::format("there are more than {} values", limits::kJsoncValues));
    }
    const char c = Peek();
    if (c == '{' || c == '[') return Container(node, depth);
    if (c == '"') {
      node.kind = JsonKind::kString;
      return String(node.text);
    }
    if (c == '-' || IsDigit(c)) return Number(node);
    return Word(node);
  }

  Status Word(JsonNode& node) {
    static constexpr std::pair<std::string_view, JsonKind> kWords[] = {
        {"true", JsonKind::kTrue}, {"false", JsonKind::kFalse}, {"null", JsonKind::kNull}};
    for (const auto& [word, kind] : kWords) {
      if (!Sees(word) || IsLetter(Peek(word.size())) || IsDigit(Peek(word.size()))) continue;
      node.kind = kind;
      Skip(word.size());
      return {};
    }
    const bool single = Peek() == '\'';
    return FailHere(fmt::format("expected a value, found {}{}", Found(),
                                single ? " (strings stand in double quotes)" : ""));
  }

  Status Container(JsonNode& node, std::size_t depth) {
    if (depth == limits::kJsoncDepth) {
      return FailHere(fmt::format("this is nested deeper than {} levels", limits::kJsoncDepth));
    }
    const bool object = Peek() == '{';
    const char end = object ? '}' : ']';
    node.kind = object ? JsonKind::kObject : JsonKind::kArray;
    std::set<std::string, std::less<>> keys;
    Step();
    AILERON_TRY(Blank());
    while (Peek() != end || AtEnd()) {
      JsonNode item;
      if (object) AILERON_TRY(Key(item, keys));
      AILERON_TRY(Value(item, depth + 1));
      node.items.push_back(std::move(item));
      AILERON_TRY(Blank());
      if (Peek() == ',') {
        Step();
        AILERON_TRY(Blank());
      } else if (Peek() != end) {
        return FailHere(
            fmt::format("expected \",\" or \"{}\" of the {} that begins at {}:{}, found {}", end,
                        object ? "object" : "array", node.place.line, node.place.column, Found()));
      }
    }
    Step();
    return {};
  }

  Status Key(JsonNode& item, std::set<std::string, std::less<>>& keys) {
    item.key_place = Here();
    if (Peek() != '"') {
      return FailHere(fmt::format("expected a key in double quotes, found {}", Found()));
    }
    AILERON_TRY(String(item.key));
    if (item.key.size() > limits::kJsoncKeyMax) {
      return FailAt(file_, item.key_place,
                    fmt::format("this key is longer than {} bytes", limits::kJsoncKeyMax));
    }
    if (!keys.insert(item.key).second) {
      return FailAt(file_, item.key_place,
                    fmt::format("\"{}\" stands here a second time", Shown(item.key)));
    }
    AILERON_TRY(Blank());
    if (Peek() != ':') {
      return FailHere(
          fmt::format("expected \":\" behind \"{}\", found {}", Shown(item.key), Found()));
    }
    Step();
    return Blank();
  }

  Status String(std::string& text) {
    const Place start = Here();
    Step();
    while (Peek() != '"' || AtEnd()) {
      if (AtEnd() || Peek() == '\n' || Peek() == '\r') {
        return FailAt(file_, start, "this string has no end: a \" is missing");
      }
      const unsigned char c = static_cast<unsigned char>(Peek());
      if (c < 0x20) {
        return FailHere(fmt::format("a control character stands in a string: write \\u{:04x}", c));
      }
      if (c == '\\') {
        AILERON_TRY(Escape(text));
      } else {
        text += Peek();
        Step();
      }
    }
    Step();
    return {};
  }

  Status Escape(std::string& text) {
    static constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const Place start = Here();
    Step();
    const char letter = Peek();
    if (letter == 'u') {
      Step();
      std::uint32_t point = 0;
      AILERON_TRY(Hex(point, start));
      if (point >= 0xD800 && point < 0xDC00 && Sees("\\u")) {
        Skip(2);
        std::uint32_t low = 0;
        AILERON_TRY(Hex(low, start));
        if (low < 0xDC00 || low > 0xDFFF) return HalfPair(start);
        point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
      } else if (point >= 0xD800 && point <= 0xDFFF) {
        return HalfPair(start);
      }
      AppendUtf8(text, point);
      return {};
    }
    const std::size_t which = kLetters.find(letter);
    if (AtEnd() || which == std::string_view::npos) {
      return FailAt(file_, start,
                    "JSON has no such escape: a backslash itself is written \"\\\\\"");
    }
    text += kMeanings[which];
    Step();
    return {};
  }

  std::unexpected<Error> HalfPair(const Place& start) const {
    return FailAt(file_, start, "this escape is half a character: surrogates stand in pairs");
  }

  Status Hex(std::uint32_t& point, const Place& start) {
    for (int i = 0; i < 4; ++i) {
      const char c = ToLower(Peek());
      if (!IsDigit(c) && !(c >= 'a' && c <= 'f')) {
        return FailAt(file_, start, "expected four hexadecimal digits behind \\u");
      }
      point = point * 16 + static_cast<std::uint32_t>(IsDigit(c) ? c - '0' : c - 'a' + 10);
      Step();
    }
    return {};
  }

  Status Number(JsonNode& node) {
    std::size_t length = Peek() == '-' ? 1 : 0;
    const auto digits = [&] {
      const std::size_t before = length;
      while (IsDigit(Peek(length))) ++length;
      return length > before;
    };
    bool good = true;
    if (Peek(length) == '0') {
      ++length;
    } else {
      good = digits();
    }
    if (good && Peek(length) == '.') {
      ++length;
      good = digits();
    }
    if (good && ToLower(Peek(length)) == 'e') {
      ++length;
      if (Peek(length) == '+' || Peek(length) == '-') ++length;
      good = digits();
    }
    const char next = Peek(length);
    if (!good || IsDigit(next) || IsLetter(next) || next == '.') {
      return FailHere("this is not a number as JSON writes them");
    }
    node.kind = JsonKind::kNumber;
    node.text = text_.substr(at_, length);
    if (length > limits::kJsoncNumberMax ||
        !std::isfinite(std::strtod(node.text.c_str(), nullptr))) {
      return FailHere("this number is too large, or too long");
    }
    Skip(length);
    return {};
  }

  std::string_view text_, file_;
  std::size_t at_ = 0;
  int line_ = 1, column_ = 1;
  std::size_t values_ = 0;
};

}  // namespace

const JsonNode* JsonNode::Find(std::string_view name) const {
  if (kind != JsonKind::kObject) return nullptr;
  const auto found = std::ranges::find(items, name, &JsonNode::key);
  return found == items.end() ? nullptr : &*found;
}

Result<JsonNode> ParseJsonc(std::string_view text, std::string_view file) {
  if (text.size() > limits::kJsoncMax) {
    return Fail(Code::kInvalid, "{} is larger than {} bytes", file, limits::kJsoncMax);
  }
  if (!IsUtf8(text)) return Fail(Code::kInvalid, "{} is not UTF-8 text", file);
  return Parser(text, file).Read();
}

nlohmann::json ToJson(const JsonNode& node) {
  switch (node.kind) {
    case JsonKind::kNull:
      return nullptr;
    case JsonKind::kFalse:
      return false;
    case JsonKind::kTrue:
      return true;
    case JsonKind::kNumber:
      return nlohmann::json::parse(node.text, nullptr, false);
    case JsonKind::kString:
      return node.text;
    case JsonKind::kArray: {
      nlohmann::json array = nlohmann::json::array();
      for (const JsonNode& item : node.items) array.push_back(ToJson(item));
      return array;
    }
    case JsonKind::kObject: {
      nlohmann::json object = nlohmann::json::object();
      for (const JsonNode& item : node.items) object[item.key] = ToJson(item);
      return object;
    }
  }
  return nullptr;
}

std::string Describe(const JsonNode& node) {
  switch (node.kind) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kFalse:
      return "false";
    case JsonKind::kTrue:
      return "true";
    case JsonKind::kNumber:
      return std::string(BeginningOf(node.text, kShownMax));
    case JsonKind::kString:
      return fmt::format("\"{}\"", Shown(node.text));
    case JsonKind::kArray:
      return fmt::format("an array of {}", node.items.size());
    case JsonKind::kObject:
      return "an object";
  }
  return "null";
}

std::unexpected<Error> FailAt(std::string_view file, const Place& place, std::string_view what) {
  if (place.line == 0) return Fail(Code::kInvalid, "{}: {}", file, what);
  return Fail(Code::kInvalid, "{}:{}:{}: {}", file, place.line, place.column, what);
}

}  // namespace aileron::image
