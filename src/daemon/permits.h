// Permits: what one worker may be told, and when. The daemon's half of proxy/permit.h, without I/O:
// a message comes in, at most one answer comes out, now or later.
//
//   AskVerdict     always answered; notes the host, and the bindings it was told of. Where policy
//                  says "ask", a person is asked: the answer is then the command to AskPerson, once
//                  however many wait, and the verdicts come out when Said() is told of it. Of a
//                  host that a rule about requests speaks of (policy/request_rules.h) each request
//                  is to be asked about, and the host itself only for one that no rule decides
//   AskRequest     only for a host with a verdict. One that may go on gets a pass, for its host,
//                  port, method and path; a person may be asked, as above
//   AskLeaf        only for a host that this worker has a verdict on, whichever it was (a refusal
//   is
//                  told inside TLS too); not more than so many a second
//   AskCredential  only for a binding that a verdict to this worker named for that host and port,
//                  and only while policy and bindings still say so, for a request that the binding
//                  covers: which one it is is the worker's word, so this is a second look at an
//                  honest worker's, and no wall against one that was taken over. Where requests are
//                  asked about, only with the pass of that very request: what a person has not
//                  said yes to gets no credential. A binding with "approval: first-use" asks a
//                  person before its credential is opened. For sigv4-resign a
//                  key for one day, region and service, never the credential. Opening it may take
//                  time: the answer to a question is then the command to Open it, once however
//                  many ask, and the credentials come out when Opened() is told of it;
//                  the upstream proxy's when the session has one
//                  A verdict may be asked for with the ticket of a request of the daemon's own:
//                  then its host is allowed unless a rule denies it
//
//   AskApi         always; the connection says which session asks, and a token is wanted on it
//
// Where a rule names a program (policy/programs.h), who holds the client's connection is found out
// first: the answer to such a question is then the command to FindCaller, and the real one comes
// when Found() is told of it. Nothing that is said of such a host is kept by the worker, so each
// request is looked at.
//
// Anything else is a violation: an Error. The worker parses strangers' bytes; one that asks for
// what it has no permit for has been taken over, and is ended. A table that is full forgets
// everything, and from then on what it does not know is refused without that conclusion.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "daemon/approvals.h"
#include "daemon/asking.h"
#include "daemon/limits.h"
#include "daemon/opened.h"
#include "daemon/questions.h"
#include "daemon/session_request.h"
#include "proxy/permit.h"
#include "session/resume.h"
#include "vault/binding.h"

namespace aileron::daemon {

// Where permits find what they do not decide themselves.
class PermitSource {
 public:
  virtual ~PermitSource() = default;
  // The bindings that hold for a host, as vault::BindingSet::Applicable.
  virtual std::vector<const vault::Binding*> Applicable(std::string_view host,
                                                        std::uint16_t port) = 0;
  virtual Result<std::string> IssueLeaf(std::string_view host, std::string_view public_key) = 0;
  // What a person would have been asked about was denied, since nobody may be asked.
  virtual void DeniedUnasked(const About& about, std::string_view code, std::string_view hint) = 0;
  // Why nothing new may be allowed now ("the audit log cannot be written …"); empty when it may.
  virtual std::string Outage() = 0;
};

class Permits {
 public:
  // All are borrowed and outlive this. `sentinels` are the session's, by binding.
  Permits(const SessionSettings& settings,
          const std::map<std::string, session::Sentinel>& sentinels, PermitSource& source)
      : settings_(settings), sentinels_(sentinels), source_(source) {}

  // The answer comes with Opened().
  struct Nothing {};
  // Open what this binding names, and tell Opened(), always: whoever opens keeps a deadline.
  struct Open {
    std::uint64_t ticket = 0;
    vault::Binding binding;
  };
  // Ask a person, and tell Said(), always.
  struct AskPerson {
    std::uint64_t ticket = 0;
    std::uint64_t id = 0;  // of the worker's question
    std::shared_ptr<const About> about;
  };
  // Find who holds a connection, and tell Found(), always.
  struct FindCaller {
    proxy::WorkerMessage question;
    proxy::ClientEnds ends;
    std::vector<std::string> programs;
  };
  using Answer = std::variant<Nothing, FindCaller, proxy::Verdict, proxy::Held, AskPerson,
                              proxy::RequestAnswer, proxy::Leaf, proxy::Credential, Open,
                              proxy::AskApi, proxy::Ready, proxy::Audit>;
  // The answer to one message; an Error is a violation and says which.
  Result<Answer> Handle(proxy::WorkerMessage message, Time now);
  // What came of a FindCaller.
  Result<Answer> Found(proxy::WorkerMessage question, policy::Caller caller, Time now);
  // What came of an Open: the answers to all questions that waited for it. Policy and bindings are
  // looked at again, since they may have changed meanwhile.
  std::vector<proxy::Credential> Opened(std::uint64_t ticket, const OpenedCredential& opened,
                                        Time now);
  // What came of an AskPerson: the answers to all questions that waited for it. One of them may be
  // to ask anew: a yes for once reaches one request.
  std::vector<Answer> Said(std::uint64_t ticket, const Approvals::Said& said, Time now);
  // What a request of the daemon's own may do, as long as it runs.
  struct Ticket {
    std::string host;
    std::uint16_t port = 0;
    std::string rule;        // for the record
    std::string credential;  // the only one that goes with it; empty: none
    bool confirmed = false;  // a person has said yes to it, credential and all
  };
  std::uint64_t Permit(Ticket ticket);
  void Retire(std::uint64_t ticket) { tickets_.erase(ticket); }
  // What a person said may not hold any more.
  void Withdraw();

 private:
  // The programs that are to be told apart; none when the question says who asks, or no rule cares.
  template <typename Ask>
  std::vector<std::string> CallerWanted(Ask& ask);
  bool ToldApart(std::string_view host) const;
  // Of a host whose connections are told apart each question is asked anew.
  void KeepNothing(std::string_view host, Answer& answer) const;
  void NoteHost(const std::string& name);
  Result<Answer> Answered(proxy::WorkerMessage message, Time now);
  Answer OnVerdict(const proxy::AskVerdict& ask, Time now);
  Answer OnTicket(const proxy::AskVerdict& ask);
  Answer OnAsk(const proxy::AskVerdict& ask, const policy::Verdict& decided, Time now);
  std::optional<proxy::Verdict> OnRuled(const proxy::AskVerdict& ask, policy::Verdict decided);
  // Who let a request go on: a rule or a yes to its host, or a person who was told of this request
  // and its credentials.
  enum class Speaker : std::uint8_t { kRule, kPerson };
  // permit_requests.cc
  // `host` is what becomes of the request's host.
  const policy::RequestRule* RuleOn(const proxy::AskRequest& ask, policy::Action host) const;
  Result<Answer> OnRequest(proxy::AskRequest ask, Time now);
  Answer AskAboutRequest(proxy::AskRequest ask, const policy::RequestRule& rule, Time now);
  Answer AskAboutHost(proxy::AskRequest ask, policy::Verdict decided, Time now);
  proxy::Verdict Unasked(const About& about, proxy::Verdict denial);
  Answer GoOn(const proxy::AskRequest& ask, std::string rule, Speaker speaker);
  Answer AskAboutCredential(proxy::AskCredential ask, const vault::Binding& binding, Time now);
  bool HostAllowed(const proxy::AskRequest& ask) const;
  std::vector<vault::Binding> BindingsOf(const About& about, const policy::Caller* caller);
  // A question about the host itself.
  About HostAbout(const std::string& host, std::uint16_t port, const policy::Verdict& decided,
                  const policy::Caller* caller);
  policy::Verdict DecideHost(std::string_view host, std::uint16_t port, policy::Protocol protocol,
                             const proxy::CallerFound& caller) const;
  static About FirstUseOf(const proxy::AskCredential& ask, const vault::Binding& binding);
  Answer PutTo(About about, Asking::Waiter waiter);
  void RememberYes(const About& about, const Asking::Yes& yes);
  Answer AfterYes(const Asking::Waiter& waiter, const Asking::Yes& yes, const About& about,
                  Time now);
  Result<std::optional<proxy::Credential>> CheckPass(const proxy::AskCredential& ask);
  bool HasPass(const proxy::AskCredential& ask) const;
  bool Confirmed(const proxy::AskCredential& ask, const vault::Binding& binding, Time now);
  Time HoldsUntil(const proxy::AskCredential& ask, const vault::Binding& binding, Time now);
  proxy::Verdict Admit(const proxy::AskVerdict& ask, proxy::Verdict verdict);
  static proxy::Verdict OnInternal(const proxy::AskVerdict& ask);
  proxy::Verdict OnName(const proxy::AskVerdict& ask);
  Result<proxy::Leaf> OnLeaf(const proxy::AskLeaf& ask, Time now);
  Result<Answer> OnCredential(proxy::AskCredential ask, Time now);
  Result<std::optional<proxy::Credential>> CheckScope(const proxy::AskCredential& ask,
                                                      const vault::Binding& binding, Time now);
  proxy::Credential Give(const proxy::AskCredential& ask, const vault::Binding& binding,
                         const OpenedCredential& opened, Time until, Time now);
  std::vector<const vault::Binding*> Bound(std::string_view host, std::uint16_t port,
                                           const policy::Caller* caller);
  proxy::Credential NotHeld(const proxy::AskCredential& ask);
  std::optional<proxy::Credential> KeptBack(const proxy::AskCredential& ask,
                                            const vault::Binding& binding) const;
  std::vector<proxy::BindingView> BindingsFor(const proxy::AskVerdict& ask);
  proxy::Verdict OnOpaque(const proxy::AskVerdict& ask, proxy::Verdict verdict);
  bool Redirected(const proxy::AskVerdict& ask) const;
  void ForwardToProxy(proxy::Verdict& verdict) const;
  // `until`: as long as a yes to it holds.
  Answer Wait(proxy::AskCredential ask, const vault::Binding& binding, Time until);
  const vault::Binding* StillHolds(const proxy::AskCredential& ask, Time now);
  bool Allowed(const proxy::AskCredential& ask, Time now);
  bool SpendLeaf(Time now);

  const SessionSettings& settings_;
  const std::map<std::string, session::Sentinel>& sentinels_;
  PermitSource& source_;
  std::unordered_set<std::string> hosts_;   // with a verdict
  std::unordered_set<std::string> grants_;  // binding, host and port that a verdict named
  // Questions that wait for one Open.
  struct Wanted {
    proxy::AskCredential ask;
    Time until{};
  };
  struct Waiting {
    vault::Binding binding;
    std::uint64_t withdrawn = 0;  // how often, when it began
    std::vector<Wanted> asks;
  };
  std::map<std::uint64_t, Waiting> waiting_;  // by ticket
  std::size_t asks_waiting_ = 0;
  std::unordered_set<std::uint64_t> looked_for_;  // questions whose caller is
  Asking asking_;
  // What let a request go on: the hash of its host, port, method and path.
  struct Pass {
    crypto::Digest request{};
    Speaker speaker = Speaker::kRule;
  };
  std::map<std::uint64_t, Pass> passes_;  // the oldest first
  std::uint64_t next_pass_ = 1;
  std::uint64_t withdrawn_ = 0;
  std::map<std::uint64_t, Ticket> tickets_;
  std::uint64_t next_ticket_ = 1;
  vault::Binding proxy_binding_;  // of the upstream proxy's credential, to be opened like others
  bool forgotten_ = false;
  double leaf_budget_ = limits::kLeafBurst;
  Time leaf_time_{};
};

}  // namespace aileron::daemon
