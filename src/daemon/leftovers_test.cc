#include "daemon/leftovers.h"

#include <sys/stat.h>

#include "daemon/testing_test.h"
#include "os/fd.h"

namespace aileron::daemon {
namespace {

class LeftoversTest : public FolderTest {
 protected:
  // A reserved name whose launcher is gone.
  std::string Reserved(const std::string& name) {
    const std::string path = folder() + "/" + name;
    AILERON_CHECK(mkdir(path.c_str(), 0755) == 0 && chmod(path.c_str(), S_ISVTX | 0755) == 0);
    return path;
  }
};

TEST_F(LeftoversTest, NamesGoALittleLater) {
  Leftovers leftovers(*loop_);
  const std::string one = Reserved(".vscode"), other = Reserved(".idea");
  leftovers.Take({}, {one});
  leftovers.Take({}, {other});
  EXPECT_TRUE(std::filesystem::exists(one));  // its sandbox may be alive still
  EXPECT_TRUE(TurnUntil([&] { return leftovers.empty(); }));
  EXPECT_FALSE(std::filesystem::exists(one));
  EXPECT_FALSE(std::filesystem::exists(other));
}

TEST_F(LeftoversTest, WhatIsLeftGoesWithTheDaemon) {
  const std::string name = Reserved(".vscode");
  {
    Leftovers leftovers(*loop_);
    leftovers.Take({}, {name});
  }
  EXPECT_FALSE(std::filesystem::exists(name));
}

TEST_F(LeftoversTest, NoOtherFolderIsRemoved) {
  const std::string mine = folder() + "/aileron-mine";
  ASSERT_EQ(mkdir(mine.c_str(), 0755), 0);
  Leftovers leftovers(*loop_);
  leftovers.Take({mine, "/sys/fs/cgroup/.." + mine, "/sys/fs/cgroup/x/../.." + mine}, {});
  EXPECT_TRUE(TurnUntil([&] { return leftovers.empty(); }));
  EXPECT_TRUE(std::filesystem::exists(mine));
}

}  // namespace
}  // namespace aileron::daemon
