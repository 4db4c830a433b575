// Tested by tests/faults/test_kill.py.

#include "daemon/daemon.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "base/log.h"
#include "daemon/browser.h"
#include "daemon/control_server.h"
#include "daemon/drain.h"
#include "daemon/routes.h"
#include "daemon/sandbox_api.h"
#include "os/process.h"
#include "os/socket.h"

namespace aileron::daemon {

namespace {

// How long a start waits for a daemon that is about to end.
constexpr auto kLockWait = std::chrono::seconds(3);

Result<os::Fd> TakeLock(const os::Paths& paths) {
  const std::string path = paths.state + "/daemon.lock";
  os::Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) {
    auto failed = os::FailErrno("cannot open {}", path);
    failed.error().message +=
        ". The folder must be writable: it holds the vault and the audit log.";
    return failed;
  }
  const auto deadline = std::chrono::steady_clock::now() + kLockWait;
  while (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return os::FailErrno("cannot lock {}", path);
    // Held by a daemon that listens: it is the one to use. By one that does not: it is ending.
    if (os::ConnectUnix(os::ControlSocket(paths)) || std::chrono::steady_clock::now() > deadline) {
      return Fail(Code::kUnavailable, "a daemon is running already ({} is locked)", path);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return file;
}

// What can fail before the daemon exists.
struct Parts {
  DaemonKeys keys;
  audit::AuditLog log;
  vault::Vault vault;
  session::SessionStore sessions;
  approval::Queue approvals;
  Bindings bindings;
};

Result<Parts> OpenParts(const os::Paths& paths) {
  AILERON_ASSIGN(DaemonKeys keys, LoadKeys(paths.state + "/daemon.key"));
  AILERON_ASSIGN(audit::AuditLog log, audit::AuditLog::Open(paths.state));
  AILERON_ASSIGN(vault::Vault vault, vault::Vault::Open(paths.state + "/vault.db"));
  AILERON_ASSIGN(session::SessionStore sessions,
                 session::SessionStore::Open(paths.state + "/state.db"));
  AILERON_ASSIGN(approval::Queue approvals,
                 approval::Queue::Open(paths.state + "/approvals.db", Now()));
  AILERON_ASSIGN(Bindings bindings, Bindings::Open(paths.config + "/bindings.yaml"));
  return Parts{std::move(keys),     std::move(log),       std::move(vault),
               std::move(sessions), std::move(approvals), std::move(bindings)};
}

class Daemon final : private net::Loop::Handler {
 public:
  Daemon(net::Loop& loop, const Options& options, Parts parts)
      : loop_(loop),
        options_(options),
        background_(loop),
        audit_(loop, std::move(parts.log)),
        bindings_(std::move(parts.bindings)),
        vault_(loop, background_, audit_, std::move(parts.vault)),
        credentials_(loop, vault_, audit_, CommandWorld::OfProcess(environ)),
        approvals_(loop, audit_, std::move(parts.approvals)),
        connectors_(options.paths.state + "/connectors"),
        keyring_(options.paths.state + "/keyring"),
        sessions_(
            {.loop = loop,
             .audit = audit_,
             .vault = vault_,
             .bindings = bindings_,
             .credentials = credentials_,
             .approvals = approvals_,
             .connect_api =
                 [this](const std::string& session) { return sandbox_.Connect(session); },
             .on_listening = [this](const std::string& session) { operations_.Resume(session); },
             .paths = options.paths,
             .worker_path = "/proc/self/exe",
             .worker_argv = {"aileron", "worker"}},
            std::move(parts.keys), std::move(parts.sessions)),
        operations_(loop, approvals_, connectors_, sessions_),
        surfaces_(options.paths.config + "/approvals.yaml"),
        notifier_(loop, approvals_, CommandWorld::OfProcess(environ)),
        webhooks_({.loop = loop, .approvals = approvals_, .vault = vault_, .audit = audit_}),
        registry_tokens_(loop, vault_, bindings_, credentials_),
        api_{.loop = loop,
             .background = background_,
             .audit = audit_,
             .vault = vault_,
             .bindings = bindings_,
             .credentials = credentials_,
             .approvals = approvals_,
             .connectors = connectors_,
             .keyring = keyring_,
             .operations = operations_,
             .sessions = sessions_,
             .surfaces = surfaces_,
             .notifier = notifier_,
             .webhooks = webhooks_,
             .registry_tokens = registry_tokens_,
             .started = Now(),
             .idle_timeout = options.idle_timeout,
             .stop = [this] { Stop("asked for"); },
             .drain = [this] { drain_.Begin(); },
             .draining = [this] { return drain_.begun(); }},
        drain_(loop, operations_, sessions_, [this](std::string why) { Stop(std::move(why)); }),
        router_(RoutesOf(api_)),
        browser_(loop, audit_, router_, options.paths.runtime + "/sign-in.html"),
        server_(loop, router_, gate_),
        sandbox_(loop, api_),
        tick_(loop, [this] { Tick(); }) {
    AddBrowserRoutes(router_, browser_);
    vault_.set_on_change([this] {
      credentials_.Forget();
      sessions_.Revoke();
      webhooks_.TryAgain();
    });
    connectors_.set_on_change([this] { sessions_.ShowTools(connectors_.ToolList().dump()); });
    approvals_.set_on_withdrawn([this] { sessions_.Withdraw(); });
    audit_.set_on_health([this] {
      sessions_.Revoke();
      if (audit_.healthy()) sessions_.ResumeReading();
    });
  }
  ~Daemon() {
    if (signals_) loop_.Forget(signals_.get(), *this);
  }

  Status Start() {
    AILERON_TRY(background_.Start());
    AILERON_TRY(credentials_.Start());
    AILERON_TRY(WatchSignals());
    AILERON_ASSIGN(os::Fd listener, os::ListenUnix(os::ControlSocket(options_.paths)));
    AILERON_TRY(server_.Listen(std::move(listener)));
    audit_.Event("daemon.start", "allow", "version " AILERON_VERSION);
    last_busy_ = std::chrono::steady_clock::now();
    RefreshSurfaces();
    tick_.Set(limits::kIdleCheck);
    return {};
  }

  // After a clean stop: everything is on the disk and the log's end is signed.
  Status Finish() {
    unlink(os::ControlSocket(options_.paths).c_str());
    audit_.Event("daemon.stop", "allow", why_);
    return audit_.Close();
  }

 private:
  Status WatchSignals() {
    sigset_t wanted;
    sigemptyset(&wanted);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&wanted, number);
    sigprocmask(SIG_BLOCK, &wanted, nullptr);
    signals_ = os::Fd(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) return os::FailErrno("cannot wait for signals");
    return loop_.Watch(signals_.get(), *this, net::Loop::Trigger::kLevelRead);
  }

  void OnReady(net::Readiness) override {
    signalfd_siginfo info;
    if (read(signals_.get(), &info, sizeof info) != sizeof info) return;
    // SIGHUP: the terminal that started it has closed. A daemon stays.
    if (info.ssi_signo == SIGHUP) return;
    Stop(fmt::format("signal {}", info.ssi_signo));
  }

  void Stop(std::string why) {
    if (!why_.empty()) return;
    why_ = std::move(why);
    LogInfo("stopping: {}", why_);
    server_.StopListening();
    (void)browser_.Revoke();
    tick_.Cancel();
    operations_.Interrupt();
    sessions_.Shutdown([this] { loop_.Stop(); });
  }

  void Tick() {
    const auto now = std::chrono::steady_clock::now();
    if (sessions_.running() != 0 || sessions_.waiting_for_launchers() || server_.busy() ||
        browser_.open() || webhooks_.busy()) {
      last_busy_ = now;
      freed_ = false;
    }
    if (sessions_.running() != 0 && bindings_.Refresh() == Bindings::Change::kChanged) {
      sessions_.Revoke();
    }
    RefreshSurfaces();
    if (options_.idle_timeout > Duration::zero() && now - last_busy_ >= options_.idle_timeout) {
      return Stop("nothing to do");
    }
    // What requests left in the allocator goes back once nothing is going on.
    if (!freed_ && now - last_busy_ > std::chrono::seconds(2)) {
      malloc_trim(0);
      freed_ = true;
    }
    tick_.Set(limits::kIdleCheck);
  }

  void RefreshSurfaces() {
    if (surfaces_.Refresh() == SurfacesFile::Change::kNone) return;
    notifier_.Use(surfaces_.surfaces().desktop ? Notifier::Desktop::kTold
                                               : Notifier::Desktop::kNotTold);
    webhooks_.Use(surfaces_.surfaces().webhooks);
  }

  static Router RoutesOf(Api& api) {
    Router router;
    AddAllRoutes(router, api);
    return router;
  }

  net::Loop& loop_;
  const Options& options_;
  Background background_;
  AuditService audit_;
  Bindings bindings_;
  VaultService vault_;
  Credentials credentials_;
  Approvals approvals_;
  Connectors connectors_;
  Keyring keyring_;
  Sessions sessions_;
  Operations operations_;
  SurfacesFile surfaces_;
  Notifier notifier_;
  Webhooks webhooks_;
  RegistryTokens registry_tokens_;
  Api api_;
  Drain drain_;
  OwnUserGate gate_;
  Router router_;
  Browser browser_;
  ControlServer server_;
  SandboxApi sandbox_;
  net::Timer tick_;
  os::Fd signals_;
  net::Instant last_busy_{};
  bool freed_ = false;
  std::string why_;
};

Status Serve(const Options& options, os::Fd& ready) {
  AILERON_TRY(os::MakePrivateFolder(options.paths.state));
  AILERON_TRY(os::MakePrivateFolder(options.paths.runtime));
  AILERON_TRY(os::MakePrivateFolder(options.paths.config));
  AILERON_ASSIGN(const os::Fd lock, TakeLock(options.paths));
  AILERON_ASSIGN(Parts parts, OpenParts(options.paths));
  AILERON_ASSIGN(const auto loop, net::Loop::Make());
  Daemon daemon(*loop, options, std::move(parts));
  AILERON_TRY(daemon.Start());
  LogInfo("listening on {}", os::ControlSocket(options.paths));
  if (ready) AILERON_TRY(os::WriteAll(ready.get(), std::string_view(&kReadyByte, 1)));
  ready.Reset();
  // After the word is out: parsing the profiles is no part of becoming ready.
  loop->Post([] {
    for (const char* profile : {"open", "guarded", "locked"}) {
      (void)policy::Network::Compile(*policy::ParseProfile(profile), {});
    }
  });
  loop->Run();
  return daemon.Finish();
}

}  // namespace

Status Run(Options options) {
  os::HardenProcess();
  os::UseAllDescriptors();
  // The record is written in bursts, which held up the very worker whose requests they record.
  os::UseScheduling(os::Scheduling::kYielding);
  signal(SIGPIPE, SIG_IGN);
  umask(0077);
  os::Fd ready(options.ready_fd);
  const Status served = Serve(options, ready);
  if (!served) {
    LogError("{}", served.error().message);
    std::string told = served.error().message;
    if (served.error().code == Code::kInvalid) told.insert(0, 1, kMisconfiguredByte);
    if (ready) (void)os::WriteAll(ready.get(), told);
  }
  return served;
}

}  // namespace aileron::daemon
