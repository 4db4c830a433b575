// References within a document: { $ref: "#/components/schemas/Pet" }.
//
// Only those that stay inside it. Chains are followed over limits::kReferenceHopsMax steps, so that
// a circle leads to nothing. Large maps are indexed once, so that a document's size, not its
// square, is what following all of its references costs.
#pragma once

#include <string_view>
#include <unordered_map>

#include "connector/document.h"

namespace aileron::connector {

class References {
 public:
  // `root` outlives this.
  explicit References(const Node& root) : root_(root) {}

  // `node`, or what its $ref names in the end; null for null, and for one that leads nowhere.
  const Node* Follow(const Node* node);
  // The member of a map, as it stands; null for one that is not there, and for what is no map.
  const Node* Get(const Node* map, std::string_view key);
  // The same, followed.
  const Node* Member(const Node* map, std::string_view key) { return Follow(Get(map, key)); }
  // The text of a scalar member, or nothing.
  std::string_view Text(const Node* map, std::string_view key);
  bool IsTrue(const Node* map, std::string_view key);

 private:
  const Node* Resolve(std::string_view reference);

  const Node& root_;
  std::unordered_map<std::string_view, const Node*> resolved_;
  std::unordered_map<const Node*, std::unordered_map<std::string_view, const Node*>> indexes_;
};

}  // namespace aileron::connector
