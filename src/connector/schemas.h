// Schemas of OpenAPI and Swagger documents, as far as inputs need them: a type, the values that are
// allowed, the properties of an object.
//
// allOf is merged; of anyOf and oneOf the first variant that says something stands for all. Depth
// is bounded, and so are the steps that one operation's schemas may take, however they refer to
// each other.
#pragma once

#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "connector/connector.h"
#include "connector/references.h"

namespace aileron::connector {

class Schemas {
 public:
  explicit Schemas(References& references) : references_(references) {}

  // A new operation begins: it may take limits::kSchemaStepsMax steps.
  void Begin() { steps_ = 0; }

  // Nothing where a schema does not say, or says it too deep down.
  std::optional<Type> TypeOf(const Node* schema) { return TypeAt(schema, 0); }
  // What the items of an array are; of a type that an input's items can have, or nothing.
  std::optional<Type> ItemsOf(const Node* schema);
  // The values that an enum lists, of `type` each; none where it has others or too many.
  std::vector<nlohmann::json> AllowedOf(const Node* schema, Type type);

  struct Property {
    std::string_view name;
    const Node* schema = nullptr;  // not followed yet
    bool required = false;
  };
  // Of an object and everything that allOf adds to it, each name once; without those that only
  // answers have.
  std::vector<Property> PropertiesOf(const Node* schema);

 private:
  std::optional<Type> TypeAt(const Node* schema, std::size_t depth);
  std::optional<Type> TypeOfVariants(const Node* schema, std::size_t depth);
  std::optional<Type> TypeOfNode(const Node* node, std::size_t depth);
  struct Collected {
    std::vector<Property>& properties;
    std::vector<std::string_view>& required;
    std::unordered_set<const Node*>& parts;  // that were merged already
  };
  void Collect(const Node* schema, std::size_t depth, const Collected& into);
  const Node* ItemSchema(const Node* schema, std::size_t depth);
  // `schema` followed; null beyond a bound.
  const Node* Step(const Node* schema, std::size_t depth);

  References& references_;
  std::unordered_map<const Node*, std::optional<Type>> types_;
  std::size_t steps_ = 0;
};

}  // namespace aileron::connector
