#include "shim/docker_credential.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "shim/testing_test.h"

namespace aileron::shim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

nlohmann::json Bound(bool swapped = true) {
  return {{"look_alikes",
           {{{"host", "registry.test"},
             {"username", "robot"},
             {"password", "look-alike"},
             {"swapped", swapped}}}}};
}
const nlohmann::json kNothing = {{"look_alikes", nlohmann::json::array()}};

TEST(DockerCredential, ARegistryThatIsBoundHasAUserAndALookAlike) {
  for (const auto& [address, place] :
       {std::pair("registry.test", "registry.test"), std::pair("registry.test\n", "registry.test"),
        std::pair("https://registry.test/v2/", "registry.test"),
        std::pair("registry.test:5000", "registry.test%3A5000")}) {
    FakeApi api;
    api.Will(Bound());
    const DockerAnswer answer = AnswerDocker(api, "get", address);
    EXPECT_EQ(answer.exit_code, 0);
    const auto told = nlohmann::json::parse(answer.out);
    EXPECT_EQ(told["Username"], "robot");
    EXPECT_EQ(told["Secret"], "look-alike");
    EXPECT_THAT(told["ServerURL"].get<std::string>(), HasSubstr("registry.test"));
    EXPECT_THAT(api.asked.at(0).path, StartsWith(std::string("/look-alikes?host=") + place + "&"));
  }
}

TEST(DockerCredential, OneThatIsNotIsNotFoundInTheWordsThatClientsKnow) {
  for (const auto& answer : {kNothing, Bound(false)}) {
    FakeApi api;
    api.Will(answer);
    const DockerAnswer told = AnswerDocker(api, "get", "registry.test");
    EXPECT_EQ(told.exit_code, 1);
    EXPECT_EQ(told.out, "credentials not found in native keychain\n");
  }
  for (const char* address : {"", "  ", "http://registry.test", "ftp://registry.test/"}) {
    FakeApi api;
    EXPECT_EQ(AnswerDocker(api, "get", address).out, "credentials not found in native keychain\n");
    EXPECT_TRUE(api.asked.empty());
  }
}

TEST(DockerCredential, DockerHubIsOneByAllItsNames) {
  for (const char* address : {"https://index.docker.io/v1/", "docker.io", "index.docker.io"}) {
    FakeApi api;
    for (int i = 0; i < 3; ++i) api.Will(kNothing);
    api.Will(Bound());
    EXPECT_EQ(AnswerDocker(api, "get", address).exit_code, 0) << address;
    EXPECT_THAT(api.asked.at(3).path, HasSubstr("auth.docker.io"));
  }
}

TEST(DockerCredential, AllAreListed) {
  FakeApi api;
  api.Will(Bound());
  EXPECT_EQ(AnswerDocker(api, "list", "").out, "{\"registry.test\":\"robot\"}\n");
  api.Will(kNothing);
  EXPECT_EQ(AnswerDocker(api, "list", "").out, "{}\n");
}

TEST(DockerCredential, NothingIsKeptOrForgotten) {
  FakeApi api;
  EXPECT_EQ(
      AnswerDocker(api, "store", R"({"ServerURL":"a","Username":"b","Secret":"c"})").exit_code, 0);
  EXPECT_EQ(AnswerDocker(api, "erase", "registry.test").exit_code, 0);
  EXPECT_EQ(AnswerDocker(api, "store", "[[").exit_code, 1);
  EXPECT_EQ(AnswerDocker(api, "melt", "").exit_code, 1);
  EXPECT_TRUE(api.asked.empty());
}

TEST(DockerCredential, WhatIsWrongIsSaidWhereItIsRead) {
  FakeApi api;
  api.WillFail({Code::kUnavailable, "the daemon is away"});
  const DockerAnswer told = AnswerDocker(api, "get", "registry.test");
  EXPECT_EQ(told.exit_code, 1);
  EXPECT_EQ(told.out, "the daemon is away\n");
}

}  // namespace
}  // namespace aileron::shim
