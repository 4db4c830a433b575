#include "image/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/json_fields.h"
#include "image/limits.h"

namespace aileron::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Json Whole() {
  return {
      {"os", "linux"},
      {"architecture", "amd64"},
      {"config",
       {{"Env", {"PATH=/bin", "EMPTY="}},
        {"Entrypoint", {"/entry", "-x"}},
        {"Cmd", {"run"}},
        {"User", "app:1000"},
        {"WorkingDir", "/srv"},
        {"Volumes", {{"/data", Json::object()}}},
        {"StopSignal", "SIGRTMIN+3"},
        {"Labels", {{"devcontainer.metadata", "[]"}}},
        {"ExposedPorts", {{"80/tcp", Json::object()}}}}},
      {"rootfs", {{"type", "layers"}, {"diff_ids", {DigestOf("a").Text(), DigestOf("b").Text()}}}},
      {"history", {{{"created_by", "x"}, {"empty_layer", true}}}}};
}

std::string ErrorOf(const Json& json) {
  const auto config = ParseConfig(json.dump(), "the config");
  return config ? "none" : config.error().message;
}

TEST(Config, WhatARunNeedsIsRead) {
  const Config config = ParseConfig(Whole().dump(), "the config").value();
  EXPECT_EQ(config.platform, (Platform{"linux", "amd64", ""}));
  EXPECT_THAT(config.env, ElementsAre("PATH=/bin", "EMPTY="));
  EXPECT_THAT(config.entrypoint, ElementsAre("/entry", "-x"));
  EXPECT_THAT(config.cmd, ElementsAre("run"));
  EXPECT_EQ(config.user, "app:1000");
  EXPECT_EQ(config.working_dir, "/srv");
  EXPECT_THAT(config.volumes, ElementsAre("/data"));
  EXPECT_EQ(config.stop_signal, "SIGRTMIN+3");
  EXPECT_EQ(config.labels.at("devcontainer.metadata"), "[]");
  EXPECT_THAT(config.diff_ids, ElementsAre(DigestOf("a"), DigestOf("b")));
}

TEST(Config, WhatIsNullOrMissingIsNotThere) {
  Json json = Whole();
  json["config"] = {
      {"Env", nullptr}, {"Cmd", "one word"}, {"Labels", nullptr}, {"Volumes", nullptr}};
  const Config config = ParseConfig(json.dump(), "the config").value();
  EXPECT_THAT(config.env, IsEmpty());
  EXPECT_THAT(config.cmd, ElementsAre("one word"));
  EXPECT_THAT(config.volumes, IsEmpty());
  json.erase("config");
  EXPECT_TRUE(ParseConfig(json.dump(), "the config"));
}

TEST(Config, WhatCouldNotBeRunIsRefusedWithItsPlace) {
  const std::tuple<const char*, Json, const char*> cases[] = {
      {"Env", {"PATH"}, "config.Env has \"PATH\", which is not NAME=VALUE"},
      {"Env", {"=x"}, "not NAME=VALUE"},
      {"Env", {std::string("A=b\0c", 5)}, "NUL"},
      {"Env", {1}, "config.Env[0] is number"},
      {"Entrypoint", {{"a", 1}}, "config.Entrypoint is object, not a list"},
      {"User", "a b", "no USER[:GROUP]"},
      {"User", std::string(limits::kUserMax + 1, 'u'), "longer than 256"},
      {"WorkingDir", "srv", "not absolute"},
      {"WorkingDir", std::string(limits::kFilePathMax + 1, '/'), "longer than 4096"},
      {"Volumes", {{"data", Json::object()}}, "not absolute"},
      {"StopSignal", "rm -rf", "no signal"},
      {"StopSignal", std::string(limits::kSignalMax + 1, 'S'), "longer than 16"},
      {"Labels", {{"k", 1}}, "config.Labels.k is number"},
      {"Cmd", {std::string(limits::kWordMax + 1, 'x')}, "longer than"},
      {"Labels", {{"k", std::string(limits::kLabelMax + 1, 'x')}}, "longer than"},
  };
  for (const auto& [name, value, message] : cases) {
    Json json = Whole();
    json["config"][name] = value;
    EXPECT_THAT(ErrorOf(json), HasSubstr(message)) << name;
  }
}

TEST(Config, LayersAreNamedByDigestsAndBounded) {
  Json json = Whole();
  json["rootfs"]["diff_ids"] = {"md5:00"};
  EXPECT_THAT(ErrorOf(json), HasSubstr("one of md5"));
  json["rootfs"]["diff_ids"] = std::vector(limits::kLayersMax + 1, DigestOf("a").Text());
  EXPECT_THAT(ErrorOf(json), HasSubstr("more than 500 layers"));
  json["rootfs"]["type"] = "zfs";
  EXPECT_THAT(ErrorOf(json), HasSubstr("rootfs.type is \"zfs\""));
  json = Whole();
  json.erase("os");
  EXPECT_THAT(ErrorOf(json), HasSubstr("no image's config"));
  EXPECT_THAT(ParseConfig(std::string(limits::kConfigMax + 1, ' '), "x").error().message,
              HasSubstr("larger"));
}

}  // namespace
}  // namespace aileron::image
