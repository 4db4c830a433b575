#include "daemon/sessions.h"

#include <set>

#include "base/log.h"
#include "base/text.h"
#include "base/ulid.h"
#include "service/ports.h"
#include "session/limits.h"
#include "session/token.h"
#include "vault/sentinel.h"

namespace aileron::daemon {

namespace {

std::unexpected<Refusal> Refuse(int status, std::string_view code, std::string detail,
                                std::string hint = "") {
  return std::unexpected(Refusal{status, std::string(code), std::move(detail), std::move(hint)});
}

std::unexpected<Refusal> BadRequest(const Error& error) {
  return Refuse(400, "invalid_session", error.message);
}

}  // namespace

Sessions::Sessions(SessionWorld world, DaemonKeys keys, session::SessionStore store)
    : world_(std::move(world)),
      keys_(std::move(keys)),
      store_(std::move(store)),
      grace_(world_.loop, [this] { OrphanTheRest(); }),
      policies_(world_.loop, [this] { RefreshPolicies(); }),
      leftovers_(world_.loop) {
  const auto running = store_.List(session::SessionStore::Which::kRunning);
  if (!running) LogError("cannot read the sessions: {}", running.error().message);
  if (running && !running->empty()) grace_.Set(limits::kResumeGrace);
}

Sessions::~Sessions() = default;

std::map<std::string, session::Sentinel> Sessions::MakeSentinels() {
  std::map<std::string, session::Sentinel> sentinels;
  // Bindings of one credential share a look-alike; for AWS it is of another make.
  std::map<std::pair<std::string, bool>, vault::AwsSentinel> look_alikes;
  std::map<std::string, std::string> variables;  // and whose credential stands in them
  for (const vault::BindingStatus& status : world_.bindings.set().All(world_.vault.names())) {
    const vault::Binding& binding = *status.binding;
    if (!status.active || binding.emit() != vault::Emit::kSentinel) continue;
    if (sentinels.size() >= session::limits::kSentinelsMax) break;
    if (!binding.sentinel.empty() &&
        variables.try_emplace(binding.sentinel, binding.credential).first->second !=
            binding.credential) {
      continue;
    }
    const bool aws = binding.scheme == vault::Scheme::kSigV4;
    vault::AwsSentinel& made = look_alikes[{binding.credential, aws}];
    if (made.access_key_id.empty() && aws) made = vault::MakeAwsSentinel();
    if (made.access_key_id.empty()) {
      // With the vault open the look-alike has the real one's prefix and length.
      const auto value = binding.elsewhere() ? Result<Secret>(Fail(Code::kNotFound, ""))
                                             : world_.vault.Open(binding.credential);
      made.access_key_id = vault::MakeSentinel(binding.credential, value ? &*value : nullptr);
    }
    sentinels[binding.name] = {
        .variable = binding.sentinel,
        .value = made.access_key_id,
        .secret_key = made.secret_access_key,
        .file = binding.sentinel_file,
        .content = vault::FillSentinelFile(binding, made.access_key_id, made.secret_access_key)};
  }
  return sentinels;
}

// Nothing can be put into an opaque connection, so a binding for its host could only mislead.
std::optional<Refusal> Sessions::OpaqueAndBound(const proxy::OpaqueHosts& opaque) {
  for (const auto& status : world_.bindings.set().All(world_.vault.names())) {
    const vault::Binding& binding = *status.binding;
    const HostPort* entry = status.active ? opaque.Meets(binding.host, binding.port) : nullptr;
    if (entry == nullptr) continue;
    return Refusal{
        400, "invalid_session",
        fmt::format("--opaque {}: the binding \"{}\" puts a credential into requests to {}, and "
                    "nothing can be put into an opaque connection",
                    FormatHostPort(entry->pattern.ToString(), *entry->port), binding.name,
                    binding.host.ToString()),
        fmt::format("leave --opaque out, or \"aileron binding remove {}\"", binding.name)};
  }
  return std::nullopt;
}

std::expected<std::unique_ptr<LiveSession>, Refusal> Sessions::Create(SessionRequest request) {
  const Time now = Now();
  session::Session record = std::move(request.session);
  record.id = Ulid::Make(now).ToString();
  record.started = now;
  SessionPolicy policy(world_.paths, record.command.front(), request.network);
  auto settings = policy.Open(request.network, request.proxy_password);
  if (!settings) return BadRequest(settings.error());
  record.profile = policy::Name(policy.profile());
  if (auto clash = OpaqueAndBound(settings->opaque)) return std::unexpected(std::move(*clash));
  request.commands.filtered =
      request.commands.mediated() || settings->mediated() || !settings->programs.empty();
  auto authority = crypto::CertificateAuthority::Create(record.id, now);
  if (!authority) return Refuse(500, "internal", authority.error().message);
  return std::make_unique<LiveSession>(world_, std::move(record), std::move(request.network),
                                       std::move(request.commands), std::move(policy),
                                       std::move(*settings), std::move(*authority), MakeSentinels(),
                                       std::move(request.proxy_password));
}

std::expected<std::unique_ptr<LiveSession>, Refusal> Sessions::Resume(
    const SessionRequest& request) {
  auto state = session::OpenResume(keys_.resume, request.resume);
  if (!state) return Refuse(400, "bad_resume", state.error().message);
  session::Session record = std::move(state->session);
  if (Running(record.id)) {
    return Refuse(409, "session_running", fmt::format("session {} is running already", record.id));
  }
  if (const auto known = store_.Get(record.id); known && known->state != session::State::kRunning &&
                                                known->state != session::State::kOrphaned) {
    return Refuse(409, "session_over",
                  fmt::format("session {} is {}", record.id, StateName(known->state)),
                  "launch it again");
  }
  record.launcher_pid = request.session.launcher_pid;
  const std::string agent = record.command.empty() ? "" : record.command.front();
  SessionPolicy policy(world_.paths, agent, state->network);
  auto settings = policy.Resume(state->network, state->proxy_password);
  if (!settings) return BadRequest(settings.error());
  record.profile = policy::Name(policy.profile());
  auto authority = crypto::CertificateAuthority::Import(state->ca_key, state->ca_certificate);
  if (!authority) return Refuse(400, "bad_resume", authority.error().message);
  return std::make_unique<LiveSession>(
      world_, std::move(record), std::move(state->network), std::move(state->commands),
      std::move(policy), std::move(*settings), std::move(*authority), std::move(state->sentinels),
      std::move(state->proxy_password));
}

std::expected<OpenedSession, Refusal> Sessions::Open(SessionRequest request, os::Fd channel) {
  if (live_.size() >= limits::kSessions) {
    return Refuse(503, "too_many_sessions", fmt::format("{} sessions are running", live_.size()),
                  "end one: \"aileron session list\"");
  }
  if (!takes_new_ && request.resume.empty()) {
    return Refuse(503, "daemon_draining", "the daemon is about to stop, and takes no new session",
                  "launch again when it has, or let it stop now: \"aileron daemon stop\"");
  }
  if (!world_.audit.healthy()) {
    return Refuse(503, "audit_unavailable",
                  fmt::format("the audit log cannot be written: {}", world_.audit.problem()),
                  "make room on the disk, or make the state folder writable");
  }
  (void)world_.bindings.Refresh();
  if (!world_.bindings.problem().empty()) {
    return Refuse(503, "bindings_invalid", world_.bindings.problem(), "correct the file");
  }
  const bool tell_waiting = request.tell_waiting;
  auto created = request.resume.empty() ? Create(std::move(request)) : Resume(request);
  if (!created) return std::unexpected(std::move(created.error()));
  LiveSession& session = **created;
  const std::string id = session.record().id;
  const Status attached = session.Attach(
      std::move(channel),
      {.on_exit = [this, id](int code) { End(id, session::State::kEnded, code, ""); },
       .on_lost =
           [this, id](std::string why) {
             End(id, session::State::kOrphaned, std::nullopt, std::move(why));
           },
       .on_unfit = [this, id](std::string why) { (void)Stop(id, why); }});
  if (!attached) return Refuse(400, "bad_channel", attached.error().message);
  if (tell_waiting) session.TellWaiting();
  OpenedSession opened = Describe(session);
  if (opened.resume.empty()) return Refuse(500, "internal", "the session's key cannot be exported");
  live_.emplace(id, std::move(*created));
  policies_.Set(limits::kPolicyCheck);
  return opened;
}

std::vector<LookAlike> Sessions::LookAlikesOf(const LiveSession& session) const {
  std::vector<const vault::Binding*> bindings;
  for (const auto& status : world_.bindings.set().All(world_.vault.names())) {
    if (status.active) bindings.push_back(status.binding);
  }
  return ListLookAlikes(bindings, session.sentinels());
}

OpenedSession Sessions::Describe(LiveSession& session) const {
  const session::Session& record = session.record();
  OpenedSession opened{.id = record.id, .ca_pem = session.authority().CertificatePem()};
  opened.mediated = session.mediated();
  opened.token = session::SignToken(
      keys_.token,
      {.session_id = record.id,
       .issued = record.started,
       .capabilities = {std::string(session::kListTools), std::string(session::kRunOperations),
                        std::string(session::kPollApprovals), std::string(session::kDrainResults),
                        std::string(session::kReadLookAlikes)}});
  for (const auto& [binding, sentinel] : session.sentinels()) {
    if (!sentinel.variable.empty() && sentinel.secret_key.empty()) {
      opened.environment[sentinel.variable] = sentinel.value;
    } else if (!sentinel.variable.empty()) {
      opened.environment[sentinel.variable + "_ACCESS_KEY_ID"] = sentinel.value;
      opened.environment[sentinel.variable + "_SECRET_ACCESS_KEY"] = sentinel.secret_key;
    }
    if (!sentinel.file.empty()) opened.files[sentinel.file] = sentinel.content;
  }
  for (const LookAlike& one : LookAlikesOf(session)) {
    opened.look_alikes.push_back(PlaceOf(one));
  }
  std::set<std::uint16_t> ports = {80, 443};
  ports.insert(session.network().extra_ports().begin(), session.network().extra_ports().end());
  for (const std::uint16_t port : session.requests().Ports()) ports.insert(port);
  for (const auto& status : world_.bindings.set().All(world_.vault.names())) {
    if (status.active) ports.insert(status.binding->port);
  }
  for (const std::uint16_t own : service::kOwnPorts) ports.erase(own);
  opened.listeners.push_back({proxy::ListenerKind::kProxy, service::kProxyPort});
  opened.listeners.push_back({proxy::ListenerKind::kApi, service::kApiPort});
  for (const std::uint16_t port : ports) {
    if (opened.listeners.size() + 1 >= limits::kListeners) break;
    opened.listeners.push_back({proxy::ListenerKind::kCaptured, port});
  }
  opened.listeners.push_back({proxy::ListenerKind::kDns, service::kDnsPort});

  opened.resume = Sealed(session);
  return opened;
}

std::string Sessions::Sealed(const LiveSession& session) const {
  auto key = session.authority().ExportPrivateKey();
  if (!key) {
    LogError("cannot export a session's key: {}", key.error().message);
    return {};
  }
  const session::ResumeState state{.session = session.record(),
                                   .network = session.request(),
                                   .commands = session.own_commands(),
                                   .sentinels = session.sentinels(),
                                   .ca_certificate = session.authority().CertificatePem(),
                                   .ca_key = std::move(*key),
                                   .proxy_password = session.proxy_password().Duplicate()};
  return session::SealResume(keys_.resume, state);
}

void Sessions::TellDenied(const std::string& id, const Denied& denied) {
  const auto found = live_.find(id);
  if (found != live_.end()) found->second->TellDenied(denied);
}

Result<std::unique_ptr<fetch::Fetch>> Sessions::Send(const std::string& id, fetch::Request request,
                                                     Permits::Ticket leave,
                                                     fetch::Fetch::OnDone done) {
  const auto found = live_.find(id);
  if (found == live_.end()) return Fail(Code::kNotFound, "session {} does not run", id);
  return found->second->Send(std::move(request), std::move(leave), std::move(done));
}

Result<session::Token> Sessions::VerifyToken(std::string_view text) const {
  return session::VerifyToken(keys_.token.public_key(), text);
}

void Sessions::Begin(const std::string& id) {
  const auto found = live_.find(id);
  if (found == live_.end()) return;
  LiveSession& session = *found->second;
  const bool known = store_.Get(id).has_value();
  if (auto kept = store_.Put(session.record()); !kept) {
    LogError("cannot record session {}: {}", id, kept.error().message);
  }
  // The program alone: arguments may hold a query string or a header, which the record never keeps.
  const std::vector<std::string>& command = session.record().command;
  world_.audit.Event(known ? "session.resume" : "session.start", "allow",
                     fmt::format("profile {}: {}", session.record().profile,
                                 command.empty() ? "" : Printable(command[0])),
                     id);
}

void Sessions::End(const std::string& id, session::State state, std::optional<int> code,
                   std::string why) {
  auto found = live_.find(id);
  if (found == live_.end()) return;
  std::unique_ptr<LiveSession> session = std::move(found->second);
  live_.erase(found);
  const Status became = session->record().Become(state, Now(), code);
  AILERON_CHECK(became.has_value());  // what is live is running
  if (auto kept = store_.Put(session->record()); !kept) {
    LogError("cannot record the end of session {}: {}", id, kept.error().message);
  }
  if (state == session::State::kOrphaned)
    leftovers_.Take(session->listeners().cgroups, session->listeners().reserved);
  world_.approvals.EndSession(id);
  LiveSession& leaving = *session;
  leaving_[id] = std::move(session);
  // The record of the end comes after the worker's last ones.
  leaving.StopWorker([this, id, state, code, why = std::move(why)] {
    const std::string detail = code ? fmt::format("exit code {}", *code) : why;
    world_.audit.Event(state == session::State::kOrphaned ? "session.orphan" : "session.end",
                       session::StateName(state), detail, id);
    world_.loop.Post([this, id] {
      leaving_.erase(id);
      OneLessToStop();
    });
  });
}

const LiveSession* Sessions::Find(const std::string& id) const {
  const auto found = live_.find(id);
  return found == live_.end() ? nullptr : found->second.get();
}

SessionServices* Sessions::ServicesOf(const std::string& id) {
  const auto found = live_.find(id);
  return found == live_.end() ? nullptr : &found->second->services();
}

Result<std::vector<session::Session>> Sessions::List(session::SessionStore::Which which) const {
  return store_.List(which);
}

Result<session::Session> Sessions::Get(const std::string& id) const { return store_.Get(id); }

Status Sessions::Stop(const std::string& id, std::string_view reason) {
  const auto found = live_.find(id);
  if (found == live_.end()) {
    AILERON_ASSIGN(const session::Session known, store_.Get(id));
    return Fail(Code::kInvalid, "session {} is {}, not running", id, StateName(known.state));
  }
  found->second->SendStop(reason);
  End(id, session::State::kStopped, std::nullopt, std::string(reason));
  return {};
}

void Sessions::StopAll(std::string_view reason) {
  std::vector<std::string> ids;
  for (const auto& [id, session] : live_) ids.push_back(id);
  for (const std::string& id : ids) (void)Stop(id, reason);
}

void Sessions::OrphanTheRest() {
  std::vector<std::string> alive;
  for (const auto& [id, session] : live_) alive.push_back(id);
  const auto orphaned = store_.Orphan(alive, Now());
  if (!orphaned) {
    LogError("cannot record orphaned sessions: {}", orphaned.error().message);
    return;
  }
  for (const session::Session& session : *orphaned) {
    world_.approvals.EndSession(session.id);
    world_.audit.Event("session.orphan", "orphaned", "the launcher did not come back", session.id);
  }
  if (auto pruned = store_.Prune(); !pruned) LogWarning("{}", pruned.error().message);
}

void Sessions::Revoke() {
  for (const auto& [id, session] : live_) session->Revoke();
}

void Sessions::Withdraw() {
  for (const auto& [id, session] : live_) session->Withdraw();
}

void Sessions::Cut(const std::string& session, const std::string& rule) {
  for (const auto& [id, live] : live_) {
    if (session.empty() || id == session) live->Cut(rule);
  }
}

std::map<std::string, std::string> Sessions::PolicyProblems() const {
  std::map<std::string, std::string> problems;
  for (const auto& [id, session] : live_) {
    if (const std::string& problem = session->policy().problem(); !problem.empty()) {
      problems.emplace(id, problem);
    }
  }
  return problems;
}

void Sessions::RefreshPolicies() {
  for (const auto& [id, session] : live_) {
    const std::string news = session->RefreshPolicy();
    if (!news.empty()) session->TellPolicy(news, Base64Encode(Sealed(*session)));
  }
  if (!live_.empty()) policies_.Set(limits::kPolicyCheck);
}

void Sessions::ResumeReading() {
  for (const auto& [id, session] : live_) session->ResumeReading();
  for (const auto& [id, session] : leaving_) session->ResumeReading();
}

void Sessions::ShowTools(const std::string& list) {
  for (const auto& [id, session] : live_) session->SendTools(list);
}

void Sessions::OneLessToStop() {
  if (shut_down_ && --left_to_stop_ == 0) std::exchange(shut_down_, nullptr)();
}

// The sessions stay until this object goes: their launchers see the end of the channel only then,
// when the lock of the daemon is about to be free for the next one.
void Sessions::Shutdown(std::function<void()> done) {
  grace_.Cancel();
  shut_down_ = std::move(done);
  // One share of its own, so that `done` is called once, also when there is nothing to stop.
  left_to_stop_ = live_.size() + leaving_.size() + 1;
  for (const auto& [id, session] : live_) session->StopWorker([this] { OneLessToStop(); });
  OneLessToStop();
}

}  // namespace aileron::daemon
