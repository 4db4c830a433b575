#include "trust/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "os/fd.h"
#include "policy/limits.h"
#include "trust/limits.h"
#include "trust/loader.h"
#include "trust/store.h"

namespace aileron::trust {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FilesTest : public ::testing::Test {
 protected:
  FilesTest() : home_(::testing::TempDir() + "/trust_files") {
    std::filesystem::remove_all(home_);
    for (const char* folder : {"/config", "/state", "/project/sub/deep", "/empty"}) {
      AILERON_CHECK(os::MakeFolders(home_ + folder, 0700).has_value());
    }
    paths_ = {.home = home_, .config = home_ + "/config", .state = home_ + "/state", .runtime = {}};
  }
  void Write(const std::string& name, std::string_view text) {
    AILERON_CHECK(os::ReplaceFile(home_ + name, text, 0600).has_value());
  }
  std::string home_;
  os::Paths paths_;
};

TEST_F(FilesTest, NothingThatAnAgentMakesBelowTakesAFileAboveAway) {
  Write("/project/aileron.yaml", "version: 1\n");
  const std::string path = home_ + "/project/aileron.yaml";
  EXPECT_THAT(FindProject(home_ + "/project", home_), ElementsAre(path));
  EXPECT_THAT(FindProject(home_ + "/project/sub/deep", home_), ElementsAre(path));
  EXPECT_THAT(FindProject(home_ + "/empty", home_), IsEmpty());
  ASSERT_TRUE(os::MakeFolders(home_ + "/project/sub/.git", 0700));
  Write("/project/sub/deep/aileron.yaml", "version: 1\n");
  EXPECT_THAT(FindProject(home_ + "/project/sub/deep", home_),
              ElementsAre(home_ + "/project/sub/deep/aileron.yaml", path));
  Write("/aileron.yaml", "version: 1\n");
  EXPECT_THAT(FindProject(home_ + "/empty", home_), IsEmpty()) << "a home is no project";
}

TEST_F(FilesTest, EachFileOfAProjectIsTrustedByItself) {
  const std::string outer = "version: 1\nnetwork: [{host: outer.example, action: allow}]\n";
  Write("/project/aileron.yaml", outer);
  Write("/project/sub/deep/aileron.yaml",
        "version: 1\nnetwork: [{host: inner.example, action: allow}]\n");
  const auto load = [&] {
    return Load(paths_, ReadTexts(paths_, FindProject(home_ + "/project/sub/deep", home_)).value(),
                "sh", {});
  };
  ASSERT_TRUE(load());
  EXPECT_EQ(load()->withheld.size(), 2u);
  const std::string path = home_ + "/project/aileron.yaml";
  ASSERT_TRUE(Store(paths_.state).Add({DigestOf(outer), Now(), path}));
  const auto loaded = load();
  const auto& files = loaded->layers.project;
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].trust, policy::Trust::kNone);
  EXPECT_EQ(files[1].trust, policy::Trust::kTrusted);
  ASSERT_EQ(loaded->withheld.size(), 1u);
  EXPECT_THAT(loaded->withheld[0].text, HasSubstr("inner.example"));
  EXPECT_EQ(files[1].document.sections.hosts[0].id, "../../aileron.yaml:2");
}

TEST_F(FilesTest, TheFilesOfAProjectHaveABoundTogether) {
  const std::string half(policy::limits::kPolicyFileMax * 2 / 3, '#');
  Write("/project/aileron.yaml", half);
  EXPECT_TRUE(ReadProject(FindProject(home_ + "/project/sub", home_)));
  Write("/project/sub/aileron.yaml", half);
  EXPECT_THAT(ReadProject(FindProject(home_ + "/project/sub", home_)).error().message,
              HasSubstr("too large beside"));
  const std::vector<std::string> many(limits::kProjectFiles + 1, home_ + "/project/aileron.yaml");
  EXPECT_THAT(ReadProject(many).error().message, HasSubstr("put some together"));
}

TEST_F(FilesTest, OnlyAFileOfItsOwnIsRead) {
  Write("/project/real.yaml", "version: 1\n");
  const std::string path = home_ + "/project/aileron.yaml";
  ASSERT_EQ(symlink("real.yaml", path.c_str()), 0);
  EXPECT_THAT(FindProject(home_ + "/project", home_), ElementsAre(path)) << "it is not passed over";
  EXPECT_THAT(ReadPolicyText(path).error().message, HasSubstr("is a link"));
  unlink(path.c_str());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_THAT(ReadPolicyText(path).error().message, HasSubstr("no ordinary file"));
  unlink(path.c_str());
  ASSERT_TRUE(os::MakeFolders(path, 0700));
  EXPECT_FALSE(ReadPolicyText(path));
  rmdir(path.c_str());
  Write("/project/aileron.yaml", std::string(policy::limits::kPolicyFileMax + 1, '#'));
  EXPECT_FALSE(ReadPolicyText(path));
  unlink(path.c_str());
  EXPECT_EQ(ReadPolicyText(path).error().code, Code::kNotFound);
}

TEST_F(FilesTest, TheUsersFileIsTheirsAndHasItsNewName) {
  EXPECT_EQ(ReadUserText(paths_.config).value(), "");
  Write("/config/policy.yaml", "version: 1\n");
  EXPECT_EQ(ReadUserText(paths_.config).value(), "version: 1\n");
  ASSERT_EQ(chmod((paths_.config + "/policy.yaml").c_str(), 0620), 0);
  EXPECT_THAT(ReadUserText(paths_.config).error().message, HasSubstr("chmod go-w"));
  ASSERT_EQ(chmod((paths_.config + "/policy.yaml").c_str(), 0600), 0);
  Write("/config/rules.yaml", "version: 1\n");
  EXPECT_THAT(ReadUserText(paths_.config).error().message, HasSubstr("mv -n"));
}

TEST_F(FilesTest, WhatAProjectOpensWaitsForTrustInThisVeryText) {
  const std::string text = "version: 1\nnetwork: [{host: new.example, action: allow}]\n";
  Write("/project/aileron.yaml", text);
  const std::string path = home_ + "/project/aileron.yaml";
  const auto load = [&] { return Load(paths_, ReadTexts(paths_, {path}).value(), "/bin/sh", {}); };
  ASSERT_TRUE(load());
  EXPECT_EQ(load()->layers.project.front().trust, policy::Trust::kNone);
  EXPECT_EQ(load()->withheld.size(), 1u);
  EXPECT_EQ(load()->layers.agent, "sh");
  ASSERT_TRUE(Store(paths_.state).Add({DigestOf(text), Now(), path}));
  EXPECT_EQ(load()->layers.project.front().trust, policy::Trust::kTrusted);
  EXPECT_TRUE(load()->withheld.empty());
  Write("/project/aileron.yaml", text + "# more\n");
  EXPECT_EQ(load()->layers.project.front().trust, policy::Trust::kNone);
  Write("/state/trusted.txt", "rubbish\n");
  EXPECT_FALSE(load()) << "who is trusted cannot be told";
}

TEST_F(FilesTest, AMistakeNamesItsFile) {
  Write("/project/aileron.yaml", "version: 2\n");
  const auto texts = ReadTexts(paths_, {home_ + "/project/aileron.yaml"});
  ASSERT_TRUE(texts);
  EXPECT_THAT(Load(paths_, *texts, "sh", {}).error().message,
              HasSubstr("/project/aileron.yaml:1:10:"));
}

}  // namespace
}  // namespace aileron::trust
