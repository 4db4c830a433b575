#include "shim/services.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "base/text.h"
#include "service/limits.h"
#include "shim/executable.h"
#include "shim/limits.h"

namespace aileron::shim {

using service::HasHealth;
using service::Life;
using service::Order;
using service::Spec;

namespace {

// In the new process. Returns errno of what failed. Allocates nothing.
int BecomeService(Executable& program, const char* folder, int output) {
  setsid();
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0) return errno;
  if (dup2(nothing, STDIN_FILENO) < 0) return errno;
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    if (dup2(output < 0 ? nothing : output, descriptor) < 0) return errno;
  }
  // Ours are closed by the exec anyway; what init may have been started with is, too.
  syscall(SYS_close_range, 3u, UINT_MAX, CLOSE_RANGE_CLOEXEC);
  if (chdir(folder) != 0) return errno;
  return program.Exec();
}

// `output` is what it prints to; -1: nobody reads it.
Result<os::Child> StartProgram(const std::vector<std::string>& command, const Spec& spec,
                               int output) {
  Executable program(command, spec.environment);
  auto child =
      os::StartBorrowing([&] { return BecomeService(program, spec.folder.c_str(), output); });
  if (!child)
    return std::unexpected(CannotRun(child.error(), command[0], spec.folder, spec.environment));
  return std::move(*child);
}

HasHealth HealthOf(const Spec& spec) {
  return spec.health.any() ? HasHealth::kYes : HasHealth::kNo;
}

}  // namespace

struct Services::Running {
  Running(Spec wanted, Duration now)
      : spec(std::move(wanted)),
        life(spec.restart, HealthOf(spec), now),
        log(service::limits::kLogBytes) {}

  Spec spec;
  Life life;
  service::LogRing log;
  std::vector<service::Port> ports;
  std::optional<os::Child> child;
  os::Fd output;  // what it prints, to be read; closed before it is watched no more
  std::unique_ptr<Watch> output_watch;
  std::optional<os::Child> checker;  // of a check that is a command
  std::uint64_t check = 0;           // the one that is under way; 0: none
  std::optional<Duration> check_until;
};

Services::Services(net::Loop& loop, Dialer& dialer, std::function<void()> changed)
    : loop_(loop),
      dialer_(dialer),
      changed_(std::move(changed)),
      timer_(loop, [this] { Pass(); }) {}

Services::~Services() = default;

Services::Running* Services::Find(const std::string& name) {
  const auto found = all_.find(name);
  return found == all_.end() ? nullptr : found->second.get();
}

// Takes away one that is over.
Status Services::MakeRoom() {
  if (all_.size() < service::limits::kServices) return {};
  for (auto one = all_.begin(); one != all_.end(); ++one) {
    if (!one->second->life.over() || one->second->child) continue;
    all_.erase(one);
    return {};
  }
  return Fail(Code::kUnavailable,
              "{} services run already. Stop one with \"aileron service stop NAME\"",
              service::limits::kServices);
}

Status Services::Run(Spec spec) {
  AILERON_TRY(CheckSpec(spec));
  Running* const before = Find(spec.name);
  if (before != nullptr && (!before->life.over() || before->child)) {
    return Fail(Code::kUnavailable,
                "{} runs already. \"aileron service restart {}\" starts it anew, \"aileron service "
                "stop {}\" ends it",
                spec.name, spec.name, spec.name);
  }
  if (before == nullptr) AILERON_TRY(MakeRoom());
  auto one = std::make_unique<Running>(std::move(spec), Uptime());
  if (before != nullptr) one->log = std::move(before->log);
  for (const std::uint16_t port : one->spec.ports) one->ports.push_back({.number = port});
  auto started = Start(*one);
  if (!started) {
    if (before != nullptr) before->log = std::move(one->log);
    return started;
  }
  const std::string name = one->spec.name;
  all_[name] = std::move(one);
  SetTimer();
  changed_();
  return {};
}

Status Services::Start(Running& one) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return os::FailErrno("cannot make a pipe for the log");
  os::Fd output(ends[0]);
  const os::Fd input(ends[1]);
  // Of this end alone: the service's own keeps waiting, as programs expect.
  if (fcntl(output.get(), F_SETFL, O_NONBLOCK) != 0) return os::FailErrno("cannot use a pipe");
  AILERON_ASSIGN(auto watch, Watch::Make(loop_, output.get(), [this, &one] { ReadLog(one); }));
  AILERON_ASSIGN(os::Child child, StartProgram(one.spec.command, one.spec, input.get()));
  one.output = std::move(output);
  one.output_watch = std::move(watch);
  one.child = std::move(child);
  return {};
}

Status Services::Stop(const std::string& name) {
  Running* const one = Find(name);
  if (one == nullptr) return Fail(Code::kNotFound, "no service is called {}", name);
  Carry(*one, one->life.Stop(Uptime()));
  return {};
}

Status Services::Restart(const std::string& name) {
  Running* const one = Find(name);
  if (one == nullptr) return Fail(Code::kNotFound, "no service is called {}", name);
  Carry(*one, one->life.StartAgain(Uptime()));
  return {};
}

void Services::Carry(Running& one, Order order) {
  const Duration now = Uptime();
  switch (order) {
    case Order::kNothing:
      break;
    case Order::kStart:
      if (auto started = Start(one); !started) {
        Say(one, started.error().message);
        one.life.CannotStart();
      } else {
        one.life.Started(now);
      }
      break;
    case Order::kTerminate:
      if (one.child) kill(-one.child->pid, SIGTERM);
      break;
    case Order::kKill:
      if (one.child) kill(-one.child->pid, SIGKILL);
      break;
    case Order::kCheck:
      Check(one);
      break;
  }
  SetTimer();
  changed_();
}

void Services::Check(Running& one) {
  EndCheck(one);
  one.check = ++last_check_;
  one.check_until = Uptime() + service::limits::kCheckWait;
  if (one.spec.health.port != 0) {
    dialer_.Dial(one.spec.health.port, [this, alive = std::weak_ptr(alive_), name = one.spec.name,
                                        check = one.check](os::Fd socket) {
      if (!alive.expired()) Checked(name, check, static_cast<bool>(socket));
    });
    return;
  }
  auto checker = StartProgram({"/bin/sh", "-c", one.spec.health.command}, one.spec, -1);
  if (!checker) return Checked(one.spec.name, one.check, false);
  one.checker = std::move(*checker);
}

void Services::Checked(const std::string& name, std::uint64_t check, bool healthy) {
  Running* const one = Find(name);
  if (one == nullptr || one->check != check) return;  // of another life
  EndCheck(*one);
  const service::Condition before = one->life.condition();
  one->life.Checked(healthy, Uptime());
  SetTimer();
  if (one->life.condition() != before) changed_();
}

void Services::EndCheck(Running& one) {
  if (one.checker) kill(-one.checker->pid, SIGKILL);
  one.checker.reset();
  one.check = 0;
  one.check_until.reset();
}

void Services::AboutToReap(pid_t pid) {
  for (const auto& [name, one] : all_) {
    const bool mine =
        (one->child && one->child->pid == pid) || (one->checker && one->checker->pid == pid);
    if (mine) kill(-pid, SIGKILL);
  }
}

void Services::Reaped(pid_t pid, int wait_status) {
  const auto code = static_cast<std::uint8_t>(os::ExitCode(wait_status));
  for (const auto& [name, one] : all_) {
    if (one->checker && one->checker->pid == pid) {
      one->checker.reset();
      return Checked(name, one->check, code == 0);
    }
    if (!one->child || one->child->pid != pid) continue;
    one->child.reset();
    EndCheck(*one);
    CloseLog(*one);
    const Order order = one->life.Ended(code, Uptime());
    if (one->life.state() == service::State::kWaiting) {
      Say(*one, fmt::format("it ended with {}, and is started again in {}", code,
                            FormatDuration(one->life.pause())));
    } else {
      Say(*one, fmt::format("it ended with {}", code));
    }
    return Carry(*one, order);
  }
}

void Services::ReadLog(Running& one) {
  char bytes[limits::kReadPiece];
  const ssize_t count = read(one.output.get(), bytes, sizeof bytes);
  if (count > 0) {
    one.log.Append({bytes, static_cast<std::size_t>(count)});
    return changed_();
  }
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  one.output_watch.reset();  // every writer has closed its end, though the service may run
  one.output.Reset();
}

// Takes what is in the pipe, and no more: a process that left the group may still hold its end.
void Services::CloseLog(Running& one) {
  char bytes[limits::kReadPiece];
  for (std::size_t left = limits::kPipeMax; one.output && left > 0;) {
    const ssize_t count = read(one.output.get(), bytes, std::min(sizeof bytes, left));
    if (count <= 0) break;
    one.log.Append({bytes, static_cast<std::size_t>(count)});
    left -= static_cast<std::size_t>(count);
  }
  one.output_watch.reset();
  one.output.Reset();
}

void Services::Say(Running& one, std::string_view what) {
  one.log.Append(fmt::format("aileron: {}: {}\n", one.spec.name, what));
}

void Services::Published(const service::Port& port) {
  for (const auto& [name, one] : all_) {
    for (service::Port& own : one->ports) {
      if (own.number == port.number) own = port;
    }
  }
  changed_();
}

void Services::Pass() {
  const Duration now = Uptime();
  for (const auto& [name, one] : all_) {
    if (one->check_until && *one->check_until <= now) Checked(name, one->check, false);
    if (const Order order = one->life.Pass(now); order != Order::kNothing) Carry(*one, order);
  }
  SetTimer();
}

void Services::SetTimer() {
  std::optional<Duration> next;
  const auto consider = [&next](std::optional<Duration> time) {
    if (time && (!next || *time < *next)) next = time;
  };
  for (const auto& [name, one] : all_) {
    consider(one->life.Next());
    consider(one->check_until);
  }
  if (!next) return timer_.Cancel();
  timer_.Set(std::max(*next - Uptime(), Duration::zero()));
}

std::vector<service::Report> Services::Reports() const {
  std::vector<service::Report> reports;
  for (const auto& [name, one] : all_) reports.push_back(*Report(name));
  return reports;
}

std::optional<service::Report> Services::Report(const std::string& name) const {
  const auto found = all_.find(name);
  if (found == all_.end()) return std::nullopt;
  const Running& one = *found->second;
  return service::Report{.name = name,
                         .state = one.life.state(),
                         .condition = one.life.condition(),
                         .restarts = one.life.restarts(),
                         .exit_code = one.life.exit_code(),
                         .ports = one.ports};
}

const service::LogRing* Services::Log(const std::string& name) const {
  const auto found = all_.find(name);
  return found == all_.end() ? nullptr : &found->second->log;
}

}  // namespace aileron::shim
