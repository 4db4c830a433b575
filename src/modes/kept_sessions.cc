#include "modes/kept_sessions.h"

#include <algorithm>

#include "changes/store.h"

namespace aileron::modes {

std::vector<KeptSession> KeptSessions(const os::Paths& paths) {
  std::vector<KeptSession> kept;
  for (const changes::Copy& copy : changes::List(paths)) {
    if (!copy.facts.snapshot)
      kept.push_back({copy.session, copy.facts.workspace, changes::SizeOf(copy)});
  }
  return kept;
}

Json WithKept(const Json& sessions, const std::vector<KeptSession>& kept, Which which) {
  Json list = Json::array();
  std::vector<std::string> known;
  for (const Json& session : sessions) {
    const std::string id = TextOf(session, "id");
    const auto found = std::ranges::find(kept, id, &KeptSession::session);
    if (found == kept.end()) {
      if (which == Which::kAll || TextOf(session, "state") == "running") list.push_back(session);
      continue;
    }
    list.push_back(session);
    list.back()["kept_bytes"] = found->bytes;
    known.push_back(id);
  }
  for (const KeptSession& one : kept) {
    if (std::ranges::find(known, one.session) != known.end()) continue;
    list.push_back({{"id", one.session},
                    {"state", "kept"},
                    {"workspace", one.workspace},
                    {"kept_bytes", one.bytes}});
  }
  return list;
}

}  // namespace aileron::modes
