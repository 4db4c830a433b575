// Routes: the control API, one file for each noun. api/openapi.yaml describes them.
#pragma once

#include <functional>

#include "daemon/approvals.h"
#include "daemon/audit_service.h"
#include "daemon/background.h"
#include "daemon/bindings.h"
#include "daemon/connectors.h"
#include "daemon/credentials.h"
#include "daemon/keyring.h"
#include "daemon/notifier.h"
#include "daemon/operations.h"
#include "daemon/registry_tokens.h"
#include "daemon/router.h"
#include "daemon/sessions.h"
#include "daemon/surfaces_file.h"
#include "daemon/vault_service.h"
#include "daemon/webhooks.h"

namespace aileron::daemon {

class Browser;

// What handlers work with; borrowed from the daemon.
struct Api {
  net::Loop& loop;
  Background& background;
  AuditService& audit;
  VaultService& vault;
  Bindings& bindings;
  Credentials& credentials;
  Approvals& approvals;
  Connectors& connectors;
  Keyring& keyring;
  Operations& operations;
  Sessions& sessions;
  SurfacesFile& surfaces;
  Notifier& notifier;
  Webhooks& webhooks;
  RegistryTokens& registry_tokens;
  Time started;
  Duration idle_timeout;
  std::function<void()> stop;   // the daemon, once what is being answered has been
  std::function<void()> drain;  // the same, by Drain
  std::function<bool()> draining;
};

// `api` outlives the router.
void AddStatusRoutes(Router& router, Api& api);
void AddSessionRoutes(Router& router, Api& api);
void AddServiceRoutes(Router& router, Api& api);
void AddExecRoutes(Router& router, Api& api);
void AddVaultRoutes(Router& router, Api& api);
void AddSecretRoutes(Router& router, Api& api);
void AddBindingRoutes(Router& router, Api& api);
void AddAuditRoutes(Router& router, Api& api);
void AddApprovalRoutes(Router& router, Api& api);
void AddConnectorRoutes(Router& router, Api& api);
void AddSurfaceRoutes(Router& router, Api& api);
void AddKeyringRoutes(Router& router, Api& api);
void AddRegistryRoutes(Router& router, Api& api);
void AddAllRoutes(Router& router, Api& api);
// The control socket's hand on the browser's door; and the door's own route, served nowhere else.
void AddBrowserRoutes(Router& router, Browser& browser);
void AddBrowserDoorRoutes(Router& router, Browser& browser);
// Of the sandbox's API alone (sandbox_api.h).
void AddSandboxRoutes(Router& router, Api& api);

}  // namespace aileron::daemon
