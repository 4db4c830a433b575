#include "policy/plain_yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>

#include "base/text.h"
#include "policy/limits.h"

namespace aileron::policy {
namespace {

constexpr std::size_t kShownMax = 60;  // of a stranger's word in a message

Place PlaceOf(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {.line = mark.line + 1, .column = mark.column + 1};
}

// Builds the tree, and takes nothing more after the first mistake.
class Builder final : public YAML::EventHandler {
 public:
  struct Mistake {
    Place place;
    std::string what;
  };

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) Refuse(mark, "a second document has no place here");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (ExpectsKey()) return Refuse(mark, "a key must be a word");
    Add(YamlKind::kNull, mark, anchor, "");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Refuse(mark, "an alias (*name) is not taken: write out what is meant");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (mistake_) return;
    if (ExpectsKey()) return Key(mark, tag, anchor, text);
    const bool null = tag == "?" && (text == "~" || text == "null");
    YamlNode* node = Add(null ? YamlKind::kNull : YamlKind::kScalar, mark, anchor, tag);
    if (node == nullptr) return;
    node->quoted = tag == "!";
    node->text = text;
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(YamlKind::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(YamlKind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { Close(); }

  const std::optional<Mistake>& mistake() const { return mistake_; }
  YamlNode Take() { return std::move(root_); }

 private:
  struct Level {
    YamlNode* node = nullptr;
    std::optional<std::pair<std::string, Place>> key;  // read, and its value not yet
    std::set<std::string, std::less<>> keys;
  };

  void Refuse(const YAML::Mark& mark, std::string what) {
    if (!mistake_) mistake_ = {PlaceOf(mark), std::move(what)};
  }
  bool ExpectsKey() const {
    return !levels_.empty() && levels_.back().node->kind == YamlKind::kMap && !levels_.back().key;
  }
  bool IsPlain(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      Refuse(mark, "an anchor (&name) is not taken: write out what is meant");
    } else if (!tag.empty() && tag != "?" && tag != "!") {
      Refuse(mark, fmt::format("a tag ({}) is not taken", Printable(tag.substr(0, kShownMax))));
    }
    return !mistake_;
  }
  void Key(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
           const std::string& text) {
    if (!IsPlain(mark, tag, anchor)) return;
    const std::string shown = Printable(text.substr(0, kShownMax));
    if (text == "<<") {
      return Refuse(mark, "a merge key (<<) is not taken: write out what is meant");
    }
    if (text.empty() || text.size() > limits::kYamlKeyMax) {
      return Refuse(mark, fmt::format("\"{}\" cannot be a key", shown));
    }
    if (!levels_.back().keys.insert(text).second) {
      return Refuse(mark, fmt::format("\"{}\" stands here a second time", shown));
    }
    levels_.back().key = {text, PlaceOf(mark)};
  }
  YamlNode* Add(YamlKind kind, const YAML::Mark& mark, YAML::anchor_t anchor,
                const std::string& tag) {
    if (mistake_ || !IsPlain(mark, tag, anchor)) return nullptr;
    if (++nodes_ > limits::kYamlNodes) {
      Refuse(mark, fmt::format("there are more than {} values", limits::kYamlNodes));
      return nullptr;
    }
    YamlNode* node = &root_;
    if (!levels_.empty()) node = &levels_.back().node->items.emplace_back();
    node->kind = kind;
    node->place = PlaceOf(mark);
    if (!levels_.empty() && levels_.back().key) {
      std::tie(node->key, node->key_place) = *std::exchange(levels_.back().key, std::nullopt);
    }
    return node;
  }
  void Open(YamlKind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (mistake_) return;
    if (ExpectsKey()) return Refuse(mark, "a key must be a word");
    if (levels_.size() == limits::kYamlDepth) {
      return Refuse(mark, fmt::format("this is nested deeper than {} levels", limits::kYamlDepth));
    }
    if (YamlNode* node = Add(kind, mark, anchor, tag)) levels_.push_back({.node = node});
  }
  void Close() {
    if (!mistake_) levels_.pop_back();
  }

  YamlNode root_;
  std::vector<Level> levels_;  // a parent's list grows only while no child of it is open
  std::size_t nodes_ = 0;
  int documents_ = 0;
  std::optional<Mistake> mistake_;
};

}  // namespace

const YamlNode* YamlNode::Find(std::string_view name) const {
  if (kind != YamlKind::kMap) return nullptr;
  const auto found = std::ranges::find(items, name, &YamlNode::key);
  return found == items.end() ? nullptr : &*found;
}

std::string Describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlKind::kNull:
      return "nothing";
    case YamlKind::kScalar:
      return fmt::format("\"{}\"", Printable(std::string_view(node.text).substr(0, kShownMax)));
    case YamlKind::kList:
      return fmt::format("a list of {}", node.items.size());
    case YamlKind::kMap:
      return "a map";
  }
  return "nothing";
}

Result<YamlNode> ParsePlainYaml(std::string_view text, std::string_view file) {
  if (text.size() > limits::kPolicyFileMax) {
    return Fail(Code::kInvalid, "{} is larger than {} bytes", file, limits::kPolicyFileMax);
  }
  if (!IsUtf8(text)) return Fail(Code::kInvalid, "{} is not UTF-8 text", file);
  Builder builder;
  // The library throws; nothing of it goes beyond this function.
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    // Twice at most: of a text such as "]" the library makes documents without end.
    if (parser.HandleNextDocument(builder) && !builder.mistake()) {
      parser.HandleNextDocument(builder);
    }
  } catch (const YAML::Exception& exception) {
    if (!builder.mistake()) return FailAt(file, PlaceOf(exception.mark), exception.msg);
  }
  if (builder.mistake()) return FailAt(file, builder.mistake()->place, builder.mistake()->what);
  return builder.Take();
}

std::unexpected<Error> FailAt(std::string_view file, const Place& place, std::string_view what) {
  if (place.line == 0) return Fail(Code::kInvalid, "{}: {}", file, what);
  return Fail(Code::kInvalid, "{}:{}:{}: {}", file, place.line, place.column, what);
}

std::string Unknown(std::string_view word, std::string_view what,
                    std::span<const std::string_view> known) {
  const std::string shown = Printable(word.substr(0, kShownMax));
  if (const auto near = NearestWord(word, known)) {
    return fmt::format("\"{}\" is not {}. Did you mean \"{}\"?", shown, what, *near);
  }
  return fmt::format("\"{}\" is not {}. Known are {}", shown, what, fmt::join(known, ", "));
}

}  // namespace aileron::policy
