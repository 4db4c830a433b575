#include "os/find_program.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace aileron::os {
namespace {

class FindProgramTest : public testing::Test {
 protected:
  FindProgramTest() {
    std::string folder = testing::TempDir() + "find-XXXXXX";
    folder_ = std::filesystem::canonical(mkdtemp(folder.data()));
    for (const char* name : {"bin", "project", "project-too"}) {
      std::filesystem::create_directory(folder_ + "/" + name);
    }
  }
  ~FindProgramTest() override { std::filesystem::remove_all(folder_); }

  std::string Make(const std::string& name, mode_t mode = 0755) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << "#!/bin/sh\n";
    chmod(path.c_str(), mode);
    return path;
  }
  std::string Find(const std::string& path) const {
    const std::string projects[] = {folder_ + "/project"};
    return FindProgram("run", path, projects);
  }

  std::string folder_;
};

TEST_F(FindProgramTest, TakesTheFirstThatCanBeStarted) {
  Make("project-too/run", 0644);
  const std::string found = Make("bin/run");
  EXPECT_EQ(Find(folder_ + "/none:" + folder_ + "/project-too:" + folder_ + "/bin"), found);
  EXPECT_EQ(Find(folder_ + "/project-too"), "");
}

TEST_F(FindProgramTest, TakesNothingOfAProject) {
  const std::string evil = Make("project/run");
  EXPECT_EQ(Find(folder_ + "/project"), "");
  EXPECT_EQ(Find(folder_ + "/bin/../project"), "");
  ASSERT_EQ(symlink(evil.c_str(), (folder_ + "/bin/run").c_str()), 0);
  EXPECT_EQ(Find(folder_ + "/bin"), "");
}

TEST_F(FindProgramTest, TakesALinkThatAProjectHasForNone) {
  const std::string real = Make("bin/run");
  ASSERT_EQ(symlink(real.c_str(), (folder_ + "/project/run").c_str()), 0);
  EXPECT_EQ(Find(folder_ + "/project"), "");
}

TEST_F(FindProgramTest, LooksInAbsoluteFoldersAlone) {
  Make("bin/run");
  ASSERT_EQ(chdir((folder_ + "/bin").c_str()), 0);
  EXPECT_EQ(Find(".:bin::"), "");
  ASSERT_EQ(chdir("/"), 0);
}

}  // namespace
}  // namespace aileron::os
