// Changes of a copied workspace, as they are told: git's letters, sizes, modes and links.
#pragma once

#include <string>
#include <vector>

#include "changes/change.h"
#include "modes/api.h"
#include "modes/terminal.h"

namespace aileron::modes {

// A change, and why it is not applied as others are: "", or a few words.
struct ToldChange {
  const changes::Change& change;
  std::string held;
};

// "M run.sh  mode 644 -> 755  [changed on the host]"
std::string ChangeLine(const ToldChange& told, Colour colour);
// " run.sh | 12 -> 340 bytes"
std::string StatLine(const ToldChange& told);
// "3 changes: 1 added, 2 modified"
std::string ChangesSummary(const std::vector<changes::Change>& all);
Json ChangeJson(const ToldChange& told);

}  // namespace aileron::modes
