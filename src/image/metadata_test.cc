#include "image/metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/devcontainer_limits.h"

namespace aileron::image {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<Metadata> Label(std::string_view text) {
  std::vector<Warning> warnings;
  auto entries = ReadMetadataLabel(text, "img:1", {}, warnings);
  EXPECT_TRUE(entries) << entries.error().message;
  return entries ? *std::move(entries) : std::vector<Metadata>();
}

std::string LabelMistake(std::string_view text) {
  std::vector<Warning> warnings;
  const auto entries = ReadMetadataLabel(text, "img:1", {}, warnings);
  return entries ? std::string() : entries.error().message;
}

DevContainer File(std::string_view text) {
  const auto root = ParseJsonc(text, "d.json");
  auto file = ReadDevContainer(root.value(), "d.json");
  EXPECT_TRUE(file) << file.error().message;
  return *std::move(file);
}

// Of a label's text and a file's.
json MergedOf(std::string_view label, std::string_view file) {
  std::vector<Metadata> entries = Label(label);
  const DevContainer container = File(file);
  entries.push_back(container.metadata);
  return MergedJson(container, Merge(entries));
}

TEST(Metadata, ALabelIsAnObjectOrAnArrayOfObjects) {
  EXPECT_EQ(Label(R"({"remoteUser": "u"})").at(0).remote_user, "u");
  EXPECT_EQ(Label(R"([{"remoteUser": "u"}, {"id": "f", "init": true}])").at(1).origin, "f");
  EXPECT_THAT(Label("[]"), IsEmpty());
  EXPECT_THAT(LabelMistake("3"), HasSubstr("the label devcontainer.metadata of img:1:1:1"));
  EXPECT_THAT(LabelMistake("[3]"), HasSubstr("expected an object, found 3"));
  EXPECT_THAT(LabelMistake(R"([{"init": "yes"}])"),
              HasSubstr("init: expected true or false, found \"yes\""));
  std::string many = "[{}";
  for (std::size_t i = 1; i < limits::kMetadataEntries; ++i) many += ",{}";
  EXPECT_EQ(LabelMistake(many + "]"), "");
  EXPECT_THAT(LabelMistake(many + ",{}]"), HasSubstr("more than"));
}

TEST(Metadata, KeysThatAreNoneOfALabelArePassedOver) {
  const auto entries = Label(
      R"({"image": 3, "initializeCommand": "rm -rf /", "x": [], "customizations": {"a": 1}})");
  EXPECT_FALSE(entries.at(0).commands[0]);
  EXPECT_EQ(entries.at(0).customizations, json({{"a", 1}}));
}

TEST(Metadata, TheVariablesOfALabelAreSubstituted) {
  std::vector<Warning> warnings;
  VariableValues values;
  values.local_workspace_folder = "/w/app";
  const auto entries = ReadMetadataLabel(
      R"({"remoteEnv": {"A": "${localWorkspaceFolderBasename}"}})", "img:1", values, warnings);
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->at(0).remote_env.at(0).second, "app");
}

TEST(Metadata, FlagsAreTrueWhereAnySaysSo) {
  const json merged = MergedOf(R"([{"init": true}, {"privileged": true}])", R"({"init": false})");
  EXPECT_EQ(merged["init"], true);
  EXPECT_EQ(merged["privileged"], true);
  EXPECT_EQ(MergedOf("{}", "{}")["init"], false);
}

TEST(Metadata, ListsAreUnitedInOrder) {
  const json merged =
      MergedOf(R"([{"capAdd": ["A", "B"], "forwardPorts": [80, "db:1"]}, {"securityOpt": ["x"]}])",
               R"({"capAdd": ["B", "C"], "forwardPorts": ["localhost:80", 81]})");
  EXPECT_EQ(merged["capAdd"], json({"A", "B", "C"}));
  EXPECT_EQ(merged["securityOpt"], json({"x"}));
  EXPECT_EQ(merged["forwardPorts"], json({80, "db:1", 81}));
}

TEST(Metadata, OfTheMountsForOneTargetTheLastIsKept) {
  const json merged = MergedOf(
      R"([{"mounts": ["source=a,target=/a", {"type": "volume", "source": "b", "target": "/b"}]}])",
      R"({"mounts": ["type=bind,src=/x,dst=/a", "source=c,target=/c", "source=d,target=/c"]})");
  EXPECT_EQ(merged["mounts"], json({{{"type", "volume"}, {"source", "b"}, {"target", "/b"}},
                                    "type=bind,src=/x,dst=/a",
                                    "source=d,target=/c"}));
}

TEST(Metadata, CommandsAreCollectedInOrder) {
  const json merged = MergedOf(
      R"([{"id": "f", "onCreateCommand": "a", "postStartCommand": {"x": "1", "y": ["2", "3"]}}])",
      R"({"onCreateCommand": ["b", "c"], "postAttachCommand": ""})");
  EXPECT_EQ(merged["onCreateCommands"], json({"a", {"b", "c"}}));
  EXPECT_EQ(merged["postStartCommands"], json::array({{{"x", "1"}, {"y", {"2", "3"}}}}));
  EXPECT_EQ(merged["postAttachCommands"], json::array());
  EXPECT_FALSE(merged.contains("onCreateCommand"));
  EXPECT_EQ(Label(R"({"id": "f", "onCreateCommand": "a"})").at(0).commands[1]->origin, "f");
}

TEST(Metadata, TheLastWord) {
  const json merged = MergedOf(
      R"([{"remoteUser": "a", "overrideCommand": true, "waitFor": "onCreateCommand",
           "userEnvProbe": "none", "shutdownAction": "none", "updateRemoteUserUID": true},
          {"remoteUser": "b", "containerUser": "c"}])",
      R"({"updateRemoteUserUID": false, "remoteUser": ""})");
  EXPECT_EQ(merged["remoteUser"], "b");
  EXPECT_EQ(merged["containerUser"], "c");
  EXPECT_EQ(merged["overrideCommand"], true);
  EXPECT_EQ(merged["updateRemoteUserUID"], false);
  EXPECT_EQ(merged["waitFor"], "onCreateCommand");
  EXPECT_EQ(merged["userEnvProbe"], "none");
  EXPECT_EQ(merged["shutdownAction"], "none");
}

TEST(Metadata, VariablesAndPortsAreMergedByName) {
  const json merged = MergedOf(
      R"([{"remoteEnv": {"A": "1", "B": "2"}, "containerEnv": {"C": "3"},
           "portsAttributes": {"80": {"label": "x", "protocol": "http"}, "81": {}},
           "otherPortsAttributes": {"onAutoForward": "silent"}}])",
      R"({"remoteEnv": {"B": null}, "containerEnv": {"C": "4", "D": ""},
          "portsAttributes": {"80": {"label": "y"}}})");
  EXPECT_EQ(merged["remoteEnv"], json({{"A", "1"}, {"B", nullptr}}));
  EXPECT_EQ(merged["containerEnv"], json({{"C", "4"}, {"D", ""}}));
  EXPECT_EQ(merged["portsAttributes"], json({{"80", {{"label", "y"}}}, {"81", json::object()}}));
  EXPECT_EQ(merged["otherPortsAttributes"], json({{"onAutoForward", "silent"}}));
}

json Requirements(std::string_view label, std::string_view file) {
  const json merged = MergedOf(fmt::format(R"({{"hostRequirements": {}}})", label),
                               fmt::format(R"({{"hostRequirements": {}}})", file));
  return merged.contains("hostRequirements") ? merged["hostRequirements"] : json();
}

TEST(Metadata, RequirementsAreTheLargest) {
  EXPECT_EQ(Requirements(R"({"cpus": 2, "memory": "1gb"})",
                         R"({"cpus": 1, "memory": "2048mb", "storage": "7"})"),
            json({{"cpus", 2}, {"memory", "2147483648"}, {"storage", "7"}}));
  EXPECT_EQ(Requirements("{}", "{}"), json());
  EXPECT_EQ(Requirements(R"({"gpu": false})", R"({"gpu": true})"),
            json({{"cpus", 0}, {"gpu", true}}));
  EXPECT_EQ(Requirements(R"({"gpu": "optional"})", R"({"gpu": "optional"})")["gpu"], "optional");
  EXPECT_EQ(Requirements(R"({"gpu": "optional"})", R"({"gpu": {"cores": 2}})")["gpu"],
            json({{"cores", 2}}));
  EXPECT_EQ(Requirements(R"({"gpu": {"cores": 3, "memory": "1kb"}})",
                         R"({"gpu": {"cores": 2, "memory": "2kb"}})")["gpu"],
            json({{"cores", 3}, {"memory", "2048"}}));
  EXPECT_EQ(Requirements(R"({"gpu": true})", R"({"gpu": false})")["gpu"], true);
  EXPECT_EQ(Requirements(R"({"gpu": false})", "{}"), json());
}

TEST(Metadata, CustomizationsAreCollectedByTool) {
  const json merged = MergedOf(R"([{"customizations": {"vscode": {"extensions": ["a"]}}}])",
                               R"({"customizations": {"vscode": {"extensions": ["b"]}, "x": 1}})");
  EXPECT_EQ(merged["customizations"],
            json({{"vscode", {{{"extensions", {"a"}}}, {{"extensions", {"b"}}}}}, {"x", {1}}}));
}

TEST(Metadata, WithoutAFileNothingIsSaid) {
  const json merged = MergedJson(DevContainer(), Merge({}));
  EXPECT_EQ(merged["init"], false);
  EXPECT_EQ(merged["onCreateCommands"], json::array());
}

TEST(Metadata, WhatElseTheFileSaysStaysAndAnEntrypointIsCollected) {
  const json merged = MergedOf(R"([{"entrypoint": "/a"}, {"entrypoint": "/b"}])",
                               R"({"image": "i", "own": 1, "mounts": []})");
  EXPECT_EQ(merged["image"], "i");
  EXPECT_EQ(merged["own"], 1);
  EXPECT_EQ(merged["entrypoints"], json({"/a", "/b"}));
  EXPECT_FALSE(merged.contains("mounts"));
}

}  // namespace
}  // namespace aileron::image
