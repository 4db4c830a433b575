#include "os/reserved_name.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "os/beneath.h"

namespace aileron::os {
namespace {

namespace fs = std::filesystem;
using Kind = ReservedName::Kind;

class Reserved : public testing::Test {
 protected:
  Reserved() {
    std::string name = testing::TempDir() + "reserved-XXXXXX";
    path_ = mkdtemp(name.data());
    root_ = Fd(open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  ~Reserved() override { fs::remove_all(path_); }

  std::optional<ReservedName> Take(const std::string& name, Kind kind = Kind::kFolder) {
    return ReservedName::Take(root_, name, kind, kind == Kind::kFile ? ".\n" : "").value();
  }
  bool Exists(const std::string& name) {
    return fs::exists(fs::symlink_status(path_ + "/" + name));
  }

  std::string path_;
  Fd root_;
};

TEST_F(Reserved, TheNameIsTakenAndGivenBack) {
  {
    const auto folder = Take(".envrc");
    const auto file = Take("commondir", Kind::kFile);
    ASSERT_TRUE(folder && file);
    EXPECT_TRUE(fs::is_directory(path_ + "/.envrc"));
    EXPECT_EQ(ReadBeneath(root_, "commondir", 10).value(), ".\n");
  }
  EXPECT_FALSE(Exists(".envrc") || Exists("commondir"));
}

TEST_F(Reserved, TheLastOfTwoTakesItAway) {
  auto first = Take("x");
  auto second = Take("x");
  ASSERT_TRUE(first && second);
  first.reset();
  EXPECT_TRUE(Exists("x"));
  second.reset();
  EXPECT_FALSE(Exists("x"));
}

TEST_F(Reserved, WhatIsSomebodysOwnIsLeftAlone) {
  fs::create_directory(path_ + "/mine");
  fs::create_symlink("/etc", path_ + "/link");
  EXPECT_FALSE(Take("mine"));
  EXPECT_FALSE(Take("link"));
  EXPECT_FALSE(Take("mine", Kind::kFile));
  EXPECT_TRUE(Exists("mine") && Exists("link"));
}

TEST_F(Reserved, WhatSomebodyPutThereStaysWithoutTheMark) {
  {
    const auto folder = Take("x");
    fs::create_directory(path_ + "/x/inner");
  }
  EXPECT_TRUE(Exists("x/inner"));
  struct stat info;
  ASSERT_EQ(stat((path_ + "/x").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & S_ISVTX, 0u);
}

TEST_F(Reserved, AFileThatSomebodyPutInItsPlaceStays) {
  {
    const auto file = Take("config", Kind::kFile);
    fs::remove(path_ + "/config");
    ASSERT_TRUE(ReplaceFile(path_ + "/config", "mine", 0644));
  }
  EXPECT_TRUE(Exists("config"));
}

TEST_F(Reserved, WhoeverCleansUpLeavesWhatIsInUse) {
  {
    const auto held = Take("x");
    ReservedName::Remove(path_ + "/x");
    EXPECT_TRUE(Exists("x"));
  }
  ASSERT_EQ(mkdir((path_ + "/x").c_str(), 01755), 0);
  ASSERT_EQ(chmod((path_ + "/x").c_str(), 01755), 0);
  fs::create_directory(path_ + "/mine");
  ReservedName::Remove(path_ + "/x");
  ReservedName::Remove(path_ + "/mine");
  EXPECT_FALSE(Exists("x"));
  EXPECT_TRUE(Exists("mine"));
}

TEST_F(Reserved, AFolderThatIsNotThereIsAnError) {
  EXPECT_FALSE(ReservedName::Take(root_, "none/x", Kind::kFolder));
}

}  // namespace
}  // namespace aileron::os
