#include "engine/container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace aileron::engine {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::Not;

Container Wanted() {
  return {.image = "sha256:1",
          .name = "aileron-x",
          .label = "7",
          .uid = 1000,
          .gid = 100,
          .command = {"/run/x/aileron", "enter"},
          .binds = {{"/host/a", "/in/a"}, {"/host/b", "/in/b", sandbox::Access::kReadWrite}},
          .folders = {"/tmp"},
          .resources = {.memory_bytes = 64u << 20, .pids = 40, .cpus = 1.5},
          .seccomp_file = "/host/seccomp.json"};
}

TEST(Container, DockerIsAskedForNothingThatIsNotNeeded) {
  const json body = json::parse(DockerBody(Wanted()));
  const json& host = body["HostConfig"];
  EXPECT_EQ(body["Image"], "sha256:1");
  EXPECT_EQ(body["User"], "1000:100");
  EXPECT_EQ(body["Healthcheck"]["Test"], json({"NONE"}));
  EXPECT_EQ(body["Entrypoint"], json({"/run/x/aileron", "enter"}));
  EXPECT_FALSE(body.contains("Env"));
  EXPECT_EQ(body["Labels"]["dev.aileron.sandbox"], "7");
  EXPECT_EQ(host["NetworkMode"], "none");
  EXPECT_EQ(host["CapDrop"], json({"ALL"}));
  EXPECT_EQ(host["CapAdd"], json::array());
  EXPECT_EQ(host["Privileged"], false);
  EXPECT_EQ(host["ReadonlyRootfs"], true);
  EXPECT_EQ(host["AutoRemove"], true);
  EXPECT_THAT(host["SecurityOpt"], Contains("no-new-privileges"));
  EXPECT_EQ(host["Memory"], 64 << 20);
  EXPECT_EQ(host["MemorySwap"], 64 << 20);
  EXPECT_EQ(host["PidsLimit"], 40);
  EXPECT_EQ(host["NanoCpus"], 1'500'000'000);
  EXPECT_EQ(host["Mounts"][0]["ReadOnly"], true);
  EXPECT_EQ(host["Mounts"][1]["ReadOnly"], false);
  EXPECT_EQ(host["Mounts"][1]["Source"], "/host/b");
  EXPECT_TRUE(host["Tmpfs"].contains("/tmp"));
}

TEST(Container, PodmanIsAskedForTheSame) {
  const json body = json::parse(PodmanBody(Wanted()));
  EXPECT_EQ(body["image"], "sha256:1");
  EXPECT_EQ(body["user"], "1000:100");
  EXPECT_EQ(body["name"], "aileron-x");
  EXPECT_EQ(body["healthconfig"]["Test"], json({"NONE"}));
  EXPECT_EQ(body["netns"]["nsmode"], "none");
  EXPECT_EQ(body["cap_drop"], json({"ALL"}));
  EXPECT_EQ(body["cap_add"], json::array());
  EXPECT_EQ(body["no_new_privileges"], true);
  EXPECT_EQ(body["read_only_filesystem"], true);
  EXPECT_EQ(body["remove"], true);
  EXPECT_EQ(body["env_host"], false);
  EXPECT_EQ(body["httpproxy"], false);
  EXPECT_EQ(body["seccomp_profile_path"], "/host/seccomp.json");
  EXPECT_EQ(body["resource_limits"]["memory"]["limit"], 64 << 20);
  EXPECT_EQ(body["resource_limits"]["pids"]["limit"], 40);
  EXPECT_EQ(body["resource_limits"]["cpu"]["quota"], 150'000);
  EXPECT_THAT(body["mounts"][0]["options"], Contains("ro"));
  EXPECT_THAT(body["mounts"][1]["options"], Contains("rw"));
  EXPECT_EQ(body["mounts"][2]["destination"], "/tmp");
  EXPECT_THAT(body["mounts"][2]["options"], Contains("notmpcopyup"));
}

TEST(Container, WithoutLimitsNoneAreAskedFor) {
  Container wanted = Wanted();
  wanted.resources = {};
  const json docker = json::parse(DockerBody(wanted))["HostConfig"];
  for (const char* name : {"Memory", "MemorySwap", "PidsLimit", "NanoCpus"}) {
    EXPECT_FALSE(docker.contains(name)) << name;
  }
  EXPECT_FALSE(json::parse(PodmanBody(wanted)).contains("resource_limits"));
}

TEST(Container, WhoMapsRootHasTheOneCapabilityForIt) {
  Container wanted = Wanted();
  wanted.maps_root = true;
  EXPECT_EQ(json::parse(DockerBody(wanted))["HostConfig"]["CapAdd"], json({"CAP_SETFCAP"}));
  EXPECT_EQ(json::parse(PodmanBody(wanted))["cap_add"], json({"CAP_SETFCAP"}));
}

TEST(Container, TextThatIsNoUtf8BreaksNothing) {
  Container wanted = Wanted();
  wanted.binds[0].source = "/host/\xff";
  EXPECT_TRUE(json::accept(DockerBody(wanted)));
  EXPECT_TRUE(json::accept(PodmanBody(wanted)));
}

TEST(Container, TheProfileRefusesWhatNoSandboxIsMadeOf) {
  const json profile = json::parse(SeccompProfile());
  EXPECT_EQ(profile["defaultAction"], "SCMP_ACT_ALLOW");
  const json& refused = profile["syscalls"][0];
  EXPECT_EQ(refused["action"], "SCMP_ACT_ERRNO");
  for (const char* name : {"bpf", "kexec_load", "keyctl", "io_uring_setup", "perf_event_open"}) {
    EXPECT_THAT(refused["names"], Contains(name));
  }
  for (const char* name : {"mount", "unshare", "clone3", "pivot_root", "seccomp"}) {
    EXPECT_THAT(refused["names"], Not(Contains(name)));
  }
}

}  // namespace
}  // namespace aileron::engine
