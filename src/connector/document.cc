#include "connector/document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <set>
#include <sstream>

#include "base/text.h"
#include "connector/limits.h"

namespace aileron::connector {
namespace {

using nlohmann::json;

std::size_t Count(const Node& node) {
  std::size_t sum = 1;
  for (const Node& item : node.items) sum += Count(item);
  return sum;
}

std::size_t Depth(const Node& node) {
  std::size_t most = 0;
  for (const Node& item : node.items) most = std::max(most, Depth(item));
  return most + 1;
}

// Puts a tree together from events, and stops taking them at the first bound that is passed.
class Builder {
 public:
  bool Open(Kind kind, int line) {
    if (open_.size() >= limits::kDepthMax) {
      return Refuse(line, fmt::format("this is nested deeper than {} levels", limits::kDepthMax));
    }
    if (ExpectsKey()) return Refuse(line, "a key must be a word");
    Node* node = Add(kind, line);
    if (node != nullptr) open_.push_back(node);
    return node != nullptr;
  }
  bool Close() {
    if (failed()) return false;
    open_.pop_back();
    return true;
  }
  bool Key(std::string text, int line) {
    if (text.size() > limits::kKeyMax) {
      return Refuse(line, fmt::format("a key is longer than {} bytes", limits::kKeyMax));
    }
    key_ = std::move(text);
    return true;
  }
  // In YAML a key is a scalar like any other.
  bool Scalar(Kind kind, std::string text, int line) {
    if (failed()) return false;
    if (ExpectsKey()) {
      if (kind == Kind::kNull) return Refuse(line, "a key must be a word");
      return Key(std::move(text), line);
    }
    Node* node = Add(kind, line);
    if (node != nullptr) node->text = std::move(text);
    return node != nullptr;
  }
  bool Copy(const Node& original, int line) {
    if (failed()) return false;
    if (ExpectsKey()) return Refuse(line, "a key must be a word");
    const std::size_t more = Count(original);
    if (Depth(original) + open_.size() > limits::kDepthMax) {
      return Refuse(line, fmt::format("this is nested deeper than {} levels", limits::kDepthMax));
    }
    if (more > limits::kNodesMax - nodes_) return TooMany(line);
    Node* node = Add(original.kind, line);
    nodes_ += more - 1;
    std::string key = std::move(node->key);
    *node = original;
    node->key = std::move(key);
    return true;
  }
  bool Refuse(int line, std::string message) {
    if (!failed()) {
      message_ = std::move(message);
      line_ = line;
    }
    return false;
  }

  // The node that was added last, while nothing stands below it yet.
  const Node* last() const { return last_; }
  std::size_t depth() const { return open_.size(); }
  bool failed() const { return !message_.empty(); }
  bool empty() const { return nodes_ == 0; }
  const std::string& message() const { return message_; }
  int line() const { return line_; }
  Node Take() { return std::move(root_); }

 private:
  bool ExpectsKey() const {
    return !open_.empty() && open_.back()->kind == Kind::kMap && !key_.has_value();
  }
  bool TooMany(int line) {
    return Refuse(line, fmt::format("there are more than {} values", limits::kNodesMax));
  }
  Node* Add(Kind kind, int line) {
    if (failed()) return nullptr;
    if (nodes_ >= limits::kNodesMax) {
      TooMany(line);
      return nullptr;
    }
    ++nodes_;
    Node* node = &root_;
    if (!open_.empty()) node = &open_.back()->items.emplace_back();
    node->kind = kind;
    node->line = line;
    if (key_) node->key = *std::exchange(key_, std::nullopt);
    last_ = node;
    return node;
  }
  Node root_;
  std::vector<Node*> open_;  // a parent's list grows only while no child of it is open
  std::optional<std::string> key_;
  const Node* last_ = nullptr;
  std::size_t nodes_ = 0;
  std::string message_;
  int line_ = 0;
};

struct Position {
  int lines = 0;           // line ends that were read
  bool after_end = false;  // the last byte that was read is one
};

// Bytes of a text that tell how far they were read.
struct CountingIterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at = nullptr;
  Position* position = nullptr;

  reference operator*() const { return *at; }
  CountingIterator& operator++() {
    position->after_end = *at == '\n';
    if (position->after_end) ++position->lines;
    ++at;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at == other.at; }
};

// What the JSON parser calls.
class JsonEvents {
 public:
  JsonEvents(Builder& builder, const Position& position) : builder_(builder), position_(position) {}

  bool null() { return builder_.Scalar(Kind::kNull, "", Line()); }
  bool boolean(bool value) {
    return builder_.Scalar(Kind::kBoolean, value ? "true" : "false", Line());
  }
  bool number_integer(std::int64_t value) { return Number(std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) { return Number(std::to_string(value)); }
  bool number_float(double, const std::string& text) { return Number(text); }
  bool string(std::string& text) { return builder_.Scalar(Kind::kText, std::move(text), Line()); }
  bool binary(json::binary_t&) { return false; }
  bool start_object(std::size_t) { return builder_.Open(Kind::kMap, Line()); }
  bool end_object() { return builder_.Close(); }
  bool start_array(std::size_t) { return builder_.Open(Kind::kList, Line()); }
  bool end_array() { return builder_.Close(); }
  bool key(std::string& text) { return builder_.Key(std::move(text), Line()); }
  bool parse_error(std::size_t, const std::string&, const json::exception&) { return false; }

 private:
  int Line() const { return position_.lines + 1; }
  // The end of a number is seen by the byte behind it.
  bool Number(std::string text) {
    return builder_.Scalar(Kind::kNumber, std::move(text), Line() - (position_.after_end ? 1 : 0));
  }
  Builder& builder_;
  const Position& position_;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// [-+] digits [ "." digits ] [ e [-+] digits ], as in YAML's core schema and in JSON.
bool LooksLikeNumber(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const auto digits = [&] {
    std::size_t count = 0;
    while (count < text.size() && IsDigit(text[count])) ++count;
    text.remove_prefix(count);
    return count;
  };
  std::size_t count = digits();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    count += digits();
  }
  if (count == 0) return false;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

Kind KindOfPlain(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE" || text == "false" || text == "False" ||
      text == "FALSE") {
    return Kind::kBoolean;
  }
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return Kind::kNull;
  }
  return LooksLikeNumber(text) ? Kind::kNumber : Kind::kText;
}

// What the YAML parser calls.
class YamlEvents final : public YAML::EventHandler {
 public:
  YamlEvents(Builder& builder, Aliases aliases) : builder_(builder), aliases_(aliases) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) builder_.Refuse(mark.line + 1, "a second document has no place here");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    builder_.Scalar(Kind::kNull, "", mark.line + 1);
    Remember(anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (aliases_ == Aliases::kRefused) {
      builder_.Refuse(mark.line + 1, "an alias has no place here: write the value out");
      return;
    }
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) {
      builder_.Refuse(mark.line + 1, "an alias stands inside of what it names");
      return;
    }
    builder_.Copy(found->second, mark.line + 1);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // "?" is the tag of a plain scalar; a quoted one, or one with a tag, is a text.
    const Kind kind = tag == "?" ? KindOfPlain(value) : Kind::kText;
    std::string text = kind == Kind::kBoolean ? ToLower(value) : value;
    if (kind == Kind::kNull) text.clear();
    builder_.Scalar(kind, std::move(text), mark.line + 1);
    Remember(anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    OnStart(Kind::kList, mark, anchor);
  }
  void OnSequenceEnd() override { OnEnd(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    OnStart(Kind::kMap, mark, anchor);
  }
  void OnMapEnd() override { OnEnd(); }

 private:
  void OnStart(Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (builder_.Open(kind, mark.line + 1)) started_.push_back({builder_.last(), anchor});
  }
  void OnEnd() {
    if (!builder_.Close()) return;
    const auto [node, anchor] = started_.back();
    started_.pop_back();
    Keep(node, anchor);
  }
  void Remember(YAML::anchor_t anchor) {
    if (!builder_.failed() && builder_.last() != nullptr) Keep(builder_.last(), anchor);
  }
  void Keep(const Node* node, YAML::anchor_t anchor) {
    if (anchor == YAML::NullAnchor || aliases_ == Aliases::kRefused) return;
    kept_ += Count(*node);
    if (kept_ > limits::kAnchoredMax) {
      builder_.Refuse(node->line,
                      fmt::format("anchors mark more than {} values", limits::kAnchoredMax));
      return;
    }
    anchored_[anchor] = *node;
  }

  struct Started {
    const Node* node;
    YAML::anchor_t anchor;
  };
  Builder& builder_;
  Aliases aliases_;
  int documents_ = 0;
  std::vector<Started> started_;
  std::unordered_map<YAML::anchor_t, Node> anchored_;
  std::size_t kept_ = 0;
};

std::unexpected<Error> At(std::string_view file, int line, std::string_view what) {
  return Fail(Code::kInvalid, "{}:{}: {}", file, line, what);
}

bool ReadJson(std::string_view text, Builder& builder, Position& position) {
  JsonEvents events(builder, position);
  const CountingIterator begin{text.data(), &position};
  const CountingIterator end{text.data() + text.size(), &position};
  return json::sax_parse(begin, end, &events);
}

Result<Node> ReadYaml(std::string_view text, std::string_view file, Aliases aliases) {
  Builder builder;
  YamlEvents events(builder, aliases);
  // The library throws; nothing of it goes beyond this function.
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (!builder.failed() && parser.HandleNextDocument(events)) {
    }
  } catch (const YAML::Exception& mistake) {
    if (!builder.failed()) return At(file, mistake.mark.line + 1, mistake.msg);
  }
  if (builder.failed()) return At(file, builder.line(), builder.message());
  return builder.Take();
}

}  // namespace

std::string_view Name(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kBoolean:
      return "true or false";
    case Kind::kNumber:
      return "a number";
    case Kind::kText:
      return "text";
    case Kind::kList:
      return "a list";
    case Kind::kMap:
      break;
  }
  return "a mapping";
}

const Node* Node::Find(std::string_view name) const {
  if (kind != Kind::kMap) return nullptr;
  const auto found = std::ranges::find(items, name, &Node::key);
  return found == items.end() ? nullptr : &*found;
}

Result<Node> ParseDocument(std::string_view text, std::string_view file, Aliases aliases) {
  // Where parsers stop at one, they see less than the person who looked at the file.
  if (const std::size_t at = text.find('\0'); at != std::string_view::npos) {
    const auto line = std::ranges::count(text.substr(0, at), '\n') + 1;
    return At(file, static_cast<int>(line), "a NUL byte has no place here");
  }
  const std::string_view content = Trim(text);
  if (content.starts_with('{') || content.starts_with('[')) {
    Builder builder;
    Position position;
    if (ReadJson(text, builder, position)) return builder.Take();
    if (builder.failed()) return At(file, builder.line(), builder.message());
    // A flow mapping of YAML, or a mistake that YAML tells too; nobody writes a large one by hand.
    if (content.size() > limits::kFlowYamlMax) {
      return At(file, position.lines + 1, "here this stops being JSON");
    }
  }
  return ReadYaml(text, file, aliases);
}

std::optional<KeyFlaw> CheckKeys(const Node& map, std::span<const std::string_view> known) {
  std::set<std::string_view> seen;
  for (const Node& item : map.items) {
    const std::string_view key = std::string_view(item.key).substr(0, limits::kQuotedMax);
    if (std::ranges::find(known, item.key) == known.end()) {
      const auto near = NearestWord(key, known);
      return KeyFlaw{item.line,
                     fmt::format("unknown key \"{}\"{}", Printable(key),
                                 near ? fmt::format(". Did you mean \"{}\"?", *near)
                                      : fmt::format(". Known are {}", fmt::join(known, ", ")))};
    }
    if (!seen.insert(item.key).second) {
      return KeyFlaw{item.line, fmt::format("\"{}\" stands here a second time", key)};
    }
  }
  return std::nullopt;
}

json ToJson(const Node& node) {
  switch (node.kind) {
    case Kind::kNull:
      return nullptr;
    case Kind::kBoolean:
      return node.text == "true";
    case Kind::kText:
      return node.text;
    case Kind::kNumber: {
      const std::string_view digits =
          std::string_view(node.text).substr(node.text.starts_with('+') ? 1 : 0);
      if (const auto whole = ParseInteger<std::int64_t>(digits)) return *whole;
      if (const auto whole = ParseInteger<std::uint64_t>(digits)) return *whole;
      double value = 0;
      const auto [stop, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), value);
      // One that no double holds is kept as what it looks like.
      return error == std::errc() && std::isfinite(value) ? json(value) : json(node.text);
    }
    case Kind::kList: {
      json list = json::array();
      for (const Node& item : node.items) list.push_back(ToJson(item));
      return list;
    }
    case Kind::kMap:
      break;
  }
  json map = json::object();
  for (const Node& item : node.items) map.emplace(item.key, ToJson(item));
  return map;
}

}  // namespace aileron::connector
