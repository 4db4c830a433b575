#include "connector/schemas.h"

#include <algorithm>
#include <unordered_set>

#include "base/text.h"
#include "connector/limits.h"
#include "connector/names.h"

namespace aileron::connector {
namespace {

using nlohmann::json;

std::optional<Type> TypeOfWord(std::string_view text) {
  for (const auto& word : kTypeWords) {
    if (word.text == text) return word.value;
  }
  return std::nullopt;
}

std::optional<Type> TypeOfValue(const Node& value) {
  switch (value.kind) {
    case Kind::kBoolean:
      return Type::kBoolean;
    case Kind::kNumber:
      return ParseInteger<std::int64_t>(value.text) ? Type::kInteger : Type::kNumber;
    case Kind::kText:
      return Type::kString;
    case Kind::kList:
      return Type::kArray;
    case Kind::kMap:
      return Type::kObject;
    case Kind::kNull:
      break;
  }
  return std::nullopt;
}

// The first of an enum's values that is not null, where that is not the empty text: { enum: [""] }
// is how some say that a value can be unset.
std::optional<Type> TypeOfEnum(const Node& values) {
  const std::size_t looked_at = std::min(values.items.size(), limits::kImportedAllowedMax);
  for (const Node& value : std::span(values.items).first(looked_at)) {
    if (value.kind == Kind::kText && value.text.empty()) continue;
    if (const auto type = TypeOfValue(value)) return type;
  }
  return std::nullopt;
}

bool IsUnset(const Node* values) {
  return values != nullptr && values->kind == Kind::kList && !TypeOfEnum(*values);
}

}  // namespace

const Node* Schemas::Step(const Node* schema, std::size_t depth) {
  if (depth > limits::kSchemaDepthMax || ++steps_ > limits::kSchemaStepsMax) return nullptr;
  const Node* followed = references_.Follow(schema);
  return followed != nullptr && followed->kind == Kind::kMap ? followed : nullptr;
}

std::optional<Type> Schemas::TypeAt(const Node* schema, std::size_t depth) {
  const Node* node = Step(schema, depth);
  if (node == nullptr) return std::nullopt;
  // Until it is known a schema has no type, so that one within itself does not begin again.
  const auto [known, fresh] = types_.try_emplace(node);
  if (!fresh) return known->second;
  const auto type = TypeOfNode(node, depth);
  types_[node] = type;
  return type;
}

std::optional<Type> Schemas::TypeOfNode(const Node* node, std::size_t depth) {
  if (IsUnset(references_.Get(node, "enum"))) return std::nullopt;
  if (const Node* type = references_.Get(node, "type")) {
    if (type->kind == Kind::kText) {
      if (const auto known = TypeOfWord(type->text)) return known;
    }
    const std::size_t looked_at = std::min<std::size_t>(type->items.size(), kTypeWords.size() + 1);
    for (const Node& each : std::span(type->items).first(looked_at)) {  // 3.1: [string, "null"]
      if (const auto known = TypeOfWord(each.text)) return known;
    }
  }
  if (references_.Get(node, "properties") != nullptr ||
      references_.Get(node, "additionalProperties") != nullptr) {
    return Type::kObject;
  }
  if (references_.Get(node, "items") != nullptr) return Type::kArray;
  if (const Node* values = references_.Get(node, "enum")) return TypeOfEnum(*values);
  if (const Node* value = references_.Get(node, "const")) return TypeOfValue(*value);
  return TypeOfVariants(node, depth);
}

std::optional<Type> Schemas::TypeOfVariants(const Node* schema, std::size_t depth) {
  for (const std::string_view key : {"allOf", "anyOf", "oneOf"}) {
    const Node* variants = references_.Get(schema, key);
    if (variants == nullptr || variants->kind != Kind::kList) continue;
    for (const Node& variant : variants->items) {
      if (const auto type = TypeAt(&variant, depth + 1)) return type;
      if (steps_ > limits::kSchemaStepsMax) return std::nullopt;
    }
  }
  return std::nullopt;
}

const Node* Schemas::ItemSchema(const Node* schema, std::size_t depth) {
  const Node* node = Step(schema, depth);
  if (node == nullptr) return nullptr;
  if (const Node* items = references_.Get(node, "items")) return items;
  for (const std::string_view key : {"allOf", "anyOf", "oneOf"}) {
    const Node* variants = references_.Get(node, key);
    if (variants == nullptr || variants->kind != Kind::kList) continue;
    for (const Node& variant : variants->items) {
      if (const Node* items = ItemSchema(&variant, depth + 1)) return items;
      if (steps_ > limits::kSchemaStepsMax) return nullptr;
    }
  }
  return nullptr;
}

std::optional<Type> Schemas::ItemsOf(const Node* schema) {
  const Node* items = ItemSchema(schema, 0);
  const auto type = items == nullptr ? std::nullopt : TypeOf(items);
  return type == Type::kArray ? std::nullopt : type;
}

std::vector<json> Schemas::AllowedOf(const Node* schema, Type type) {
  if (type == Type::kArray) return {};
  const Node* node = Step(schema, 0);
  const Node* values = node == nullptr ? nullptr : references_.Get(node, "enum");
  if (values == nullptr || values->kind != Kind::kList ||
      values->items.size() > limits::kImportedAllowedMax) {
    return {};
  }
  std::vector<json> allowed;
  for (const Node& value : values->items) {
    if (value.kind == Kind::kNull) continue;
    const bool fits =
        TypeOfValue(value) == type || (type == Type::kNumber && value.kind == Kind::kNumber);
    const bool shown = CheckShown(value.text, limits::kSentAsMax, Lines::kOne).has_value();
    if (!fits || !shown) return {};
    json converted = ToJson(value);
    if (std::ranges::find(allowed, converted) != allowed.end()) continue;
    allowed.push_back(std::move(converted));
  }
  return allowed;
}

std::vector<Schemas::Property> Schemas::PropertiesOf(const Node* schema) {
  std::vector<Property> properties;
  std::vector<std::string_view> required;
  std::unordered_set<const Node*> collected;
  Collect(schema, 0, {properties, required, collected});
  const std::unordered_set<std::string_view> needed(required.begin(), required.end());
  std::unordered_set<std::string_view> seen;
  std::vector<Property> unique;
  for (Property& property : properties) {
    if (!seen.insert(property.name).second) continue;
    property.required = needed.contains(property.name);
    unique.push_back(property);
  }
  return unique;
}

void Schemas::Collect(const Node* schema, std::size_t depth, const Collected& into) {
  const Node* node = Step(schema, depth);
  if (node == nullptr || !into.parts.insert(node).second) return;
  if (const Node* list = references_.Get(node, "required");
      list != nullptr && list->kind == Kind::kList) {
    for (const Node& name : list->items) {
      if (++steps_ > limits::kSchemaStepsMax) return;
      into.required.push_back(name.text);
    }
  }
  if (const Node* members = references_.Get(node, "properties");
      members != nullptr && members->kind == Kind::kMap) {
    for (const Node& member : members->items) {
      if (++steps_ > limits::kSchemaStepsMax) return;
      const Node* property = references_.Follow(&member);
      if (!references_.IsTrue(property, "readOnly"))
        into.properties.push_back({member.key, &member});
    }
  }
  const Node* all = references_.Get(node, "allOf");
  if (all == nullptr || all->kind != Kind::kList) return;
  for (const Node& part : all->items) {
    if (steps_ > limits::kSchemaStepsMax) return;
    Collect(&part, depth + 1, into);
  }
}

}  // namespace aileron::connector
