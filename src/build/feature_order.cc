#include "build/feature_order.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace aileron::build {
namespace {

using Kind = FeatureName::Kind;
using nlohmann::json;

// A character's place in the order of the Unicode collation, as far as ASCII goes; the reference
// sorts by it. What is not ASCII comes behind, by its bytes.
int WeightOf(char c) {
  constexpr std::string_view kOthers = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";
  constexpr int kDigits = 64, kLetters = 96, kRest = 256;
  const auto byte = static_cast<unsigned char>(c);
  if (c >= '0' && c <= '9') return kDigits + (c - '0');
  if (c >= 'a' && c <= 'z') return kLetters + (c - 'a');
  if (c >= 'A' && c <= 'Z') return kLetters + (c - 'A');
  const std::size_t other = kOthers.find(c);
  if (other != kOthers.npos) return static_cast<int>(other) + 1;
  return byte < 0x80 ? 0 : kRest + byte;
}

// First without regard to case; then lower case comes first.
int CompareText(std::string_view a, std::string_view b) {
  const std::size_t both = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < both; ++i) {
    if (WeightOf(a[i]) != WeightOf(b[i])) return WeightOf(a[i]) - WeightOf(b[i]);
  }
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  for (std::size_t i = 0; i < both; ++i) {
    if (a[i] != b[i]) return a[i] > b[i] ? -1 : 1;
  }
  return 0;
}

std::string_view TypeOf(const json& value) {
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "boolean";
  return value.is_number() ? "number" : "object";
}

int CompareValue(const json& a, const json& b) {
  if (a.is_string() && b.is_string()) {
    return CompareText(a.get_ref<const std::string&>(), b.get_ref<const std::string&>());
  }
  if (a.is_boolean() && b.is_boolean()) {
    return a == b ? 0 : (a.get<bool>() ? 1 : -1);
  }
  // The reference tells no others apart; here what is not the same is not taken for it.
  return CompareText(a.dump(), b.dump());
}

int CompareOptions(const json& a, const json& b) {
  if (!a.is_object() || !b.is_object()) {
    const int types = CompareText(TypeOf(a), TypeOf(b));
    return types != 0 ? types : CompareValue(a, b);
  }
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  // Both have their keys in order.
  for (auto one = a.begin(), other = b.begin(); one != a.end(); ++one, ++other) {
    if (one.key() != other.key()) return CompareText(one.key(), other.key());
    if (const int values = CompareValue(*one, *other); values != 0) return values;
  }
  return 0;
}

int CompareArtifacts(const FeatureKey& a, const FeatureKey& b) {
  const int options = CompareOptions(a.options, b.options);
  if (a.digest == b.digest && options == 0) return 0;
  if (a.collection != b.collection) return CompareText(a.collection, b.collection);
  const bool same = std::ranges::any_of(a.names, [&](const std::string& name) {
    return std::ranges::find(b.names, name) != b.names.end();
  });
  if (!same) return CompareText(a.id, b.id);
  if (!a.tag.empty() && !b.tag.empty() && a.tag != b.tag) return CompareText(a.tag, b.tag);
  return options != 0 ? options : CompareText(a.digest, b.digest);
}

bool IsPlace(const FeatureKey& key, const SoftKey& soft) {
  if (key.kind != soft.kind) return false;
  if (key.kind != Kind::kArtifact) return key.place == soft.place;
  return key.collection == soft.collection && key.id == soft.id;
}

// By a name that it has, or had.
bool Satisfies(const FeatureKey& key, const SoftKey& soft) {
  if (IsPlace(key, soft)) return true;
  return key.kind == Kind::kArtifact && soft.kind == Kind::kArtifact &&
         key.collection == soft.collection &&
         std::ranges::find(key.names, soft.id) != key.names.end();
}

class Rounds {
 public:
  Rounds(std::span<const FeatureNode> nodes, std::span<const SoftKey> first)
      : nodes_(nodes), first_(first) {
    for (std::size_t i = 0; i < nodes.size(); ++i) left_.push_back(i);
  }

  Result<std::vector<std::size_t>> Run() {
    while (!left_.empty()) {
      const std::vector<std::size_t> round = Next();
      if (round.empty()) return FailCircle();
      for (const std::size_t node : round) std::erase(left_, node);
      order_.insert(order_.end(), round.begin(), round.end());
    }
    return std::move(order_);
  }

 private:
  std::ptrdiff_t Priority(std::size_t node) const {
    const auto at = std::ranges::find_if(
        first_, [&](const SoftKey& soft) { return IsPlace(nodes_[node].key, soft); });
    return first_.end() - at;
  }

  template <typename Is>
  bool IsInstalled(Is is) const {
    return std::ranges::any_of(order_, [&](std::size_t one) { return is(nodes_[one].key); });
  }
  bool IsReady(const FeatureNode& node) const {
    return std::ranges::all_of(
               node.depends_on,
               [&](const FeatureKey& key) {
                 return IsInstalled([&](const FeatureKey& one) { return one == key; });
               }) &&
           std::ranges::all_of(node.installs_after, [&](const SoftKey& soft) {
             const auto is = [&](const FeatureKey& key) { return Satisfies(key, soft); };
             return std::ranges::none_of(nodes_, is, &FeatureNode::key) || IsInstalled(is);
           });
  }

  std::vector<std::size_t> Next() const {
    std::vector<std::size_t> round;
    for (const std::size_t node : left_) {
      if (!IsReady(nodes_[node])) continue;
      if (!round.empty() && Priority(node) > Priority(round.front())) round.clear();
      if (!round.empty() && Priority(node) != Priority(round.front())) continue;
      // Where former names make no order of it, a sort of the library's could go astray.
      auto at = round.end();
      while (at != round.begin() && FeatureKey::Compare(nodes_[node].key, nodes_[at[-1]].key) < 0) {
        --at;
      }
      round.insert(at, node);
    }
    return round;
  }

  std::unexpected<Error> FailCircle() const {
    std::vector<std::string> names;
    for (const std::size_t node : left_) names.push_back(Printable(nodes_[node].key.place));
    return Fail(Code::kInvalid, "features wait for each other, and none can be installed first: {}",
                Join(names, ", "));
  }

  std::span<const FeatureNode> nodes_;
  std::span<const SoftKey> first_;
  std::vector<std::size_t> left_, order_;
};

}  // namespace

int FeatureKey::Compare(const FeatureKey& a, const FeatureKey& b) {
  if (a.kind != b.kind) return CompareText(a.written, b.written);
  if (a.kind == Kind::kArtifact) return CompareArtifacts(a, b);
  const int places = CompareText(a.place, b.place);
  return places != 0 ? places : CompareOptions(a.options, b.options);
}

Result<std::vector<std::size_t>> InstallOrder(std::span<const FeatureNode> nodes,
                                              std::span<const SoftKey> first) {
  return Rounds(nodes, first).Run();
}

}  // namespace aileron::build
