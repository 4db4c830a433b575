// LiveSession: a session while it runs: its rules, its authority, its worker, its launcher's
// channel.
//
// The worker is started when the listeners are first used, or soon after they have come. One that
// crashes is replaced by another on the same listeners; one that crashes again and
// again takes the session's network down for good, and its listeners refuse from then on.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/x509.h"
#include "daemon/audit_service.h"
#include "daemon/bindings.h"
#include "daemon/crashes.h"
#include "daemon/credentials.h"
#include "daemon/denials.h"
#include "daemon/first_use.h"
#include "daemon/permits.h"
#include "daemon/session_channel.h"
#include "daemon/session_commands.h"
#include "daemon/session_policy.h"
#include "daemon/session_request.h"
#include "daemon/session_services.h"
#include "daemon/vault_service.h"
#include "daemon/waiting_questions.h"
#include "daemon/worker_link.h"
#include "fetch/fetch.h"
#include "policy/network.h"
#include "session/resume.h"

namespace aileron::daemon {

// What sessions share; borrowed from the daemon, and outlives them.
struct SessionWorld {
  net::Loop& loop;
  AuditService& audit;
  VaultService& vault;
  Bindings& bindings;
  Credentials& credentials;
  Approvals& approvals;
  // A connection to the sandbox's API, for a session's worker.
  std::function<Result<os::Fd>(const std::string& session)> connect_api;
  // A session's listeners have come, so that it can be served.
  std::function<void(const std::string& session)> on_listening;
  // Where the policy files are, and who is trusted.
  os::Paths paths;
  // The program that workers run as, and its arguments.
  std::string worker_path;
  std::vector<std::string> worker_argv;
  std::vector<std::string> mediator_argv = {"aileron", "mediator"};
};

class LiveSession final : public PermitSource {
 public:
  struct Ends {
    std::function<void(int code)> on_exit;          // the agent has ended
    std::function<void(std::string why)> on_lost;   // the launcher has
    std::function<void(std::string why)> on_unfit;  // it cannot go on
  };
  LiveSession(SessionWorld& world, session::Session record, session::NetworkRequest request,
              session::CommandRequest commands, SessionPolicy policy, SessionSettings settings,
              crypto::CertificateAuthority authority,
              std::map<std::string, session::Sentinel> sentinels, Secret proxy_password);
  ~LiveSession();

  // Takes the launcher's channel.
  Status Attach(os::Fd channel, Ends ends);
  void Revoke();
  // What people said may not hold any more.
  void Withdraw();
  // Reads the policy files again, if one of them changed: what they say holds from now on. What
  // the launcher is to be told of it, with the session as it is to be resumed; empty: nothing.
  std::string RefreshPolicy();
  void TellPolicy(std::string_view news, std::string_view resume) {
    channel_->SendPolicy(news, resume);
  }
  // Ends what the worker has open because of that rule.
  void Cut(const std::string& rule);
  // Looks at the worker's packets again after the audit log was full.
  void ResumeReading();
  // Sends a request of the daemon's own through the worker, with what it may do (its host and port
  // are the request's); `done` as Fetch has it.
  Result<std::unique_ptr<fetch::Fetch>> Send(fetch::Request request, Permits::Ticket leave,
                                             fetch::Fetch::OnDone done);
  // Asks the launcher to end the sandbox.
  void SendStop(std::string_view reason) { channel_->SendStop(reason); }
  void SendTools(std::string_view list) { channel_->SendTools(list); }
  // Tells the launcher what was denied because nobody may be asked.
  void TellDenied(const Denied& denied);
  // Tells the launcher, from now on, how many questions wait.
  void TellWaiting();
  // Lets the worker finish; `done` is called when it has.
  void StopWorker(std::function<void()> done);

  session::Session& record() { return record_; }
  const session::Session& record() const { return record_; }
  const session::NetworkRequest& request() const { return request_; }
  const std::map<std::string, session::Sentinel>& sentinels() const { return sentinels_; }
  const crypto::CertificateAuthority& authority() const { return authority_; }
  const policy::Network& network() const { return settings_.network; }
  const policy::RequestRules& requests() const { return settings_.requests; }
  const policy::Approvals& approvals() const { return settings_.approvals; }
  const SessionPolicy& policy() const { return policy_; }
  const Secret& proxy_password() const { return proxy_password_; }
  // With what is to be removed should the launcher have been killed.
  const SessionListeners& listeners() const { return listeners_; }
  bool mediated() const { return commands_request_.filtered; }
  // Of the launch itself, and with what the policy files say now.
  const session::CommandRequest& own_commands() const { return commands_request_; }
  session::CommandRequest commands() const;
  std::size_t command_rules() const {
    return commands_request_.rules.size() + settings_.commands.size();
  }
  SessionServices& services() { return services_; }
  const SessionServices& services() const { return services_; }
  bool network_down() const { return network_down_; }
  // Nothing while there is none.
  std::optional<pid_t> worker_pid() const {
    return worker_ != nullptr ? std::optional(worker_->pid()) : std::nullopt;
  }

 private:
  // PermitSource.
  std::vector<const vault::Binding*> Applicable(std::string_view host, std::uint16_t port) override;
  Result<std::string> IssueLeaf(std::string_view host, std::string_view public_key) override;
  void DeniedUnasked(const About& about, std::string_view code, std::string_view hint) override;
  std::string Outage() override;

  Status TakeListeners(SessionListeners listeners);
  Status TakeCommands(std::vector<os::Fd> descriptors, mediation::Trust trust);
  void StartWorker();
  void SendStart();
  Status OnPacket(std::string_view packet);
  Status OnAnswer(Result<Permits::Answer> answer);
  void OpenCredential(const Permits::Open& open);
  void CarryOut(Permits::Answer answer);
  void FindCaller(Permits::FindCaller find);
  void AskPerson(const Permits::AskPerson& ask);
  void Say(std::uint64_t ticket, const Approvals::Said& said);
  void ConnectApi(std::uint64_t id);
  void Give(const std::vector<proxy::Credential>& credentials);
  void OnWorkerEnd(const std::string& why);
  void TakeNetworkDown(const std::string& why);
  void KeepRecords(proxy::Audit batch);
  void Audit(std::string_view kind, std::string_view action, std::string detail);

  SessionWorld& world_;
  session::Session record_;
  session::NetworkRequest request_;
  session::CommandRequest commands_request_;
  SessionPolicy policy_;
  SessionSettings settings_;
  crypto::CertificateAuthority authority_;
  std::map<std::string, session::Sentinel> sentinels_;
  Secret proxy_password_;  // empty when the vault holds it, or nobody wants one
  std::unique_ptr<SessionChannel> channel_;
  Denials denials_;
  std::unique_ptr<WaitingQuestions> waiting_;  // when the launcher wants to know
  SessionListeners listeners_;
  bool have_listeners_ = false;
  SessionServices services_;
  FirstUse first_use_;                // of the listeners
  std::shared_ptr<Permits> permits_;  // what opens a credential holds it weakly
  std::unique_ptr<WorkerLink> worker_;
  std::unique_ptr<SessionCommands> commands_;  // where they are mediated
  std::function<void(std::string why)> unfit_;
  Crashes crashes_;
  bool network_down_ = false;
  std::function<void()> stopped_;
  net::Timer ready_timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace aileron::daemon
