// Tested by tests/mediation/test_supervisor.py.

#include "daemon/session_commands.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "daemon/limits.h"
#include "mediation/ruling.h"

namespace aileron::daemon {

namespace {

constexpr std::size_t kFromLauncher = 3;  // descriptors
constexpr std::string_view kStart = "start";

}  // namespace

SessionCommands::SessionCommands(World world, session::CommandRequest request)
    : world_(std::move(world)),
      request_(std::move(request)),
      look_timer_(world_.loop,
                  [this] { GiveUpFinding(std::chrono::steady_clock::now() - limits::kLookWait); }),
      ready_timer_(world_.loop, [this] {
        if (link_ != nullptr) link_->Kill("it did not get ready in time");
      }) {}

SessionCommands::~SessionCommands() = default;

Status SessionCommands::Take(std::vector<os::Fd> descriptors, mediation::Trust trust) {
  if (!descriptors_.empty()) return Fail(Code::kInvalid, "the commands came twice");
  if (descriptors.size() != kFromLauncher) {
    return Fail(Code::kInvalid, "the commands came with {} descriptors", descriptors.size());
  }
  descriptors_ = std::move(descriptors);
  trust_ = trust;
  Begin();
  return {};
}

Result<os::Fd> SessionCommands::RulesFile() const {
  return os::MemoryFileHolding(
      mediation::Encode(mediation::FromDaemon(mediation::Start{.rules = request_.rules,
                                                               .otherwise = request_.otherwise,
                                                               .trust = trust_,
                                                               .programs = request_.programs})));
}

void SessionCommands::Follow(session::CommandRequest request) {
  request_ = std::move(request);
  if (link_ == nullptr) return;
  auto file = RulesFile();
  if (!file) return link_->Kill(file.error().message);
  link_->Send(std::string(kStart), std::move(*file));
}

void SessionCommands::Begin() {
  WorkerLink::Events events{
      .on_packet = [this](std::string_view packet) { return OnPacket(packet); },
      .paused = [this] { return world_.audit.full(); },
      .on_end =
          [this, alive = std::weak_ptr(alive_)](std::string why) {
            if (!alive.expired()) OnEnd(why);
          }};
  auto link = WorkerLink::Spawn(world_.loop, world_.path, world_.argv, std::move(events));
  if (!link) return world_.end(link.error().message);
  link_ = std::move(*link);
  auto rules = RulesFile();
  if (!rules) return link_->Kill(rules.error().message);
  descriptors_.resize(kFromLauncher);
  descriptors_.push_back(std::move(*rules));
  std::vector<int> numbers = {descriptors_.back().get()};
  for (std::size_t i = 0; i < kFromLauncher; ++i) numbers.push_back(descriptors_[i].get());
  ready_timer_.Set(limits::kMediatorReady);
  link_->Send(std::string(kStart), std::move(numbers));
}

Status SessionCommands::OnPacket(std::string_view packet) {
  auto message = mediation::DecodeFromMediator(packet);
  if (!message) {
    world_.audit.Event("command.violation", "deny", message.error().message, world_.session.id);
    return std::unexpected(std::move(message.error()));
  }
  if (const auto* ask = std::get_if<mediation::Ask>(&*message)) {
    OnAsk(*ask);
  } else if (const auto* gone = std::get_if<mediation::Gone>(&*message)) {
    asked_.erase(gone->number);
  } else if (auto* records = std::get_if<mediation::Records>(&*message)) {
    OnRecords(std::move(*records));
  } else if (const auto* failed = std::get_if<mediation::Failed>(&*message)) {
    failure_ = Printable(failed->why);
  } else if (const auto* found = std::get_if<mediation::Found>(&*message)) {
    OnFound(*found);
  } else {
    ready_timer_.Cancel();
  }
  return {};
}

void SessionCommands::OnAsk(const mediation::Ask& ask) {
  approval::Question question = QuestionOn(world_.session, ask, world_.sentinels);
  ShortenLife(question, world_.approvals_policy);
  asked_[ask.number] = ask.told;
  if (world_.unattended) {
    const std::string hint =
        "this session is unattended: allow it by a rule, or launch without "
        "--unattended";
    world_.denied({.kind = approval::Subject::kCommand,
                   .title = question.title,
                   .code = std::string(command::kCodeAsks),
                   .hint = hint});
    Keep(ask.told, {.action = "deny", .rule = ask.rule, .code = std::string(command::kCodeAsks)});
    return Answer(ask.number, mediation::Said::kNo,
                  mediation::RefusalText(CommandLine(ask.told, world_.sentinels),
                                         "nobody may be asked about it", hint));
  }
  world_.approvals.Ask(
      question, world_.hold,
      [this, number = ask.number, alive = std::weak_ptr(alive_)](const Approvals::Said& said) {
        if (!alive.expired()) Say(number, said);
      });
}

void SessionCommands::Say(std::uint64_t number, const Approvals::Said& said) {
  const auto asked = asked_.find(number);
  if (asked == asked_.end()) return;
  using Kind = Approvals::Said::Kind;
  const bool yes = said.kind == Kind::kYes;
  Keep(asked->second,
       {.action = yes ? "allow" : "deny", .rule = said.rule, .code = yes ? "" : said.code});
  if (yes) return Answer(number, mediation::Said::kYes, "");
  const std::string line = CommandLine(asked->second, world_.sentinels);
  if (said.kind == Kind::kPending) {
    return Answer(
        number, mediation::Said::kPending,
        mediation::RefusalText(
            line, fmt::format("a person is asked ({})", said.approval),
            fmt::format("wait with \"aileron wait {}\", then run it again", said.approval)));
  }
  Answer(number, mediation::Said::kNo,
         mediation::RefusalText(line, said.message.empty() ? "a person said no" : said.message,
                                "do not try to reach the same in another way; go on without it"));
}

void SessionCommands::Answer(std::uint64_t number, mediation::Said said, std::string text) {
  if (link_ != nullptr) {
    link_->Send(mediation::Encode(mediation::FromDaemon(
        mediation::Answer{.number = number, .said = said, .text = std::move(text)})));
  }
  asked_.erase(number);
}

void SessionCommands::Find(const proxy::ClientEnds& ends, std::vector<std::string> programs,
                           OnCaller done) {
  if (link_ == nullptr || looks_.size() >= limits::kLooks) {
    return done(policy::Caller::Unknown("cannot be looked at now"));
  }
  const std::uint64_t number = next_look_++;
  link_->Send(mediation::Encode(
      mediation::FromDaemon(mediation::Find{.number = number,
                                            .client = {ends.client, ends.client_port},
                                            .server = {ends.server, ends.server_port},
                                            .programs = programs})));
  looks_.push_back(
      {number, std::chrono::steady_clock::now(), std::move(programs), std::move(done)});
  if (!look_timer_.armed()) look_timer_.Set(limits::kLookWait);
}

void SessionCommands::OnFound(const mediation::Found& found) {
  const auto asked = std::ranges::find(looks_, found.number, &Look::number);
  if (asked == looks_.end()) return;  // given up
  const Look look = std::move(*asked);
  looks_.erase(asked);
  if (found.shares.size() != look.programs.size()) {
    return look.done(policy::Caller::Unknown(
        fmt::format("could not be told to be anybody's ({})", Printable(found.who))));
  }
  policy::Caller caller = policy::Caller::Held(Printable(found.who));
  for (std::size_t i = 0; i < look.programs.size(); ++i) {
    caller.Set(look.programs[i], found.shares[i]);
  }
  look.done(std::move(caller));
}

void SessionCommands::GiveUpFinding(std::chrono::steady_clock::time_point asked_before) {
  std::vector<OnCaller> late;
  while (!looks_.empty() && looks_.front().asked <= asked_before) {
    late.push_back(std::move(looks_.front().done));
    looks_.pop_front();
  }
  if (!looks_.empty()) {
    look_timer_.Set(looks_.front().asked + limits::kLookWait - std::chrono::steady_clock::now());
  }
  for (const OnCaller& done : late) {
    done(policy::Caller::Unknown("could not be told to be anybody's in time"));
  }
}

void SessionCommands::OnRecords(mediation::Records records) {
  for (mediation::Record& from : records.records) {
    Keep(from.told, {.time = Time(Duration(static_cast<std::int64_t>(from.time_us))),
                     .action = std::move(from.action),
                     .rule = std::move(from.rule),
                     .code = std::move(from.code),
                     .detail = Printable(from.detail)});
  }
}

// The session is stamped here: a mediator speaks for no other.
void SessionCommands::Keep(const mediation::Told& told, audit::Record record) {
  const Time now = Now();
  if (record.time == Time{}) record.time = now;
  record.time = std::clamp(record.time, now - limits::kAuditLateness, now);
  record.kind = "command";
  record.session = world_.session.id;
  record.actor = "agent";
  record.path = told.executable;
  if (record.detail.empty()) record.detail = RecordedLine(told, world_.sentinels);
  world_.audit.Add(std::move(record));
}

void SessionCommands::OnEnd(const std::string& why) {
  ready_timer_.Cancel();
  link_.reset();
  asked_.clear();
  GiveUpFinding(std::chrono::steady_clock::time_point::max());
  if (stopped_) return std::exchange(stopped_, nullptr)();
  if (!failure_.empty()) return world_.end(failure_);
  // An empty reason: it saw the sandbox end, or ended by itself.
  const std::string reason = why.empty() ? "it ended by itself" : why;
  LogWarning("the mediator of session {} ended: {}", world_.session.id, reason);
  world_.audit.Event("mediator.crash", "restart", reason, world_.session.id);
  if (!crashes_.MayRestart(std::chrono::steady_clock::now())) {
    return world_.end(fmt::format("its mediator {}; last: {}", crashes_.Text(), reason));
  }
  Begin();
}

void SessionCommands::ResumeReading() {
  if (link_ != nullptr) link_->Resume();
}

void SessionCommands::Stop(std::function<void()> done) {
  ready_timer_.Cancel();
  if (link_ == nullptr) return done();
  stopped_ = std::move(done);
  link_->Stop(mediation::Encode(mediation::FromDaemon(mediation::Stop{})));
}

}  // namespace aileron::daemon
