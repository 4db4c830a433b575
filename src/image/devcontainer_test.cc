#include "image/devcontainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/devcontainer_limits.h"

namespace aileron::image {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

Result<DevContainer> Read(std::string_view text) {
  AILERON_ASSIGN(const JsonNode root, ParseJsonc(text, "d.json"));
  return ReadDevContainer(root, "d.json");
}

DevContainer Good(std::string_view text) {
  auto container = Read(text);
  EXPECT_TRUE(container) << text << ": " << container.error().message;
  return container ? *std::move(container) : DevContainer();
}

std::string Mistake(std::string_view text) {
  const auto container = Read(text);
  EXPECT_FALSE(container) << text;
  return container ? std::string() : container.error().message;
}

TEST(DevContainer, WhatIsBuiltOrTakenIsRead) {
  EXPECT_EQ(Good(R"({"name": "n", "image": "i:1", "$schema": "x"})").image, "i:1");
  const DevContainer built = Good(R"({"build": {"dockerfile": "D", "context": "..", "target": "t",
      "args": {"A": "1", "B": ""}, "cacheFrom": "c", "options": ["--pull"]}})");
  ASSERT_TRUE(built.build);
  EXPECT_EQ(built.build->dockerfile, "D");
  EXPECT_EQ(built.build->context, "..");
  EXPECT_EQ(built.build->target, "t");
  EXPECT_THAT(built.build->args, ElementsAre(Pair("A", "1"), Pair("B", "")));
  EXPECT_THAT(built.build->cache_from, ElementsAre("c"));
  EXPECT_THAT(built.build->options, ElementsAre("--pull"));
  const DevContainer former =
      Good(R"({"dockerFile": "D", "context": ".", "build": {"target": "t"}})");
  EXPECT_EQ(former.build->dockerfile, "D");
  EXPECT_EQ(former.build->target, "t");
  const DevContainer composed =
      Good(R"({"dockerComposeFile": ["a", "b"], "service": "s", "runServices": ["t"]})");
  EXPECT_THAT(composed.docker_compose_files, ElementsAre("a", "b"));
  EXPECT_EQ(composed.service, "s");
}

TEST(DevContainer, WhatContradictsItselfIsRefused) {
  EXPECT_THAT(Mistake(R"({"image": "i", "build": {"dockerfile": "D"}})"),
              HasSubstr("exclude each other"));
  EXPECT_THAT(Mistake(R"({"image": "i", "dockerComposeFile": "c", "service": "s"})"),
              HasSubstr("exclude"));
  EXPECT_THAT(Mistake(R"({"build": {"target": "t"}})"),
              StartsWith("d.json:1:11: build lacks \"dockerfile\""));
  EXPECT_THAT(Mistake(R"({"dockerComposeFile": "c"})"), HasSubstr("lacks \"service\""));
}

TEST(DevContainer, FeaturesKeepTheirOrderAndOptions) {
  const DevContainer container = Good(R"({"features": {"z/f:1": {"version": "2", "on": true},
      "./a": {}, "m/g": "3", "b/h": true}, "overrideFeatureInstallOrder": ["./a"]})");
  ASSERT_EQ(container.features.size(), 4u);
  EXPECT_EQ(container.features[0].id, "z/f:1");
  EXPECT_EQ(container.features[0].options, json({{"version", "2"}, {"on", true}}));
  EXPECT_EQ(container.features[1].id, "./a");
  EXPECT_EQ(container.features[2].options, "3");
  EXPECT_EQ(container.features[2].place, (Place{2, 18}));
  EXPECT_THAT(container.override_feature_install_order, ElementsAre("./a"));
  EXPECT_THAT(Mistake(R"({"features": {"f": 3}})"),
              HasSubstr("features.f: expected an object of options"));
  EXPECT_THAT(Mistake(R"({"features": {"f": {"a": {}}}})"), HasSubstr("a string, true or false"));
  EXPECT_THAT(Mistake(R"({"features": ["f"]})"),
              HasSubstr("features: expected an object, found an array of 1"));
}

TEST(DevContainer, EachFormOfACommandIsRead) {
  const DevContainer container =
      Good(R"({"initializeCommand": "a b", "postCreateCommand": ["c", "d e"],
      "postStartCommand": {"z": "f", "y": ["g"]}, "waitFor": "postCreateCommand", "onCreateCommand": ""})");
  const auto& commands = container.metadata.commands;
  EXPECT_EQ(commands[0]->commands.at(0).line, "a b");
  EXPECT_THAT(commands[3]->commands.at(0).words, ElementsAre("c", "d e"));
  EXPECT_FALSE(commands[3]->parallel);
  ASSERT_TRUE(commands[4]->parallel);
  EXPECT_EQ(commands[4]->commands.at(0).name, "z");
  EXPECT_THAT(commands[4]->commands.at(1).words, ElementsAre("g"));
  EXPECT_FALSE(commands[1]);
  EXPECT_EQ(container.metadata.wait_for, "postCreateCommand");
  EXPECT_THAT(Mistake(R"({"postCreateCommand": 3})"),
              StartsWith("d.json:1:23: postCreateCommand: expected a line"));
  EXPECT_THAT(Mistake(R"({"postCreateCommand": {"a": {"b": "c"}}})"),
              HasSubstr("postCreateCommand.a: expected"));
  EXPECT_THAT(Mistake(R"({"postCreateCommand": ["a", 1]})"),
              HasSubstr("expected a string, found 1"));
  EXPECT_THAT(Mistake(R"({"postCreateCommand": []})"), HasSubstr("an array of 0"));
  EXPECT_THAT(Mistake(R"({"waitFor": "postAttachCommand"})"), HasSubstr("not one of its words"));
}

TEST(DevContainer, VariablesUsersAndFlagsAreRead) {
  const DevContainer container =
      Good(R"({"containerEnv": {"A": "1"}, "remoteEnv": {"B": null, "C": ""},
      "containerUser": "u", "remoteUser": "v", "updateRemoteUserUID": false, "init": true,
      "privileged": true, "overrideCommand": false, "capAdd": ["SYS_PTRACE"], "securityOpt": ["x"],
      "userEnvProbe": "none", "shutdownAction": "none", "workspaceFolder": "/w", "workspaceMount": "",
      "runArgs": ["--init"], "appPort": [1, "2:3"]})");
  const Metadata& metadata = container.metadata;
  EXPECT_THAT(metadata.container_env, ElementsAre(Pair("A", "1")));
  EXPECT_EQ(metadata.remote_env.at(0).second, std::nullopt);
  EXPECT_EQ(metadata.remote_env.at(1).second, "");
  EXPECT_EQ(metadata.remote_user, "v");
  EXPECT_EQ(metadata.update_remote_user_uid, false);
  EXPECT_EQ(metadata.privileged, true);
  EXPECT_THAT(metadata.cap_add, ElementsAre("SYS_PTRACE"));
  EXPECT_EQ(container.workspace_folder, "/w");
  EXPECT_EQ(container.workspace_mount, "");
  EXPECT_THAT(container.run_args, ElementsAre("--init"));
  EXPECT_EQ(Good("{}").workspace_mount, std::nullopt);
  EXPECT_THAT(Mistake(R"({"containerEnv": {"A=B": "1"}})"),
              HasSubstr("\"A=B\" cannot be the name"));
  EXPECT_THAT(Mistake(R"({"containerEnv": {"A": null}})"),
              HasSubstr("containerEnv.A: expected a string, found null"));
  EXPECT_THAT(Mistake(R"({"remoteEnv": {"A": 1}})"), HasSubstr("or null to unset it, found 1"));
  EXPECT_THAT(Mistake(R"({"containerEnv": {"A": "\u0000"}})"), HasSubstr("zero byte"));
  EXPECT_THAT(Mistake(R"({"workspaceFolder": "w"})"), HasSubstr("an absolute path"));
  EXPECT_THAT(Mistake(R"({"workspaceMount": "type=bind"})"), HasSubstr("\"target\" is missing"));
  EXPECT_THAT(Mistake(R"({"userEnvProbe": "loginshell"})"),
              HasSubstr("Did you mean \"loginShell\"?"));
  EXPECT_THAT(Mistake(R"({"runArgs": "--init"})"),
              HasSubstr("runArgs: expected an array, found \"--init\""));
  EXPECT_THAT(Mistake(R"({"appPort": {}})"), HasSubstr("appPort: expected a port"));
  EXPECT_THAT(Mistake(R"({"image": ""})"), HasSubstr("not empty"));
}

TEST(DevContainer, MountsAndPortsAreRead) {
  const DevContainer container = Good(R"({"mounts": ["source=a,target=/a",
      {"type": "bind", "source": "/b", "target": "/c", "external": true}],
      "forwardPorts": [80, "db:5432"], "portsAttributes": {"80": {"label": "l", "new": 1}}})");
  ASSERT_EQ(container.metadata.mounts.size(), 2u);
  EXPECT_EQ(container.metadata.mounts[0].source, "a");
  EXPECT_EQ(container.metadata.mounts[1].type, "bind");
  EXPECT_EQ(container.metadata.mounts[1].place, (Place{2, 7}));
  EXPECT_EQ(container.metadata.forward_ports[1], (ForwardedPort{"db", 5432}));
  EXPECT_EQ(container.warnings.size(), 2u);
  EXPECT_THAT(Mistake(R"({"mounts": ["source=a"]})"),
              HasSubstr("\"target\" is missing in \"source=a\""));
  EXPECT_THAT(Mistake(R"({"mounts": [{"source": "a"}]})"), HasSubstr("\"target\" is missing"));
  EXPECT_THAT(Mistake(R"({"mounts": [3]})"), HasSubstr("a string or an object, found 3"));
  for (const char* port :
       {"0", "65536", "-1", "1.5", "\"80\"", "\":80\"", "\"db:\"", "\"db:x\"", "true", "[80]"}) {
    EXPECT_THAT(Mistake(fmt::format(R"({{"forwardPorts": [{}]}})", port)),
                HasSubstr("forwardPorts: expected a port"));
  }
  EXPECT_THAT(Mistake(R"({"portsAttributes": {"80": {"onAutoForward": "loud"}}})"),
              HasSubstr("portsAttributes.80.onAutoForward"));
  EXPECT_THAT(Mistake(R"({"otherPortsAttributes": {"elevateIfNeeded": 1}})"),
              HasSubstr("true or false"));
}

TEST(DevContainer, RequirementsAndSecretsAreRead) {
  const DevContainer container =
      Good(R"({"hostRequirements": {"cpus": 4, "memory": "8gb", "storage": "32",
      "gpu": {"cores": 2, "memory": "4mb"}}, "secrets": {"KEY": {"description": "d", "documentationUrl": "u"}, "B": {}}})");
  const HostRequirements needed = *container.metadata.host_requirements;
  EXPECT_EQ(needed.memory, 8ull << 30);
  EXPECT_EQ(needed.storage, 32u);
  EXPECT_EQ(needed.gpu_memory, 4u << 20);
  EXPECT_EQ(container.secrets.at(0).documentation_url, "u");
  EXPECT_EQ(container.secrets.at(1).name, "B");
  for (const char* size :
       {"8", "\"8GB\"", "\"gb\"", "\"-1\"", "\"9999999999tb\"", "\"1.5gb\"", "true"}) {
    EXPECT_THAT(Mistake(fmt::format(R"({{"hostRequirements": {{"memory": {}}}}})", size)),
                HasSubstr("a size such as"));
  }
  EXPECT_THAT(Mistake(R"({"hostRequirements": {"cpus": 0}})"), HasSubstr("a whole number from 1"));
  EXPECT_THAT(Mistake(R"({"hostRequirements": {"gpu": "yes"}})"),
              HasSubstr("\"optional\" or an object"));
  EXPECT_THAT(Mistake(R"({"secrets": {"A": "x"}})"), HasSubstr("secrets.A: expected an object"));
  EXPECT_THAT(Mistake(R"({"secrets": {"A=": {}}})"), HasSubstr("cannot be the name"));
}

TEST(DevContainer, KeysThatNobodyKnowsAreWarnings) {
  const DevContainer container =
      Good("{\"imag\": 1,\n \"zzzzzzzz\": {}, \"build\": {\"dockerfile\": \"D\", \"arg\": {}}}");
  ASSERT_EQ(container.warnings.size(), 3u);
  EXPECT_THAT(container.warnings[0].text, HasSubstr("Did you mean \"image\"?"));
  EXPECT_EQ(container.warnings[1].place, (Place{2, 2}));
  EXPECT_THAT(container.warnings[2].text,
              HasSubstr("\"arg\" is not a key of build. Did you mean \"args\"?"));
  EXPECT_FALSE(container.Find("imag")->known);
  EXPECT_TRUE(container.Find("build")->known);
  EXPECT_EQ(container.Find("image"), nullptr);
  EXPECT_EQ(container.written["zzzzzzzz"], json::object());
}

TEST(DevContainer, OtherToolsCustomizationsAreKeptAside) {
  const DevContainer container =
      Good(R"({"customizations": {"vscode": {"x": [1]}, "aileron": {"image": "base"}}})");
  EXPECT_EQ(container.metadata.customizations["vscode"], json({{"x", {1}}}));
  EXPECT_EQ(container.aileron->image, "base");
  EXPECT_TRUE(container.warnings.empty());
  EXPECT_THAT(Mistake(R"({"customizations": []})"),
              HasSubstr("customizations: expected an object"));
  EXPECT_THAT(Mistake("[]"), HasSubstr("expected an object, found an array of 0"));
}

TEST(DevContainer, ListsAreBounded) {
  std::string list = "1";
  for (std::size_t i = 1; i < limits::kListMax; ++i) list += ",1";
  EXPECT_EQ(Good("{\"forwardPorts\": [" + list + "]}").metadata.forward_ports.size(),
            limits::kListMax);
  EXPECT_THAT(Mistake("{\"forwardPorts\": [" + list + ",1]}"), HasSubstr("at most 1000 entries"));
  std::string members;
  for (std::size_t i = 0; i < limits::kListMax; ++i) members += fmt::format("\"A{}\":\"\",", i);
  EXPECT_EQ(Good("{\"containerEnv\": {" + members + "}}").metadata.container_env.size(),
            limits::kListMax);
  EXPECT_THAT(Mistake("{\"containerEnv\": {" + members + "\"B\":\"\"}}"),
              HasSubstr("at most 1000 members"));
}

}  // namespace
}  // namespace aileron::image
