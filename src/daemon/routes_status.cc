// Tested by tests/launch/test_cli.py.

// GET /v1/status, POST /v1/daemon/stop
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "daemon/members.h"
#include "daemon/routes.h"
#include "os/fd.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

std::uint64_t ResidentBytes() {
  const auto statm = os::ReadFile("/proc/self/statm", 4096);
  if (!statm) return 0;
  const auto fields = Split(*statm, ' ');
  const auto pages = fields.size() > 1 ? ParseInteger<std::uint64_t>(fields[1]) : std::nullopt;
  return pages.value_or(0) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

// Trouble that does not stop the daemon but that somebody should do something about.
json Problems(const Api& api) {
  json problems = json::array();
  const auto add = [&](const char* code, std::string detail) {
    if (!detail.empty()) problems.push_back({{"code", code}, {"detail", std::move(detail)}});
  };
  if (!api.audit.healthy()) {
    add("audit_unavailable", "nothing new is allowed: " + api.audit.problem());
  }
  add("bindings_invalid", api.bindings.problem());
  for (const auto& [id, problem] : api.sessions.PolicyProblems()) {
    add("policy_invalid", fmt::format("session {}: {}", id, problem));
  }
  add("surfaces_invalid", api.surfaces.problem());
  add("desktop_unavailable", api.notifier.problem());
  for (const auto& [url, sender] : api.webhooks.senders()) {
    if (sender->problem().empty()) continue;
    add("webhook_failing", "a webhook is not told: " + sender->problem());
  }
  api.keyring.All();  // read now, if it was not yet
  add("keyring_invalid", api.keyring.problem());
  add("connectors_invalid", api.connectors.problem());
  return problems;
}

Reply Status(const Api& api) {
  const auto seconds = [](Duration length) {
    return std::chrono::duration_cast<std::chrono::seconds>(length).count();
  };
  return JsonReply(200, {{"version", AILERON_VERSION},
                         {"pid", getpid()},
                         {"started", FormatTime(api.started)},
                         {"uptime_s", seconds(Now() - api.started)},
                         {"sessions", api.sessions.running()},
                         {"operations", api.operations.under_way()},
                         {"draining", api.draining()},
                         {"vault", {{"state", vault::StateName(api.vault.state())}}},
                         {"idle_timeout_s", seconds(api.idle_timeout)},
                         {"rss_bytes", ResidentBytes()},
                         {"problems", Problems(api)}});
}

struct Stopping {
  bool end_sessions = false;
  bool drain = false;
};

Result<Stopping> ReadStopping(const std::string& body) {
  AILERON_ASSIGN(const json object, ObjectIn(body.empty() ? "{}" : body));
  Stopping stopping;
  Members members(object, "");
  AILERON_TRY(members.Flag("end_sessions", stopping.end_sessions));
  AILERON_TRY(members.Flag("drain", stopping.drain));
  AILERON_TRY(members.Done());
  return stopping;
}

Reply Stop(Api& api, const Request& request) {
  const auto stopping = ReadStopping(request.body);
  if (!stopping) return Problem(Refusal{400, "invalid", stopping.error().message, ""});
  const std::size_t sessions = api.sessions.running();
  if (stopping->end_sessions) api.sessions.StopAll("the daemon is being stopped");
  Reply reply =
      JsonReply(202, {{"sessions", sessions}, {"operations", api.operations.under_way()}});
  reply.after = stopping->drain ? api.drain : api.stop;
  return reply;
}

}  // namespace

void AddStatusRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/status", BodyKind::kNone,
             [&api](Request, Responder responder) { responder.Send(Status(api)); });
  router.Add("POST", "/v1/daemon/stop", BodyKind::kJson,
             [&api](Request request, Responder responder) { responder.Send(Stop(api, request)); });
}

void AddAllRoutes(Router& router, Api& api) {
  AddStatusRoutes(router, api);
  AddSessionRoutes(router, api);
  AddServiceRoutes(router, api);
  AddExecRoutes(router, api);
  AddVaultRoutes(router, api);
  AddSecretRoutes(router, api);
  AddBindingRoutes(router, api);
  AddAuditRoutes(router, api);
  AddApprovalRoutes(router, api);
  AddConnectorRoutes(router, api);
  AddSurfaceRoutes(router, api);
  AddKeyringRoutes(router, api);
  AddRegistryRoutes(router, api);
}

}  // namespace aileron::daemon
