#include "launch/exec_desk.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "os/pipe.h"
#include "os/pty.h"

namespace aileron::launch {
namespace {

using Streams = std::vector<os::Fd>;

os::Fd Reader() { return std::move(os::MakePipe()->reader); }
os::Fd Writer() { return std::move(os::MakePipe()->writer); }
os::Fd Master() { return std::move(os::OpenPty()->master); }

template <typename... Fds>
Streams Of(Fds... fds) {
  Streams streams;
  (streams.push_back(std::move(fds)), ...);
  return streams;
}

constexpr unsigned kAll = 7;

TEST(ExecDeskTest, StreamsThatWereAskedForPass) {
  EXPECT_TRUE(CheckStreams(Of(Writer(), Reader(), Reader()), 0, true));
  EXPECT_TRUE(CheckStreams(Of(Reader(), Reader()), 0, false));
  EXPECT_TRUE(CheckStreams(Of(Master()), kAll, true));
  EXPECT_TRUE(CheckStreams(Of(Reader(), Master()), 1 | 2, true));
}

TEST(ExecDeskTest, NothingElseOfASandboxPasses) {
  EXPECT_FALSE(CheckStreams(Of(Writer(), Reader()), 0, true));
  EXPECT_FALSE(CheckStreams(Of(Writer(), Reader(), Reader(), Reader()), 0, true));
  EXPECT_FALSE(CheckStreams(Of(Reader(), Reader(), Reader()), 0, true));
  EXPECT_FALSE(CheckStreams(Of(Writer(), Writer(), Reader()), 0, true));
  EXPECT_FALSE(CheckStreams(Of(os::Fd(open("/dev/null", O_RDONLY))), kAll, true));
  EXPECT_FALSE(CheckStreams(Of(os::Fd(open("/", O_RDONLY)), Reader()), 0, false));
  EXPECT_FALSE(CheckStreams(Of(std::move(os::OpenPty()->slave)), kAll, true));
  EXPECT_FALSE(CheckStreams({}, kAll, true));
}

}  // namespace
}  // namespace aileron::launch
