#include "os/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

namespace aileron::os {
namespace {

class Files : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(mkdtemp(folder_), nullptr); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string Path(const char* name) const { return fmt::format("{}/{}", folder_, name); }
  char folder_[32] = "/tmp/aileron-fd-XXXXXX";
};

TEST_F(Files, ReplaceFileLeavesNothingBesideIt) {
  ASSERT_TRUE(ReplaceFile(Path("f"), "one", 0600));
  ASSERT_TRUE(ReplaceFile(Path("f"), "two", 0600));
  EXPECT_EQ(ReadFile(Path("f")).value(), "two");
  struct stat info;
  ASSERT_EQ(stat(Path("f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_NE(system(fmt::format("ls {}/*.new 2>/dev/null", folder_).c_str()), 0);
}

TEST_F(Files, ReadFileHasALimitAndNamesTheFile) {
  ASSERT_TRUE(ReplaceFile(Path("f"), "0123456789", 0600));
  EXPECT_EQ(ReadFile(Path("f"), 9).error().code, Code::kInvalid);
  const auto missing = ReadFile(Path("none"));
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_NE(missing.error().message.find(Path("none")), std::string::npos);
}

TEST_F(Files, MakeFoldersMakesAllAndRefusesAFileInTheWay) {
  ASSERT_TRUE(MakeFolders(Path("a/b/c"), 0700));
  ASSERT_TRUE(MakeFolders(Path("a/b/c"), 0700));
  ASSERT_TRUE(ReplaceFile(Path("f"), "", 0600));
  EXPECT_FALSE(MakeFolders(Path("f"), 0700));
}

TEST(Fd, ClosesWhatItOwnsOnce) {
  Fd first(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = first.get();
  Fd second = std::move(first);
  EXPECT_FALSE(first);
  second.Reset();
  EXPECT_EQ(fcntl(number, F_GETFD), -1);
}

TEST(Fd, APipeThatHoldsBytesEndsBehindThem) {
  const auto pipe = PipeHolding("bytes");
  ASSERT_TRUE(pipe);
  char room[16];
  EXPECT_EQ(read(pipe->get(), room, sizeof room), 5);
  EXPECT_EQ(read(pipe->get(), room, sizeof room), 0);
  EXPECT_FALSE(PipeHolding(std::string(5000, 'x')));
}

}  // namespace
}  // namespace aileron::os
