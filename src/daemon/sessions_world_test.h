// Machine: everything a daemon has, and SessionsTest: the launcher of one session with it.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "daemon/sessions.h"
#include "daemon/testing_test.h"
#include "os/socket.h"

namespace aileron::daemon {

// Everything a daemon has, over one folder; a second one is a daemon after a restart.
class Machine {
 public:
  Machine(net::Loop& loop, const std::string& folder, std::vector<std::string> worker)
      : background(loop),
        audit(loop, audit::AuditLog::Open(folder).value()),
        bindings(Bindings::Open(folder + "/bindings.yaml").value()),
        vault(loop, background, audit,
              vault::Vault::Open(folder + "/vault.db", crypto::kCheapestKdf).value()),
        credentials(loop, vault, audit, {}),
        approvals(loop, audit, approval::Queue::Open(folder + "/approvals.db", Now()).value()),
        keys(LoadKeys(folder + "/daemon.key").value()),
        sessions({.loop = loop,
                  .audit = audit,
                  .vault = vault,
                  .bindings = bindings,
                  .credentials = credentials,
                  .approvals = approvals,
                  .connect_api = [](const std::string&) -> Result<os::Fd> {
                    return Fail(Code::kUnavailable, "no API here");
                  },
                  .paths = {.home = folder, .config = folder, .state = folder, .runtime = folder},
                  .worker_path = worker[0][0] == '/' ? worker[0] : "/proc/self/exe",
                  .worker_argv = worker},
                 LoadKeys(folder + "/daemon.key").value(),
                 session::SessionStore::Open(folder + "/state.db").value()) {
    AILERON_CHECK(background.Start().has_value());
  }
  Background background;
  AuditService audit;
  Bindings bindings;
  VaultService vault;
  Credentials credentials;
  Approvals approvals;
  DaemonKeys keys;
  Sessions sessions;
};

class SessionsTest : public FolderTest {
 protected:
  // A worker that does nothing but wait: what a session does with its own process is seen from
  // here.
  std::unique_ptr<Machine> Boot(std::vector<std::string> worker = {"/bin/sleep", "1000"}) {
    return std::make_unique<Machine>(*loop_, folder(), std::move(worker));
  }
  std::expected<OpenedSession, Refusal> Open(Machine& machine, std::string resume = "") {
    auto ends = os::SocketPair(SOCK_SEQPACKET).value();
    launcher_ = std::move(ends.first);
    SessionRequest request{
        .session = {.command = {"true"}, .profile = "guarded", .launcher_pid = 42},
        .network = {.profile = "guarded", .allow = {"a.example:8443"}},
        .resume = std::move(resume)};
    auto opened = machine.sessions.Open(std::move(request), std::move(ends.second));
    if (opened) machine.sessions.Begin(opened->id);
    return opened;
  }
  std::vector<std::string> Kinds(Machine& machine) {
    (void)machine.audit.Flush();
    std::vector<std::string> kinds;
    for (const auto& record : machine.audit.log().Find({}).value()) {
      const std::size_t begin = record.body.find("\"kind\":\"") + 8;
      kinds.push_back(record.body.substr(begin, record.body.find('"', begin) - begin));
    }
    return kinds;
  }
  bool Has(Machine& machine, const std::string& kind) {
    const auto kinds = Kinds(machine);
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  }
  // Of the sandbox, which the launcher holds too.
  os::Fd GiveListener() {
    os::Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(listen(listener.get(), 1), 0);
    const int number = listener.get();
    EXPECT_TRUE(os::SendMessage(
        launcher_.get(), R"({"type":"listeners","listeners":[{"kind":"proxy","port":3128}]})",
        {&number, 1}));
    return listener;
  }
  os::Fd launcher_;
};

}  // namespace aileron::daemon
