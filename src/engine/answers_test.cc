#include "engine/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const std::string kId(64, 'a');

TEST(Answers, APongSaysWhoAnswers) {
  const Version docker = ReadVersion({.headers = {{"Server", "Docker/20.10.24+dfsg1 (linux)"}}});
  EXPECT_FALSE(docker.podman);
  EXPECT_EQ(docker.number, "20.10.24+dfsg1");
  const Version podman = ReadVersion(
      {.headers = {{"Server", "Libpod/4.3.1 (linux)"}, {"Libpod-Api-Version", "4.3.1"}}});
  EXPECT_TRUE(podman.podman);
  EXPECT_EQ(podman.number, "4.3.1");
  EXPECT_EQ(ReadVersion({}).number, "");
}

TEST(Answers, AnImageIsReadAsBothEnginesWriteIt) {
  const auto docker = ReadImage(R"({"Id": "sha256:)" + kId +
                                R"(", "RepoTags": null, "Config": {"User": "u", "Env": ["A=b"],
      "Cmd": ["sh"], "Entrypoint": null, "Volumes": {"/v": {}}, "WorkingDir": "/w", "Labels": {"l": "v"}, "StopSignal": "15"}})");
  ASSERT_TRUE(docker) << docker.error().message;
  EXPECT_EQ(docker->id, "sha256:" + kId);
  EXPECT_EQ(docker->config.user, "u");
  EXPECT_THAT(docker->config.env, ElementsAre("A=b"));
  EXPECT_THAT(docker->config.cmd, ElementsAre("sh"));
  EXPECT_THAT(docker->config.entrypoint, IsEmpty());
  EXPECT_THAT(docker->config.volumes, ElementsAre("/v"));
  EXPECT_EQ(docker->config.working_dir, "/w");
  EXPECT_EQ(docker->config.labels.at("l"), "v");
  const auto podman = ReadImage(R"({"Id": ")" + kId + R"(", "Config": {}})");
  ASSERT_TRUE(podman);
  EXPECT_EQ(podman->id, "sha256:" + kId);
}

TEST(Answers, WhatIsNoAnswerIsSaidSo) {
  for (const char* text : {"", "[]", "{}", "x", R"({"Id": 1})", R"({"Id": "a", "Config": []})",
                           R"({"Id": "a", "Config": {"Env": [1]}})"}) {
    EXPECT_EQ(ReadImage(text).error().code, Code::kInvalid) << text;
  }
  EXPECT_FALSE(ReadId("{}"));
  EXPECT_FALSE(ReadId(R"({"Id": "../x"})"));
  EXPECT_FALSE(ReadId(R"({"Id": ""})"));
  EXPECT_EQ(ReadId(R"({"Id": "0aff", "Warnings": []})").value(), "0aff");
}

TEST(Answers, AContainerRunsOrNot) {
  EXPECT_TRUE(ReadRunning(R"({"State": {"Running": true}})").value());
  EXPECT_FALSE(ReadRunning(R"({"State": {"Running": false}})").value());
  EXPECT_FALSE(ReadRunning(R"({"State": {}})").value());
  EXPECT_FALSE(ReadRunning("no"));
}

TEST(Answers, LimitsThatNobodyHoldsAreNamed) {
  const std::string all = R"({"MemoryLimit": true, "PidsLimit": true, "CpuCfsQuota": true)";
  EXPECT_THAT(ReadMissingLimits(all + R"(, "CgroupVersion": "2"})", true).value(), IsEmpty());
  EXPECT_THAT(ReadMissingLimits(all + R"(, "CgroupVersion": "1"})", false).value(), IsEmpty());
  EXPECT_THAT(ReadMissingLimits(all + R"(, "CgroupVersion": "1"})", true).value(),
              UnorderedElementsAre("memory", "pids", "cpus"));
  EXPECT_THAT(ReadMissingLimits(R"({"MemoryLimit": true})", false).value(),
              UnorderedElementsAre("pids", "cpus"));
}

TEST(Answers, AMessageIsShownSafely) {
  EXPECT_EQ(ReadMessage(R"({"message": "no such image"})"), "no such image");
  EXPECT_EQ(ReadMessage(R"({"cause": "c", "message": "m", "response": 500})"), "m");
  EXPECT_EQ(ReadMessage("plain\x1b[2Jtext\n"), "plain\\x1b[2Jtext");
  EXPECT_LT(ReadMessage(std::string(1 << 20, 'x')).size(), 500u);
}

TEST(Answers, APullIsToldLineByLine) {
  EXPECT_EQ(ReadPullLine(R"({"status": "Pulling", "id": "1.0"})")->text, "1.0: Pulling");
  EXPECT_EQ(ReadPullLine(R"({"stream": "Copying blob\n"})")->text, "Copying blob");
  const auto failed = ReadPullLine(R"({"errorDetail": {"message": "m"}, "error": "denied"})");
  EXPECT_TRUE(failed->failed);
  EXPECT_EQ(failed->text, "denied");
  EXPECT_FALSE(ReadPullLine(R"({"images": ["a"]})"));
  EXPECT_FALSE(ReadPullLine("nothing"));
}

}  // namespace
}  // namespace aileron::engine
