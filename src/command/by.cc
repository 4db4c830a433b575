#include "command/by.h"

#include <algorithm>

namespace aileron::command {

Result<By> By::Parse(std::string_view text) {
  AILERON_ASSIGN(Pattern pattern, Pattern::Parse(text));
  return By(std::move(pattern));
}

bool By::Is(std::string_view path, Origin origin, std::span<const std::string> argv,
            Claim claim) const {
  if (claim == Claim::kSure && origin != Origin::kSystem && !pattern_.by_path()) return false;
  if (pattern_.MatchProgram({path}, "") != Match::kMet) return false;
  if (pattern_.names_program_only()) return true;
  std::vector<Word> words;
  for (const std::string& word : argv) words.push_back({word});
  if (!words.empty()) words.erase(words.begin());
  return pattern_.MatchArguments(BaseName(path), words, "", Extent::kAtLeast) == Match::kMet;
}

bool By::Is(const Parent& process, Claim claim) const {
  if (claim == Claim::kSure) {
    if (process.knowledge == Knowledge::kNothing) return false;
    if (process.knowledge == Knowledge::kProgram && !pattern_.names_program_only()) return false;
  }
  return Is(process.path, process.origin, process.argv, claim) ||
         std::ranges::any_of(process.links, [&](const std::string& link) {
           return Is(link, process.origin, process.argv, claim);
         });
}

Share ShareOf(const By& by, std::span<const Lineage> holders) {
  const auto is = [&by](const Lineage& line, Claim claim) {
    return std::ranges::any_of(line.processes,
                               [&](const Parent& one) { return by.Is(one, claim); });
  };
  const auto surely = [&](const Lineage& line) { return is(line, Claim::kSure); };
  const auto likely = [&](const Lineage& line) { return line.cut || is(line, Claim::kLikely); };
  return {.all = !holders.empty() && std::ranges::all_of(holders, surely),
          .any = std::ranges::any_of(holders, likely)};
}

}  // namespace aileron::command
