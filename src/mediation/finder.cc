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

Found Finder::Answer(const Find& find) {
  Found found{.number = find.number, .who = {}, .shares = {}};
  const auto holders = holders_.Of(find.client, find.server);
  if (!holders) {
    found.who = holders.error().message;
    return found;
  }
  if (programs_.size() >= limits::kProgramsKept) programs_.clear();
  for (const std::string& program : find.programs) {
    const command::By* by = Compiled(program);
    // What the daemon could read and this cannot is not sure, and could be.
    found.shares.push_back(by != nullptr ? command::ShareOf(*by, *holders)
                                         : command::Share{.all = false, .any = true});
  }
  const command::Lineage& first = holders->front();
  found.who = first.empty() ? "init" : first.front().path;
  if (holders->size() > 1) found.who += fmt::format(" and {} more", holders->size() - 1);
  return found;
}

}  // namespace aileron::mediation
