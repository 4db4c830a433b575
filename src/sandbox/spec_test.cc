#include "sandbox/spec.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace aileron::sandbox {
namespace {

TEST(ParseMount, TakesSourceTargetAndAccess) {
  const MountRequest plain = ParseMount("/a:/b").value();
  EXPECT_EQ(plain.source, "/a");
  EXPECT_EQ(plain.target, "/b");
  EXPECT_EQ(plain.access, Access::kReadWrite);
  EXPECT_EQ(ParseMount("rel:/b:ro").value().access, Access::kReadOnly);
  EXPECT_EQ(ParseMount("/a:/b:rw").value().access, Access::kReadWrite);
}

TEST(ParseMount, TakesATargetInItsShortestForm) {
  EXPECT_EQ(ParseMount("/a://b/./c/").value().target, "/b/c");
  EXPECT_EQ(ParseMount("/a:/").value().target, "/");
}

TEST(SharedTrees, PutTheWorkspaceOverWhatItLiesIn) {
  Spec spec{.workspace = "/p/w", .workspace_access = Access::kReadOnly};
  spec.mounts = {{"/a", "/x"}, {"/p", "/p"}, {"/b", "/p/w/b"}, {"/c", "/p/w2"}};
  std::string targets;
  for (const SharedTree& tree : SharedTrees(spec)) targets += tree.target + " ";
  EXPECT_EQ(targets, "/p /p/w /x /p/w/b /p/w2 ");
}

TEST(SharedTrees, PutVolumesBelowTheWorkspaceOverIt) {
  Spec spec{.workspace = "/h/w", .workspace_inside = "/home/agent/workspace"};
  spec.volumes = {
      {"/v/deps", "/home/agent/workspace/deps"}, {"/v/home", "/home/agent"}, {"", "/m"}};
  std::string targets;
  for (const SharedTree& tree : SharedTrees(spec)) {
    targets += tree.target + " ";
    EXPECT_EQ(tree.links == Links::kRefused, tree.source != "/h/w") << tree.target;
  }
  EXPECT_EQ(targets, "/home/agent /home/agent/workspace /home/agent/workspace/deps /m ");
}

TEST(ParseMount, RefusesWhatItCannotReadOneWayOnly) {
  for (const char* bad :
       {"", "/a", "/a:", ":/b", "/a:b", "/a:/b:rx", "/a:/b:ro:ro", "/a:/b/../c"}) {
    EXPECT_EQ(ParseMount(bad).error().code, Code::kInvalid) << bad;
  }
}

TEST(ParseUlimit, IsReadAsDockerReadsIt) {
  const auto both = ParseUlimit("nofile=1024:2048");
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(both->resource, RLIMIT_NOFILE);
  EXPECT_EQ(both->soft, 1024U);
  EXPECT_EQ(both->hard, 2048U);
  EXPECT_EQ(ParseUlimit("core=0")->hard, 0U);
  EXPECT_EQ(ParseUlimit("memlock=1:-1")->hard, RLIM_INFINITY);
  for (const char* bad : {"", "nofile", "nofile=", "nofile=a", "files=1", "nofile=2:1",
                          "nofile=-1:5", "nofile=1:2:3", "=1", "as=1"}) {
    EXPECT_FALSE(ParseUlimit(bad)) << bad;
  }
}

TEST(ParseBytes, HasBinaryMultiples) {
  EXPECT_EQ(ParseBytes("512m").value(), 512ull << 20);
  EXPECT_EQ(ParseBytes("2G").value(), 2ull << 30);
  EXPECT_EQ(ParseBytes("2gb").value(), 2ull << 30);
  EXPECT_EQ(ParseBytes("1048576").value(), 1048576u);
  for (const char* bad : {"", "0", "m", "-1", "1.5g", "2x", "99999999999t"})
    EXPECT_FALSE(ParseBytes(bad)) << bad;
}

}  // namespace
}  // namespace aileron::sandbox
