// The canary of the proof: a process without walls, such as this one, sees each of them missing.

#include "shim/proof.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "os/landlock.h"
#include "sandbox/filter.h"

namespace aileron::shim {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// A port of 127.0.0.1 on which somebody listens.
struct Listener {
  Listener() : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_.get(), 8), 0);
    getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  os::Fd socket_;
  std::uint16_t port;
};

// What the proof misses in a child of this process, in which `confine` has run between its halves.
template <typename Confine>
std::vector<std::string> MissingAfter(const sandbox::Confinement& confinement, Confine confine) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const os::Fd reader(ends[0]);
  os::Fd writer(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    Proof proof(confinement);
    confine();
    std::string text;
    for (const std::string& line : proof.Missing()) text += line + "\n";
    (void)os::WriteAll(writer.get(), text);
    _exit(0);
  }
  writer.Reset();
  std::string text;
  char bytes[4096];
  for (ssize_t count; (count = read(reader.get(), bytes, sizeof bytes)) > 0;)
    text.append(bytes, static_cast<std::size_t>(count));
  waitpid(child, nullptr, 0);
  std::vector<std::string> missing;
  for (const std::string_view line : Split(text, '\n')) {
    if (!line.empty()) missing.emplace_back(line);
  }
  return missing;
}

class ProofTest : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/aileron-proof-XXXXXX";
    folder_ = mkdtemp(pattern);
    confinement_.landlock = 6;
    confinement_.hidden = {folder_, "/does/not/exist"};
    confinement_.read_only = {folder_};
    confinement_.closed_port = listener_.port;
  }
  void TearDown() override { EXPECT_EQ(rmdir(folder_.c_str()), 0) << "the proof left something"; }

  Listener listener_;
  std::string folder_;
  sandbox::Confinement confinement_;
};

TEST_F(ProofTest, WithoutWallsEachIsNamed) {
  const auto missing = MissingAfter(confinement_, [] {});
  const auto named = [](std::string_view wall, std::string_view what) {
    return Contains(AllOf(testing::StartsWith(wall), HasSubstr(what)));
  };
  EXPECT_THAT(missing, named("namespaces", "processes of the host"));
  EXPECT_THAT(missing, named("namespaces", folder_ + " can be seen"));
  EXPECT_THAT(missing, named("namespaces", folder_ + " can be written"));
  EXPECT_THAT(missing, named("capabilities", "one is left"));
  EXPECT_THAT(missing, named("capabilities", "new privileges"));
  EXPECT_THAT(missing, named("seccomp", "no filter"));
  EXPECT_THAT(missing, named("seccomp", "keyring"));
  EXPECT_THAT(missing, named("seccomp", "user namespace"));
  EXPECT_THAT(missing, named("landlock", "could be reached"));
  EXPECT_THAT(missing, named("network", "127.0.0.1"));
  if (geteuid() == 0) {
    EXPECT_THAT(missing, named("capabilities", "root folder"));
    EXPECT_THAT(missing, named("capabilities", "mount namespace"));
    EXPECT_THAT(missing, named("network", "raw socket"));
    EXPECT_THAT(missing, named("network", "packet socket"));
  }
  EXPECT_THAT(missing, Not(Contains(HasSubstr("/does/not/exist"))));
}

TEST_F(ProofTest, AWallThatStandsIsNotNamed) {
  const auto missing = MissingAfter(confinement_, [] {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    EXPECT_TRUE(sandbox::InstallAgentFilter(sandbox::Nesting::kRefused));
  });
  EXPECT_THAT(missing, Not(Contains(HasSubstr("seccomp"))));
  EXPECT_THAT(missing, Not(Contains(HasSubstr("new privileges"))));
  EXPECT_THAT(missing, Contains(HasSubstr("landlock")));
  EXPECT_THAT(missing, Contains(HasSubstr("can be seen")));
}

TEST_F(ProofTest, LandlockIsSeenWhereTheKernelHasItsScopes) {
  const auto version = os::LandlockVersion();
  if (!version || *version < 6) return;
  const auto missing = MissingAfter(confinement_, [] {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    EXPECT_TRUE(os::AllowWritesOnlyBelow({}, {}));
  });
  EXPECT_THAT(missing, Not(Contains(HasSubstr("landlock"))));
  EXPECT_THAT(missing, Contains(HasSubstr("seccomp")));
}

TEST_F(ProofTest, NestingIsNotMissedWhereItIsAllowed) {
  confinement_.nesting = sandbox::Nesting::kAllowed;
  const auto missing = MissingAfter(confinement_, [] {});
  EXPECT_THAT(missing, Not(Contains(HasSubstr("user namespace could"))));
  EXPECT_THAT(missing, Contains(HasSubstr("no filter")));
}

}  // namespace
}  // namespace aileron::shim
