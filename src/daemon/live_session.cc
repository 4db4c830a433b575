// Tested by src/daemon/sessions_test.cc.

#include "daemon/live_session.h"

#include <sys/socket.h>

#include "base/host_pattern.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/session_exec.h"
#include "os/socket.h"
#include "proxy/limits.h"

namespace aileron::daemon {

namespace {

// One a turn: each may wait for the disk. Not in a thread of its own, which would keep the files of
// a daemon that was killed open for as long.
void CloseInTurns(net::Loop& loop, std::shared_ptr<std::vector<os::Fd>> left) {
  if (left->empty()) return;
  left->pop_back();
  loop.Post([&loop, left = std::move(left)] { CloseInTurns(loop, left); });
}

}  // namespace

LiveSession::LiveSession(SessionWorld& world, session::Session record,
                         session::NetworkRequest request, session::CommandRequest commands,
                         SessionPolicy policy, SessionSettings settings,
                         crypto::CertificateAuthority authority,
                         std::map<std::string, session::Sentinel> sentinels, Secret proxy_password)
    : world_(world),
      record_(std::move(record)),
      request_(std::move(request)),
      commands_request_(std::move(commands)),
      policy_(std::move(policy)),
      settings_(std::move(settings)),
      authority_(std::move(authority)),
      sentinels_(std::move(sentinels)),
      proxy_password_(std::move(proxy_password)),
      denials_(record_.id),
      services_(
          {.loop = world.loop,
           .send = [this](const std::string& message,
                          const os::Fd& descriptor) { return channel_->Send(message, descriptor); },
           .audit = [this](std::string_view kind,
                           std::string detail) { Audit(kind, "allow", std::move(detail)); }}),
      first_use_(world.loop, [this] { StartWorker(); }),
      ready_timer_(world.loop, [this] {
        if (worker_ != nullptr) worker_->Kill("it did not get ready in time");
      }) {}

LiveSession::~LiveSession() = default;

void LiveSession::Audit(std::string_view kind, std::string_view action, std::string detail) {
  world_.audit.Event(kind, action, std::move(detail), record_.id);
}

Status LiveSession::Attach(os::Fd channel, Ends ends) {
  // The channel posts its last words: they may arrive after this session has gone.
  SessionChannel::Events events{
      .on_listeners =
          [this](SessionListeners listeners) { return TakeListeners(std::move(listeners)); },
      .on_commands =
          [this](std::vector<os::Fd> descriptors, mediation::Trust trust) {
            return TakeCommands(std::move(descriptors), trust);
          },
      .on_services =
          [this](const nlohmann::json& message) { return services_.TakeServices(message); },
      .on_answer = [this](const nlohmann::json& message) { return services_.TakeAnswer(message); },
      .on_exec_ended = [this](const nlohmann::json& message) -> Status {
        AILERON_ASSIGN(const std::string detail, ExecEndIn(message));
        Audit("session.exec_end", "allow", detail);
        return {};
      },
      .on_exit =
          [&loop = world_.loop, alive = std::weak_ptr(alive_), tell = std::move(ends.on_exit)](
              int code, std::vector<os::Fd> to_close) {
            CloseInTurns(loop, std::make_shared<std::vector<os::Fd>>(std::move(to_close)));
            if (!alive.expired()) tell(code);
          },
      .on_lost =
          [alive = std::weak_ptr(alive_), tell = std::move(ends.on_lost)](std::string why) {
            if (!alive.expired()) tell(std::move(why));
          }};
  unfit_ = std::move(ends.on_unfit);
  AILERON_ASSIGN(channel_,
                 SessionChannel::Make(world_.loop, std::move(channel), std::move(events)));
  return {};
}

void LiveSession::TellDenied(const Denied& denied) {
  if (auto word = denials_.Word(denied, Now())) channel_->SendDenied(std::move(*word));
}

void LiveSession::TellWaiting() {
  waiting_ =
      std::make_unique<WaitingQuestions>(world_.loop, world_.approvals, record_.id,
                                         [this](std::size_t count, const std::string& oldest) {
                                           channel_->SendWaiting(count, oldest);
                                         });
}

Status LiveSession::TakeListeners(SessionListeners listeners) {
  if (have_listeners_) return Fail(Code::kInvalid, "listeners came twice");
  have_listeners_ = true;
  listeners_ = std::move(listeners);
  if (world_.on_listening)
    world_.loop.Post([call = world_.on_listening, id = record_.id] { call(id); });
  return first_use_.Await(listeners_.sockets, limits::kWorkerAnyway);
}

Status LiveSession::TakeCommands(std::vector<os::Fd> descriptors, mediation::Trust trust) {
  if (commands_ == nullptr) {
    commands_ = std::make_unique<SessionCommands>(
        SessionCommands::World{.loop = world_.loop,
                               .audit = world_.audit,
                               .approvals = world_.approvals,
                               .session = record_,
                               .sentinels = sentinels_,
                               .approvals_policy = settings_.approvals,
                               .hold = settings_.hold,
                               .unattended = settings_.unattended,
                               .path = world_.worker_path,
                               .argv = world_.mediator_argv,
                               .denied = [this](const Denied& denied) { TellDenied(denied); },
                               .end =
                                   [this](std::string why) {
                                     world_.loop.Post([tell = unfit_, why = std::move(why),
                                                       alive = std::weak_ptr(alive_)] {
                                       if (!alive.expired()) tell(why);
                                     });
                                   }},
        commands());
  }
  return commands_->Take(std::move(descriptors), trust);
}

void LiveSession::StartWorker() {
  permits_ = std::make_shared<Permits>(settings_, sentinels_, static_cast<PermitSource&>(*this));
  WorkerLink::Events events{
      .on_packet = [this](std::string_view packet) { return OnPacket(packet); },
      .paused = [this] { return world_.audit.full(); },
      .on_end =
          [this, alive = std::weak_ptr(alive_)](std::string why) {
            if (!alive.expired()) OnWorkerEnd(why);
          }};
  auto worker =
      WorkerLink::Spawn(world_.loop, world_.worker_path, world_.worker_argv, std::move(events));
  if (!worker) return TakeNetworkDown(worker.error().message);
  worker_ = std::move(*worker);
  SendStart();
}

void LiveSession::SendStart() {
  proxy::Start start{.session_id = record_.id,
                     .listeners = listeners_.listeners,
                     .ca_certificate = authority_.CertificatePem(),
                     .extra_roots = request_.upstream_ca,
                     .connect_to = settings_.connect_to,
                     .proxy = settings_.proxy,
                     .timeouts = settings_.timeouts,
                     .opaque = settings_.opaque.Entries()};
  std::vector<int> descriptors;
  for (const os::Fd& socket : listeners_.sockets) descriptors.push_back(socket.get());
  std::string packet = proxy::Encode(start);
  if (packet.size() > proxy::limits::start_packet_max) {
    worker_->Kill("the session's settings are too large");
    return TakeNetworkDown("the session's settings are too large");
  }
  ready_timer_.Set(proxy::limits::permit_timeout);
  worker_->Send(std::move(packet), std::move(descriptors));
}

Status LiveSession::OnPacket(std::string_view packet) {
  auto message = proxy::DecodeFromWorker(packet);
  if (!message) {
    Audit("permit.violation", "deny",
          fmt::format("a malformed packet: {}", message.error().message));
    return std::unexpected(std::move(message.error()));
  }
  return OnAnswer(permits_->Handle(std::move(*message), Now()));
}

Status LiveSession::OnAnswer(Result<Permits::Answer> answer) {
  if (!answer) {
    Audit("permit.violation", "deny", answer.error().message);
    return std::unexpected(std::move(answer.error()));
  }
  CarryOut(std::move(*answer));
  return {};
}

void LiveSession::CarryOut(Permits::Answer answer) {
  if (const auto* verdict = std::get_if<proxy::Verdict>(&answer)) {
    worker_->Send(proxy::Encode(*verdict));
  } else if (const auto* request = std::get_if<proxy::RequestAnswer>(&answer)) {
    worker_->Send(proxy::Encode(*request));
  } else if (const auto* leaf = std::get_if<proxy::Leaf>(&answer)) {
    worker_->Send(proxy::Encode(*leaf));
  } else if (const auto* credential = std::get_if<proxy::Credential>(&answer)) {
    worker_->Send(proxy::Encode(*credential));
  } else if (const auto* held = std::get_if<proxy::Held>(&answer)) {
    worker_->Send(proxy::Encode(*held));
  } else if (const auto* ask = std::get_if<Permits::AskPerson>(&answer)) {
    AskPerson(*ask);
  } else if (auto* find = std::get_if<Permits::FindCaller>(&answer)) {
    FindCaller(std::move(*find));
  } else if (const auto* open = std::get_if<Permits::Open>(&answer)) {
    OpenCredential(*open);
  } else if (const auto* api = std::get_if<proxy::AskApi>(&answer)) {
    ConnectApi(api->id);
  } else if (auto* batch = std::get_if<proxy::Audit>(&answer)) {
    KeepRecords(std::move(*batch));
  } else if (std::holds_alternative<proxy::Ready>(answer)) {
    ready_timer_.Cancel();
  }
}

// The answer may be there at once, or when this worker is not any more.
void LiveSession::FindCaller(Permits::FindCaller find) {
  auto found = [this, question = std::move(find.question),
                asked = std::weak_ptr(permits_)](policy::Caller caller) mutable {
    const auto permits = asked.lock();
    if (permits == nullptr) return;
    const Status heard = OnAnswer(permits->Found(std::move(question), std::move(caller), Now()));
    if (!heard && worker_ != nullptr) worker_->Kill(heard.error().message);
  };
  if (commands_ == nullptr) {
    return found(policy::Caller::Unknown("cannot be told to be anybody's in this session"));
  }
  commands_->Find(find.ends, std::move(find.programs), std::move(found));
}

void LiveSession::AskPerson(const Permits::AskPerson& ask) {
  worker_->Send(proxy::Encode(proxy::Held{ask.id}));
  approval::Question question = QuestionOn(record_, *ask.about);
  ShortenLife(question, settings_.approvals);
  world_.approvals.Ask(
      question, settings_.hold,
      [this, ticket = ask.ticket, asked = std::weak_ptr(permits_)](const Approvals::Said& said) {
        if (!asked.expired()) Say(ticket, said);
      });
}

// What is to be asked anew is asked later: the answer may be there at once, as many times as there
// are requests.
void LiveSession::Say(std::uint64_t ticket, const Approvals::Said& said) {
  for (Permits::Answer& answer : permits_->Said(ticket, said, Now())) {
    const auto* again = std::get_if<Permits::AskPerson>(&answer);
    if (again == nullptr) {
      CarryOut(std::move(answer));
      continue;
    }
    world_.loop.Post([this, asked = std::weak_ptr(permits_), next = *again] {
      if (!asked.expired()) AskPerson(next);
    });
  }
}

namespace {

// A ticket ends with the request that it is for, however that ends.
class Retirement {
 public:
  Retirement(std::weak_ptr<Permits> permits, std::uint64_t ticket)
      : permits_(std::move(permits)), ticket_(ticket) {}
  ~Retirement() {
    if (const auto permits = permits_.lock()) permits->Retire(ticket_);
  }
  Retirement(const Retirement&) = delete;
  Retirement& operator=(const Retirement&) = delete;

 private:
  std::weak_ptr<Permits> permits_;
  std::uint64_t ticket_;
};

}  // namespace

Result<std::unique_ptr<fetch::Fetch>> LiveSession::Send(fetch::Request request,
                                                        Permits::Ticket leave,
                                                        fetch::Fetch::OnDone done) {
  if (!have_listeners_ || network_down_) {
    return Fail(Code::kUnavailable, "the session has no network {}",
                network_down_ ? "any more" : "yet. Try again");
  }
  if (worker_ == nullptr) {
    first_use_.End();
    StartWorker();
  }
  if (worker_ == nullptr) return Fail(Code::kUnavailable, "the session's worker does not start");
  AILERON_ASSIGN(auto ends, os::SocketPair(SOCK_STREAM | SOCK_NONBLOCK));
  leave.host = request.url.host;
  leave.port = request.url.port;
  const std::uint64_t ticket = permits_->Permit(std::move(leave));
  worker_->Send(proxy::Encode(proxy::Serve{ticket, request.url.host, request.url.port}),
                std::move(ends.second));
  request.through = std::move(ends.first);
  return std::make_unique<fetch::Fetch>(
      world_.loop, std::move(request),
      [until = std::make_shared<Retirement>(permits_, ticket),
       done = std::move(done)](auto response) { done(std::move(response)); });
}

void LiveSession::ConnectApi(std::uint64_t id) {
  auto connected = world_.connect_api(record_.id);
  if (!connected) return worker_->Send(proxy::Encode(proxy::Api{id, connected.error().message}));
  worker_->Send(proxy::Encode(proxy::Api{id, ""}), std::move(*connected));
}

// The worker may have ended, and this session with it, when the credential is there.
void LiveSession::OpenCredential(const Permits::Open& open) {
  if (open.binding.credential == kLaunchCredential) {
    const OpenedCredential password = OpenedSecret{.secret = proxy_password_.Duplicate()};
    return Give(permits_->Opened(open.ticket, password, Now()));
  }
  world_.credentials.Open(open.binding,
                          [this, ticket = open.ticket,
                           asked = std::weak_ptr(permits_)](const OpenedCredential& opened) {
                            const auto permits = asked.lock();
                            if (permits == nullptr) return;
                            Give(permits->Opened(ticket, opened, Now()));
                          });
}

void LiveSession::Give(const std::vector<proxy::Credential>& credentials) {
  for (const proxy::Credential& credential : credentials) {
    worker_->Send(proxy::Encode(credential));
  }
}

// The session is stamped here: a worker speaks for no other. A record's time is when the exchange
// ended, and never far from now, so that a worker cannot date it elsewhere.
void LiveSession::KeepRecords(proxy::Audit batch) {
  const Time now = Now();
  for (proxy::AuditRecord& from : batch.records) {
    const auto ended = static_cast<std::int64_t>(from.time_us + from.duration_us);
    const Time time = std::clamp(Time(Duration(ended)), now - limits::kAuditLateness, now);
    world_.audit.Add({.time = time,
                      .kind = std::move(from.kind),
                      .session = record_.id,
                      .actor = "agent",
                      .host = std::move(from.host),
                      .port = from.port,
                      .scheme = std::move(from.scheme),
                      .method = std::move(from.method),
                      .path = std::move(from.path),
                      .action = std::move(from.action),
                      .rule = std::move(from.rule),
                      .code = std::move(from.code),
                      .credential = std::move(from.credential),
                      .status = from.status,
                      .bytes_up = from.bytes_up,
                      .bytes_down = from.bytes_down,
                      .duration_us = from.duration_us,
                      .detail = std::move(from.detail)});
  }
}

void LiveSession::OnWorkerEnd(const std::string& why) {
  ready_timer_.Cancel();
  worker_.reset();
  permits_.reset();
  if (stopped_) {
    std::exchange(stopped_, nullptr)();
    return;
  }
  const std::string reason = why.empty() ? "it ended by itself" : why;
  LogWarning("the worker of session {} ended: {}", record_.id, reason);
  Audit("worker.crash", "restart", reason);
  if (!crashes_.MayRestart(std::chrono::steady_clock::now())) {
    return TakeNetworkDown(fmt::format("its worker {}; last: {}", crashes_.Text(), reason));
  }
  StartWorker();
}

void LiveSession::TakeNetworkDown(const std::string& why) {
  if (network_down_) return;
  network_down_ = true;
  LogError("session {} has no network any more: {}", record_.id, why);
  Audit("session.network_down", "deny", why);
  // The launcher holds these sockets too: only shutdown() makes them refuse instead of hang.
  for (const os::Fd& socket : listeners_.sockets) shutdown(socket.get(), SHUT_RDWR);
}

void LiveSession::Revoke() {
  if (worker_ != nullptr) worker_->Send(proxy::Encode(proxy::Revoke{}));
}

void LiveSession::Withdraw() {
  if (permits_ != nullptr) permits_->Withdraw();
  Revoke();
}

session::CommandRequest LiveSession::commands() const {
  session::CommandRequest all = commands_request_;
  all.rules.insert(all.rules.end(), settings_.commands.begin(), settings_.commands.end());
  all.otherwise = std::max(all.otherwise, settings_.command_default);
  all.programs = settings_.programs.All();
  return all;
}

std::string LiveSession::RefreshPolicy() {
  const std::string before = policy_.problem();
  auto settings = policy_.Refresh(request_, proxy_password_);
  if (settings) {
    // The worker learnt at its start which hosts are opaque.
    settings->opaque = std::move(settings_.opaque);
    settings_ = *std::move(settings);
    record_.profile = policy::Name(policy_.profile());
    Withdraw();
    if (commands_ != nullptr) commands_->Follow(commands());
  } else if (policy_.problem() == before) {
    return {};
  }
  std::string news = policy_.News();
  const bool unmediated = policy_.problem().empty() && !mediated();
  if (unmediated && settings_.mediated()) {
    news += "; its rules about commands count from the next launch, since this one began without";
  }
  if (unmediated && !settings_.programs.empty()) {
    news +=
        "; nobody can tell yet whose a connection is, so what it allows to single programs "
        "counts from the next launch, and what it denies to them or asks about them holds for all";
  }
  Audit("policy", policy_.problem().empty() ? "allow" : "deny", news);
  if (!policy_.problem().empty()) LogWarning("session {}: {}", record_.id, news);
  return news;
}

void LiveSession::Cut(const std::string& rule) {
  if (worker_ != nullptr) worker_->Send(proxy::Encode(proxy::CutOff{rule}));
}

void LiveSession::ResumeReading() {
  if (commands_ != nullptr) commands_->ResumeReading();
  if (worker_ != nullptr) worker_->Resume();
}

void LiveSession::StopWorker(std::function<void()> done) {
  services_.End("the session ends, or its daemon does. Try again");
  first_use_.End();
  std::function<void()> stop_worker = [this, done = std::move(done)]() mutable {
    if (worker_ == nullptr) return done();
    stopped_ = std::move(done);
    worker_->Stop(proxy::Encode(proxy::Stop{}));
  };
  if (commands_ == nullptr) return stop_worker();
  commands_->Stop(std::move(stop_worker));
}

std::vector<const vault::Binding*> LiveSession::Applicable(std::string_view host,
                                                           std::uint16_t port) {
  return world_.bindings.set().Applicable(host, port, world_.vault.names());
}

Result<std::string> LiveSession::IssueLeaf(std::string_view host, std::string_view public_key) {
  return authority_.IssueLeaf(host, public_key, Now());
}

// Before the answer goes to the worker: an agent that knows of it ends after its launcher does.
void LiveSession::DeniedUnasked(const About& about, std::string_view code, std::string_view hint) {
  TellDenied({.kind = about.subject,
              .title = QuestionOn(record_, about).title,
              .host = FormatHostPort(about.host, about.port),
              .code = std::string(code),
              .hint = std::string(hint)});
}

std::string LiveSession::Outage() {
  if (world_.audit.healthy()) return "";
  return "nothing new is allowed while the audit log cannot be written";
}

}  // namespace aileron::daemon
