// Browser: the daemon's API for a browser of this machine, at 127.0.0.1 (ADR 0015).
//
// The port is open only while a link waits or somebody is signed in. Behind it stands a part of the
// control API: approvals, grants, and what of sessions and the record is read. Nothing of the
// vault, of secrets, bindings, connectors or the daemon itself.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/audit_service.h"
#include "daemon/browser_gate.h"
#include "daemon/browser_passes.h"
#include "daemon/control_server.h"
#include "daemon/router.h"

namespace aileron::daemon {

class Browser {
 public:
  // `control` has the routes that are served here as well; it outlives this. `page` is the path of
  // a file in a private folder, for PageFor.
  Browser(net::Loop& loop, AuditService& audit, const Router& control, std::string page);
  ~Browser();

  struct Link {
    std::string url;
    std::string page;  // a file that leads there; empty when none was wanted
  };
  // WithPage::kYes: the link also stands in a file that only this user can read, so that a program
  // can be told to open it without the link in its arguments.
  enum class WithPage { kNo, kYes };
  Result<Link> MakeLink(WithPage with_page);
  // Ends every sign-in and every link, and closes the port. How many were signed in.
  std::size_t Revoke();

  // Exchanges a link for a cookie.
  Reply Enter(std::string_view link);

  bool open() const { return port_ != 0; }
  bool busy() const { return server_.busy(); }
  std::uint16_t port() const { return port_; }
  const BrowserPasses& passes() const { return passes_; }
  const Router& router() const { return router_; }

 private:
  void AddRoutes(const Router& control);
  Reply Page(const Request& request) const;
  Status Open();
  void Close();
  void Check();
  void RemovePage();

  AuditService& audit_;
  std::string page_;
  bool page_written_ = false;
  BrowserPasses passes_;
  BrowserGate gate_;
  Router router_;
  ControlServer server_;
  net::Timer check_;
  std::uint16_t port_ = 0;
};

}  // namespace aileron::daemon
