#include "engine/oci_bundle.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace aileron::engine {
namespace {

using nlohmann::json;

json Made(const OciBundle& bundle) { return json::parse(OciConfig(bundle).value()); }

OciBundle Plain() {
  return {
      .command = {"/run/aileron-enter/aileron", "enter"},
      .binds = {{.bind = {"/host/in", "/run/aileron-enter"}},
                {.bind = {"/host/work", "/run/aileron-enter/trees/0", sandbox::Access::kReadWrite},
                 .noexec = true}}};
}

TEST(OciBundle, HoldsNothingThatASandboxDoesNotNeed) {
  const json made = Made(Plain());
  EXPECT_EQ(made["root"], (json{{"path", "rootfs"}, {"readonly", true}}));
  EXPECT_EQ(made["process"]["noNewPrivileges"], true);
  EXPECT_EQ(made["process"]["env"], json::array());
  EXPECT_EQ(made["process"]["terminal"], false);
  ASSERT_EQ(made["process"]["capabilities"].size(), 5u);
  for (const auto& [set, held] : made["process"]["capabilities"].items()) {
    EXPECT_TRUE(held.empty()) << set;
  }
  EXPECT_EQ(made["linux"]["seccomp"]["defaultAction"], "SCMP_ACT_ALLOW");
  EXPECT_FALSE(made["linux"]["seccomp"]["syscalls"][0]["names"].empty());
  EXPECT_FALSE(made.contains("hooks"));
}

TEST(OciBundle, HasEveryNamespaceOfItsOwnAndNoNetwork) {
  std::vector<std::string> types;
  for (const json& one : Made(Plain())["linux"]["namespaces"]) {
    EXPECT_FALSE(one.contains("path"));
    types.push_back(one["type"]);
  }
  EXPECT_EQ(types, (std::vector<std::string>{"pid", "network", "ipc", "uts", "mount"}));
}

TEST(OciBundle, ShowsWhatItIsToldAndNothingElseOfTheHost) {
  std::vector<std::string> shown;
  for (const json& mount : Made(Plain())["mounts"]) {
    if (mount["type"] != "bind") continue;
    shown.push_back(mount["source"]);
    const json work = {"rbind", "rprivate", "nosuid", "nodev", "rw", "noexec"};
    const json entry = {"rbind", "rprivate", "nosuid", "nodev", "ro"};
    EXPECT_EQ(mount["options"], mount["source"] == "/host/work" ? work : entry);
  }
  EXPECT_EQ(shown, (std::vector<std::string>{"/host/in", "/host/work"}));
}

TEST(OciBundle, HasNoOtherNameForAPathThatIsNotUtf8) {
  OciBundle bundle = Plain();
  bundle.binds[1].bind.source = "/host/caf\xe9";
  const auto refused = OciConfig(bundle);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnsupported);
  EXPECT_NE(refused.error().message.find("/host/caf\\xe9"), std::string::npos);
}

TEST(OciBundle, WhoMapsRootMayDoThatAlone) {
  OciBundle bundle = Plain();
  bundle.maps_root = true;
  for (const auto& [set, held] : Made(bundle)["process"]["capabilities"].items()) {
    EXPECT_EQ(held, json::array({"CAP_SETFCAP"})) << set;
  }
}

}  // namespace
}  // namespace aileron::engine
