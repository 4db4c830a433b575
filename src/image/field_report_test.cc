#include "image/field_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/plan.h"

namespace aileron::image {
namespace {

using ::testing::HasSubstr;

constexpr Permissions kTrusted{.trusted = true};

PlanInput InputOf(std::string_view text, const Permissions& permissions = {}) {
  return {.workspace = "/home/u/app",
          .config = ConfigFile{"/home/u/app/.devcontainer/devcontainer.json", std::string(text)},
          .local_env = {{"HOME", "/home/u"}, {"TOKEN", "s"}},
          .may_see = [](std::string_view name) { return name == "HOME"; },
          .permissions = permissions};
}

SandboxPlan PlanOf(std::string_view text, const Permissions& permissions = {},
                   std::string label = {}) {
  PlanInput input = InputOf(text, permissions);
  input.metadata_label = std::move(label);
  auto plan = MakePlan(input);
  EXPECT_TRUE(plan) << plan.error().message;
  return plan ? *std::move(plan) : SandboxPlan();
}

const FieldReport* Find(const SandboxPlan& plan, std::string_view field,
                        std::string_view detail = {}) {
  for (const FieldReport& one : plan.reports) {
    if (one.field == field && (detail.empty() || one.detail == detail)) return &one;
  }
  return nullptr;
}

Honour Of(const SandboxPlan& plan, std::string_view field, std::string_view detail = {}) {
  const FieldReport* found = Find(plan, field, detail);
  EXPECT_NE(found, nullptr) << field << " " << detail;
  return found == nullptr ? Honour::kRefused : found->verdict.honour;
}

TEST(FieldReport, EveryFieldOfAFileIsSpokenOf) {
  const char* all =
      R"({"name": "n", "image": "i", "features": {"./f": {}}, "overrideFeatureInstallOrder": [],
    "containerEnv": {}, "remoteEnv": {}, "containerUser": "u", "remoteUser": "u", "updateRemoteUserUID": true,
    "mounts": ["source=a,target=/a"], "workspaceMount": "", "workspaceFolder": "/w", "runArgs": ["--init"],
    "init": true, "privileged": false, "capAdd": ["A"], "securityOpt": ["x"], "initializeCommand": "a",
    "onCreateCommand": "a", "updateContentCommand": "a", "postCreateCommand": "a", "postStartCommand": "a",
    "postAttachCommand": "a", "waitFor": "onCreateCommand", "forwardPorts": [1], "portsAttributes": {},
    "otherPortsAttributes": {}, "hostRequirements": {}, "secrets": {"S": {}}, "overrideCommand": true,
    "shutdownAction": "none", "userEnvProbe": "none", "appPort": 1, "unknown": 1,
    "customizations": {"vscode": {}, "aileron": {"image": "b", "policy": "locked", "bindings": ["token/x"],
      "services": [{"name": "s", "command": ["a"]}], "caches": {"c": "/c"}, "agents": ["claude"]}}})";
  const SandboxPlan plan = PlanOf(all);
  for (const DevContainer::Field& field : plan.container.fields) {
    const FieldReport* found = Find(plan, field.key);
    ASSERT_NE(found, nullptr) << field.key;
    EXPECT_FALSE(found->verdict.why.empty()) << field.key;
    EXPECT_NE(found->place.line, 0) << field.key;
  }
  for (const char* detail : {"image", "policy", "bindings", "services s", "caches c", "agents"}) {
    EXPECT_NE(Find(plan, "customizations.aileron", detail), nullptr) << detail;
  }
  EXPECT_FALSE(Refused(plan.reports));
  EXPECT_EQ(Of(plan, "image"), Honour::kNotHonoured);  // another one takes its place
  EXPECT_EQ(Of(plan, "unknown"), Honour::kNotHonoured);
}

TEST(FieldReport, ABuildIsAgreedToWhenItIsMade) {
  const char* text =
      R"({"build": {"dockerfile": "Dockerfile", "cacheFrom": ["c", "type=local,src=/"],
    "options": ["--network=host", "--pull"]}, "features": {"./y": {}}})";
  for (const SandboxPlan& plan : {PlanOf(text), PlanOf(text, kTrusted)}) {
    for (const char* field : {"build", "features"}) {
      EXPECT_EQ(Of(plan, field), Honour::kHonoured) << field;
      EXPECT_THAT(Find(plan, field)->verdict.why, HasSubstr("once you agree")) << field;
    }
    EXPECT_EQ(Of(plan, "build", "--network=host"), Honour::kNotHonoured);
    EXPECT_EQ(Of(plan, "build", "cacheFrom c"), Honour::kHonoured);
    EXPECT_EQ(Of(plan, "build", "cacheFrom type=local,src=/"), Honour::kNotHonoured);
    EXPECT_EQ(Find(plan, "build", "--pull"), nullptr);
  }
}

TEST(FieldReport, WhatRunsOutsideOfTheSandboxTakesTrust) {
  const char* text =
      R"({"initializeCommand": "make",
    "customizations": {"aileron": {"services": [{"name": "s", "command": ["a"]}]}}})";
  const SandboxPlan strangers = PlanOf(text), trusted = PlanOf(text, kTrusted);
  for (const char* field : {"initializeCommand", "customizations.aileron"}) {
    EXPECT_EQ(Of(strangers, field), Honour::kWithheld) << field;
    EXPECT_EQ(Of(trusted, field), Honour::kHonoured) << field;
  }
  // What is asked about is shown as it is written.
  EXPECT_EQ(Find(strangers, "initializeCommand")->detail, "\"make\"");
  EXPECT_TRUE(Find(strangers, "initializeCommand")->verdict.by_trust);
}

TEST(FieldReport, TrustAllowsNothingThatWeakensTheWalls) {
  const char* text = R"({"image": "i", "privileged": true, "capAdd": ["SYS_ADMIN"],
    "securityOpt": ["seccomp=unconfined"], "runArgs": ["--privileged", "--cap-add=ALL"],
    "mounts": ["type=bind,source=/etc,target=/e"], "workspaceMount": "type=bind,source=/,target=/w"})";
  const SandboxPlan plan = PlanOf(text, kTrusted);
  for (const char* field :
       {"privileged", "capAdd", "securityOpt", "runArgs", "mounts", "workspaceMount"}) {
    EXPECT_EQ(Of(plan, field), Honour::kWithheld) << field;
  }
  const SandboxPlan allowed = PlanOf(text, {.privileged = true,
                                            .capabilities = {"SYS_ADMIN"},
                                            .security_options = {"seccomp=unconfined"},
                                            .host_folders = {{"/etc", true}}});
  for (const char* field : {"privileged", "capAdd", "securityOpt", "mounts"}) {
    EXPECT_EQ(Of(allowed, field), Honour::kHonoured) << field;
  }
}

TEST(FieldReport, AnImagesLabelIsJudgedAsTheFileIs) {
  const SandboxPlan plan =
      PlanOf(R"({"image": "i", "capAdd": ["B"]})", kTrusted,
             R"([{"privileged": true, "capAdd": ["A", "B"], "securityOpt": ["x"],
    "mounts": ["type=bind,source=/etc,target=/e"], "entrypoint": "/e.sh", "postCreateCommand": "a",
    "forwardPorts": [80], "remoteUser": "u", "remoteEnv": {"T": "${localEnv:TOKEN}"}}])");
  for (const char* field : {"privileged", "securityOpt", "mounts"}) {
    EXPECT_EQ(Of(plan, field), Honour::kWithheld) << field;
    EXPECT_EQ(Find(plan, field)->place.line, 0) << field;
  }
  EXPECT_EQ(Find(plan, "capAdd", "A")->place.line, 0);
  EXPECT_NE(Find(plan, "capAdd", "B")->place.line, 0);
  EXPECT_EQ(Of(plan, "entrypoint"), Honour::kNotHonoured);
  EXPECT_EQ(Of(plan, "postCreateCommand"), Honour::kHonoured);
  EXPECT_EQ(Of(plan, "remoteUser"), Honour::kNotHonoured);
  EXPECT_EQ(Of(plan, "forwardPorts", "80"), Honour::kHonoured);
  EXPECT_EQ(plan.merged.remote_env.at(0).second, "");  // no trust in the file is trust in the image
}

TEST(FieldReport, WhatTakesTrustIsTellable) {
  const SandboxPlan plan = PlanOf(
      R"({"image": "i", "initializeCommand": ["echo", "${localEnv:TOKEN}"], "privileged": true})");
  EXPECT_EQ(Find(plan, "initializeCommand")->detail, R"(["echo","${localEnv:TOKEN}"])");
  EXPECT_TRUE(Find(plan, "${localEnv:TOKEN}")->verdict.by_trust);
  EXPECT_FALSE(Find(plan, "privileged")->verdict.by_trust);
}

TEST(FieldReport, TheWorkspaceStandsInNoPlaceOfTheSandboxes) {
  const auto folder = [](std::string_view image, std::string_view path) {
    return PlanOf(fmt::format(R"({{{} "workspaceFolder": "{}"}})", image, path));
  };
  for (const char* bad : {"/", "/proc", "/run/aileron/x", "/run", "/etc", "/etc/x", "/a/../usr",
                          "/usr/bin", "/dev/shm/w"}) {
    EXPECT_EQ(Of(folder(R"("image": "i",)", bad), "workspaceFolder"), Honour::kRefused) << bad;
  }
  EXPECT_EQ(Of(folder(R"("image": "i",)", "/usr/src/app"), "workspaceFolder"), Honour::kHonoured);
  EXPECT_EQ(Of(folder("", "/src"), "workspaceFolder"), Honour::kNotHonoured);
}

TEST(FieldReport, WhatIsBuiltLiesInTheProject) {
  const auto build = [](std::string_view file, std::string_view context) {
    return PlanOf(
        fmt::format(R"({{"build": {{"dockerfile": "{}", "context": "{}"}}}})", file, context),
        kTrusted);
  };
  EXPECT_FALSE(Refused(build("Dockerfile", "..").reports));
  EXPECT_FALSE(Refused(build("../docker/Dockerfile", ".").reports));
  EXPECT_FALSE(Refused(build("/home/u/app/Dockerfile", "").reports));
  EXPECT_TRUE(Refused(build("../../Dockerfile", ".").reports));
  EXPECT_TRUE(Refused(build("Dockerfile", "../..").reports));
  EXPECT_TRUE(Refused(build("/etc/Dockerfile", "").reports));
  for (const char* feature : {"../../f", "/f", "http://x/f.tgz"}) {
    EXPECT_TRUE(Refused(
        PlanOf(fmt::format(R"({{"image": "i", "features": {{"{}": {{}}}}}})", feature), kTrusted)
            .reports));
  }
  // A file that lies elsewhere builds what lies beside it.
  PlanInput input = InputOf(R"({"build": {"dockerfile": "D"}})", kTrusted);
  input.config->path = "/srv/dev/devcontainer.json";
  EXPECT_FALSE(Refused(MakePlan(input)->reports));
  input.config->text = R"({"build": {"dockerfile": "../D"}})";
  EXPECT_TRUE(Refused(MakePlan(input)->reports));
}

TEST(FieldReport, ServicesOfComposeAreRefused) {
  const SandboxPlan plan = PlanOf(R"({"dockerComposeFile": "c.yml", "service": "app"})");
  EXPECT_TRUE(Refused(plan.reports));
  EXPECT_THAT(Find(plan, "dockerComposeFile")->verdict.why,
              HasSubstr("customizations.aileron.services"));
}

TEST(FieldReport, AHostsVariableTakesTrustUnlessItIsPassedOnAnyway) {
  const char* text =
      R"({"remoteEnv": {"A": "${localEnv:TOKEN}", "B": "${localEnv:HOME}", "C": "${nothing}",
    "D": "${containerEnv:PATH}", "E": "${localEnv}"}})";
  const SandboxPlan plan = PlanOf(text);
  EXPECT_EQ(Of(plan, "${localEnv:TOKEN}"), Honour::kWithheld);
  EXPECT_EQ(plan.merged.remote_env.at(0).second, "");
  EXPECT_EQ(plan.merged.remote_env.at(1).second, "/home/u");
  EXPECT_EQ(Of(plan, "${nothing}"), Honour::kNotHonoured);
  EXPECT_EQ(Of(plan, "${containerEnv:PATH}"), Honour::kHonoured);
  EXPECT_EQ(Of(plan, "${localEnv}"), Honour::kNotHonoured);
  EXPECT_EQ(PlanOf(text, kTrusted).merged.remote_env.at(0).second, "s");
}

TEST(FieldReport, OtherContainersGpusAndVolumesForTheWorkspaceAreNot) {
  const SandboxPlan plan = PlanOf(R"({"image": "i", "forwardPorts": ["db:5432", 80],
    "hostRequirements": {"gpu": true}, "workspaceMount": "source=v,target=/w", "shutdownAction": "stopContainer"})");
  EXPECT_EQ(Of(plan, "forwardPorts", "db:5432"), Honour::kNotHonoured);
  EXPECT_EQ(Of(plan, "forwardPorts", "80"), Honour::kHonoured);
  EXPECT_EQ(Of(plan, "hostRequirements"), Honour::kPartly);
  EXPECT_EQ(Of(plan, "workspaceMount"), Honour::kNotHonoured);
  EXPECT_EQ(Of(plan, "shutdownAction"), Honour::kHonoured);
}

}  // namespace
}  // namespace aileron::image
