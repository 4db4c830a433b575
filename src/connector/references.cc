#include "connector/references.h"

#include "base/text.h"
#include "connector/limits.h"

namespace aileron::connector {
namespace {

// One step of a JSON pointer in a fragment (RFC 6901 §6): %XX, then ~1 and ~0.
std::string Unescaped(std::string_view step) {
  const std::string decoded = PercentDecode(step).value_or(std::string(step));
  std::string plain;
  for (std::size_t i = 0; i < decoded.size(); ++i) {
    const bool escape = decoded[i] == '~' && i + 1 < decoded.size() &&
                        (decoded[i + 1] == '0' || decoded[i + 1] == '1');
    plain += escape ? (decoded[++i] == '0' ? '~' : '/') : decoded[i];
  }
  return plain;
}

}  // namespace

const Node* References::Get(const Node* map, std::string_view key) {
  constexpr std::size_t kIndexedFrom = 32;
  if (map == nullptr || map->kind != Kind::kMap) return nullptr;
  if (map->items.size() < kIndexedFrom) return map->Find(key);
  const auto [index, fresh] = indexes_.try_emplace(map);
  if (fresh) {
    for (const Node& item : map->items) index->second.emplace(item.key, &item);
  }
  const auto found = index->second.find(key);
  return found == index->second.end() ? nullptr : found->second;
}

const Node* References::Resolve(std::string_view reference) {
  if (!reference.starts_with('#')) return nullptr;
  const auto known = resolved_.find(reference);
  if (known != resolved_.end()) return known->second;
  const Node* node = &root_;
  std::string_view rest = reference.substr(1);
  if (!rest.empty() && rest.front() != '/') node = nullptr;
  while (node != nullptr && !rest.empty()) {
    rest.remove_prefix(1);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string step = Unescaped(rest.substr(0, slash));
    rest.remove_prefix(slash);
    if (node->kind == Kind::kList) {
      const auto index = ParseInteger<std::size_t>(step);
      node = index && *index < node->items.size() ? &node->items[*index] : nullptr;
    } else {
      node = Get(node, step);
    }
  }
  resolved_.emplace(reference, node);
  return node;
}

const Node* References::Follow(const Node* node) {
  for (std::size_t hop = 0; node != nullptr && hop < limits::kReferenceHopsMax; ++hop) {
    const Node* reference = Get(node, "$ref");
    if (reference == nullptr || reference->kind != Kind::kText) return node;
    node = Resolve(reference->text);
  }
  return nullptr;
}

std::string_view References::Text(const Node* map, std::string_view key) {
  const Node* node = Get(map, key);
  if (node == nullptr || node->kind == Kind::kList || node->kind == Kind::kMap) return {};
  return node->text;
}

bool References::IsTrue(const Node* map, std::string_view key) {
  const Node* node = Get(map, key);
  return node != nullptr && node->kind == Kind::kBoolean && node->text == "true";
}

}  // namespace aileron::connector
