// Sessions: all sessions of the daemon, from being opened to being recorded as over.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/key_file.h"
#include "daemon/leftovers.h"
#include "daemon/live_session.h"
#include "daemon/look_alikes.h"
#include "daemon/session_request.h"
#include "session/store.h"
#include "session/token.h"

namespace aileron::daemon {

// What a launcher is told of its session.
struct OpenedSession {
  std::string id;
  std::string token;
  std::string ca_pem;
  std::map<std::string, std::string> environment;  // sentinels by variable
  std::map<std::string, std::string> files;        // content with sentinels, by path
  std::vector<std::string> look_alikes;            // hosts that have one, as PlaceOf
  std::vector<proxy::Listener> listeners;          // that the session can use
  bool mediated = false;                           // its commands are
  std::string resume;                              // sealed bytes
};

class Sessions {
 public:
  Sessions(SessionWorld world, DaemonKeys keys, session::SessionStore store);
  ~Sessions();

  // Opens a session or resumes one. Nothing here waits for the disk or a process: a launch does.
  std::expected<OpenedSession, Refusal> Open(SessionRequest request, os::Fd channel);
  // From now on Open resumes sessions and opens no new one.
  void TakeNoNew() { takes_new_ = false; }
  // What Open left for later: the record and the audit log.
  void Begin(const std::string& id);

  Result<std::vector<session::Session>> List(session::SessionStore::Which which) const;
  Result<session::Session> Get(const std::string& id) const;
  // Ends a session: its launcher is asked to end the sandbox. kNotFound; kInvalid when it is over.
  Status Stop(const std::string& id, std::string_view reason);
  void StopAll(std::string_view reason);

  bool Running(const std::string& id) const { return live_.contains(id); }
  // Running, or over but with records of it still to come.
  bool Known(const std::string& id) const { return Running(id) || leaving_.contains(id); }
  const LiveSession* Find(const std::string& id) const;
  std::vector<LookAlike> LookAlikesOf(const LiveSession& session) const;
  // Nothing for a session that does not run.
  SessionServices* ServicesOf(const std::string& id);
  // As LiveSession::TellDenied, where it runs.
  void TellDenied(const std::string& id, const Denied& denied);
  // As LiveSession::Send; kNotFound when it does not run.
  Result<std::unique_ptr<fetch::Fetch>> Send(const std::string& id, fetch::Request request,
                                             Permits::Ticket leave, fetch::Fetch::OnDone done);
  // What a sandbox shows; kDenied for what this daemon did not sign.
  Result<session::Token> VerifyToken(std::string_view text) const;
  std::size_t running() const { return live_.size(); }
  // Sessions of an earlier daemon whose launchers may still come back.
  bool waiting_for_launchers() const { return grace_.armed(); }

  // Of sessions whose policy files are broken now: why. By id.
  std::map<std::string, std::string> PolicyProblems() const;

  // Ends the requests and tunnels that `rule` let through, of one session or, without one, of all.
  void Cut(const std::string& session, const std::string& rule);
  // Workers forget their verdicts and credentials: the vault, a binding or the log's health
  // changed.
  void Revoke();
  // What people said may not hold any more.
  void Withdraw();
  void ResumeReading();
  // Connectors::ToolList() is another one now: every sandbox shows it.
  void ShowTools(const std::string& list);
  // Ends all workers and calls `done`. Sessions stay recorded as running: a daemon that starts soon
  // takes them up again.
  void Shutdown(std::function<void()> done);

 private:
  // Policy files that changed hold from now on.
  void RefreshPolicies();
  std::expected<std::unique_ptr<LiveSession>, Refusal> Create(SessionRequest request);
  std::expected<std::unique_ptr<LiveSession>, Refusal> Resume(const SessionRequest& request);
  std::map<std::string, session::Sentinel> MakeSentinels();
  std::optional<Refusal> OpaqueAndBound(const proxy::OpaqueHosts& opaque);
  OpenedSession Describe(LiveSession& session) const;
  // The text by which it is resumed; empty, and logged, when its key cannot be exported.
  std::string Sealed(const LiveSession& session) const;
  void End(const std::string& id, session::State state, std::optional<int> code, std::string why);
  void OrphanTheRest();
  void OneLessToStop();

  SessionWorld world_;
  DaemonKeys keys_;
  session::SessionStore store_;
  net::Timer grace_;
  net::Timer policies_;  // armed while there are sessions
  Leftovers leftovers_;
  std::map<std::string, std::unique_ptr<LiveSession>> live_;
  std::map<std::string, std::unique_ptr<LiveSession>> leaving_;  // over, but for their workers
  std::function<void()> shut_down_;                              // set once shutting down
  std::size_t left_to_stop_ = 0;
  bool takes_new_ = true;
};

}  // namespace aileron::daemon
