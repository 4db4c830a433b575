#include "shim/command_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "os/fd.h"
#include "shim/executable.h"

namespace aileron::shim {
namespace {

using sandbox::Program;
using sandbox::ToolName;
using ::testing::HasSubstr;

class CommandNamesTest : public ::testing::Test {
 protected:
  CommandNamesTest() {
    char folder[] = "/tmp/aileron-names-XXXXXX";
    AILERON_CHECK(mkdtemp(folder) != nullptr);
    folder_ = folder;
    Put("bin/ls", 0755);
    Put("more/notes", 0644);
    mkdir((folder_ + "/more/inner").c_str(), 0755);
  }
  ~CommandNamesTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void Put(const std::string& name, unsigned mode) {
    const std::string path = fmt::format("{}/{}", folder_, name);
    ASSERT_TRUE(os::MakeFolders(path.substr(0, path.rfind('/')), 0755).has_value());
    ASSERT_TRUE(os::ReplaceFile(path, "x", mode).has_value());
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
  }
  std::string Path() const {
    return fmt::format("PATH=/run/aileron/bin:{0}/missing:{0}/bin::.:{0}/more:{0}/bin", folder_);
  }
  std::string Error(const std::vector<ToolName>& tools, const std::string& command = "sh") const {
    const auto checked = CheckCommandNames(
        Program{.command = {command}, .environment = {"A=b", Path()}, .tools = tools});
    if (checked) return "";
    EXPECT_EQ(checked.error().code, Code::kInvalid);
    return checked.error().message;
  }

  std::string folder_;
};

TEST_F(CommandNamesTest, ANewNameIsFree) {
  EXPECT_EQ(Error({}), "");
  EXPECT_EQ(Error({{"issues", "example.com/a"}}), "");
}

TEST_F(CommandNamesTest, ACommandIsHiddenOnlyByWhoSaysSo) {
  const std::string error = Error({{"issues", "example.com/a"}, {"ls", "example.com/b"}});
  EXPECT_THAT(error, HasSubstr("\"ls\" of example.com/b"));
  EXPECT_THAT(error, HasSubstr(folder_ + "/bin/ls"));
  EXPECT_THAT(error, HasSubstr("override: true"));
  EXPECT_THAT(error, HasSubstr("connector remove example.com/b"));
  EXPECT_EQ(Error({{"ls", "example.com/b", true}}), "");
}

TEST_F(CommandNamesTest, WhatCannotBeRunIsNoCommand) {
  EXPECT_EQ(Error({{"notes", "example.com/a"}, {"inner", "example.com/a"}}), "");
}

TEST_F(CommandNamesTest, NobodyTakesThePlaceOfWhatIsLaunched) {
  const std::string error = Error({{"ls", "example.com/a", true}}, "ls");
  EXPECT_THAT(error, HasSubstr("the command that is launched"));
  EXPECT_FALSE(error.contains("override"));
  EXPECT_THAT(Error({{"agent", "example.com/a", true}}, "/opt/it/agent"),
              HasSubstr("the command that is launched"));
}

TEST_F(CommandNamesTest, AToolCanBeLaunchedItself) {
  EXPECT_EQ(Error({{"issues", "example.com/a"}}, "issues"), "");
}

TEST_F(CommandNamesTest, WithoutAPathThereIsTheUsualOne) {
  EXPECT_THAT(SearchPath({}), HasSubstr("/usr/bin"));
  const auto checked =
      CheckCommandNames(Program{.command = {"true"}, .tools = {{"ls", "example.com/a"}}});
  EXPECT_FALSE(checked.has_value());
}

}  // namespace
}  // namespace aileron::shim
