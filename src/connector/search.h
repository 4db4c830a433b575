// Finds operations among thousands by what they are about.
//
// Every word is looked for in the operation's name, its connector's and tools' names, its summary
// and its path, without case; singular and plural are one. Operations that have all the words come
// alone if there are any, else those that have most. A word counts more in a name than in a
// summary, and more there than in a path; more as a whole than as a part. The same question has the
// same answer, whatever the order of connectors.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "connector/connector.h"

namespace aileron::connector {

struct Hit {
  const Connector* connector = nullptr;
  const Operation* operation = nullptr;
  int score = 0;
};

// The best first, at most `limit` and limits::kHitsMax. Without words: nothing.
std::vector<Hit> Search(std::span<const Connector* const> connectors, std::string_view words,
                        std::size_t limit);

}  // namespace aileron::connector
