// Tested by tests/mediation/test_holders.py.

#include "mediation/finder.h"

#include "mediation/limits.h"

namespace aileron::mediation {

const command::By* Finder::Compiled(const std::string& program) {
  const auto found = programs_.find(program);
  if (found != programs_.end()) return &found->second;
  auto by = command::By::Parse(program);
  return by ? &programs_.emplace(program, std::move(*by)).first->second : nullptr;
}

std::optional<Found> Finder::Answer(const Find& find, std::span<const pid_t> changing,
                                    Patience patience) {
  auto found = Look(find, changing);
  if (found) return std::move(*found);
  if (patience == Patience::kSome && found.error().code == Code::kUnavailable) return std::nullopt;
  return Found{.number = find.number, .who = std::move(found.error().message), .shares = {}};
}

Result<Found> Finder::Look(const Find& find, std::span<const pid_t> changing) {
  Found found{.number = find.number, .who = {}, .shares = {}};
  AILERON_ASSIGN(const std::vector<command::Lineage> holders,
                 holders_.Of(find.client, find.server, changing));
  if (programs_.size() >= limits::kProgramsKept) programs_.clear();
  for (const std::string& program : find.programs) {
    const command::By* by = Compiled(program);
    // What the daemon could read and this cannot is not sure, and could be.
    found.shares.push_back(by != nullptr ? command::ShareOf(*by, holders)
                                         : command::Share{.all = false, .any = true});
  }
  const std::vector<command::Parent>& first = holders.front().processes;
  found.who = first.empty() ? "init" : first.front().path;
  if (holders.size() > 1) found.who += fmt::format(" and {} more", holders.size() - 1);
  return found;
}

}  // namespace aileron::mediation
