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
  std::string Find(const std::string& path) {
    const std::string projects[] = {folder_ + "/project"};
    const ProgramSearch search = FindProgram("run", path, projects);
    left_out_ = search.left_out;
    return search.found ? search.found->path : "";
  }
  void Link(const std::string& from, const std::string& to) {
    ASSERT_EQ(symlink(to.c_str(), (folder_ + "/" + from).c_str()), 0);
  }

  std::string folder_, left_out_;
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

TEST_F(FindProgramTest, GivesWhatItLookedAtAndNotALinkThatLeadsThere) {
  const std::string real = Make("bin/real");
  Link("bin/run", "real");
  const std::string path = folder_ + "/bin/run";
  const auto found = FindProgramAt(path, {}).found;
  ASSERT_TRUE(found);
  EXPECT_EQ(found->path, real);
  EXPECT_EQ(found->called, path) << "some programs go by their names";
}

TEST_F(FindProgramTest, TakesNoLinkOfAProjectWhateverWayLeadsThere) {
  const std::string real = Make("bin/run");
  Link("project/run", real);
  Link("project/bin", folder_ + "/bin");
  Link("folder", "project");  // by a folder of another name, as in PATH
  EXPECT_EQ(Find(folder_ + "/folder"), "");
  EXPECT_EQ(left_out_, folder_ + "/folder/run");
  Link("project-too/run", folder_ + "/project/run");  // by a link that begins and ends outside
  EXPECT_EQ(Find(folder_ + "/project-too"), "");
  EXPECT_EQ(Find(folder_ + "/folder/bin"), "") << "by a folder of the project's that is a link";
  EXPECT_EQ(Find(folder_ + "/project/bin/../bin"), "");
  EXPECT_EQ(Find(folder_ + "/folder/bin:" + folder_ + "/bin"), real);
  EXPECT_NE(left_out_, "");
}

TEST_F(FindProgramTest, EndsWhereLinksLeadInACircle) {
  Link("bin/run", "other");
  Link("bin/other", "run");
  EXPECT_EQ(Find(folder_ + "/bin"), "");
  EXPECT_EQ(left_out_, "");
}

TEST_F(FindProgramTest, TellsOfNothingThatCouldNotBeStarted) {
  Make("project/run", 0644);
  EXPECT_EQ(Find(folder_ + "/project"), "");
  EXPECT_EQ(left_out_, "");
  EXPECT_EQ(TellLeftOut(left_out_), "");
  EXPECT_NE(TellLeftOut("/x\x1b").find("/x\\x1b is not started"), std::string::npos);
}

TEST_F(FindProgramTest, AProjectReachesUpToItsTopmostMark) {
  const std::string deep = folder_ + "/project/a/b";
  std::filesystem::create_directories(deep);
  using Folders = std::vector<std::string>;
  EXPECT_EQ(ProjectFolders(deep, folder_), Folders{deep});
  std::filesystem::create_directory(folder_ + "/project/a/.git");
  EXPECT_EQ(ProjectFolders(deep, folder_), (Folders{deep, folder_ + "/project/a"}));
  Make("project/aileron.yaml");
  EXPECT_EQ(ProjectFolders(deep, folder_), (Folders{deep, folder_ + "/project"}));
  Make(".devcontainer.json");
  EXPECT_EQ(ProjectFolders(deep, folder_), (Folders{deep, folder_ + "/project"}))
      << "a home is no project";
  EXPECT_EQ(ProjectFolders(deep, "/no/home"), (Folders{deep, folder_}));
  Link("link", deep);
  EXPECT_EQ(ProjectFolders(folder_ + "/link", folder_), (Folders{deep, folder_ + "/project"}));
  EXPECT_EQ(ProjectFolders("/", folder_), Folders{});
  EXPECT_EQ(ProjectFolders("/no/such", folder_), Folders{});
}

TEST_F(FindProgramTest, LooksInAbsoluteFoldersAlone) {
  Make("bin/run");
  ASSERT_EQ(chdir((folder_ + "/bin").c_str()), 0);
  EXPECT_EQ(Find(".:bin::"), "");
  ASSERT_EQ(chdir("/"), 0);
}

}  // namespace
}  // namespace aileron::os
