#include "shim/git_credential.h"

#include <gmock/gmock.h>

#include "shim/look_alike.h"
#include "shim/testing_test.h"

namespace aileron::shim {
namespace {

using testing::HasSubstr;

nlohmann::json Bound(std::string password = "look-alike") {
  return {{"look_alikes",
           {{{"host", "forge.test"},
             {"username", "robot"},
             {"password", std::move(password)},
             {"swapped", true}}}}};
}
const nlohmann::json kNothing = {{"look_alikes", nlohmann::json::array()}};

TEST(GitCredential, AHostThatIsBoundHasAUserAndALookAlike) {
  FakeApi api;
  api.Will(Bound());
  EXPECT_EQ(AnswerGit(api, "get", "protocol=https\nhost=forge.test:8443\npath=a b.git\n\n").value(),
            "username=robot\npassword=look-alike\n");
  EXPECT_EQ(api.asked.at(0).path, "/look-alikes?host=forge.test%3A8443&path=a%20b.git&username=");
}

TEST(GitCredential, NewerGitIsUnderstood) {
  FakeApi api;
  api.Will(Bound());
  const auto answer = AnswerGit(api, "get",
                                "capability[]=authtype\ncapability[]=state\nprotocol=https\r\n"
                                "host=forge.test\nusername=bob\nwwwauth[]=Basic realm=\"x=y\"\n"
                                "ephemeral=1\n");
  EXPECT_EQ(answer.value(), "username=robot\npassword=look-alike\n");
  EXPECT_THAT(api.asked.at(0).path, HasSubstr("username=bob"));
}

TEST(GitCredential, WhereNothingIsBoundNothingIsSaid) {
  FakeApi api;
  api.Will(kNothing);
  EXPECT_EQ(AnswerGit(api, "get", "protocol=https\nhost=a.test\n").value(), "");
  // Nor without TLS, nor of what is no host; then nobody is asked.
  for (const char* request : {"protocol=http\nhost=forge.test\n", "protocol=https\n", "",
                              "protocol=ssh\nhost=forge.test\n", "\nprotocol=https\nhost=x\n"}) {
    EXPECT_EQ(AnswerGit(api, "get", request).value(), "") << request;
  }
  EXPECT_EQ(api.asked.size(), 1u);
}

TEST(GitCredential, StoreEraseAndOperationsOfTheFutureAreTakenAndKeepNothing) {
  FakeApi api;
  for (const char* operation : {"store", "erase", "capability", "refresh"}) {
    EXPECT_EQ(AnswerGit(api, operation, "protocol=https\nhost=forge.test\npassword=x\n").value(),
              "");
  }
  EXPECT_TRUE(api.asked.empty());
}

TEST(GitCredential, WhatIsNoRequestIsRefused) {
  FakeApi api;
  for (const std::string& bad : {std::string("protocol\n"), std::string("=x\n"),
                                 std::string("protocol=https\nhost=a\0b\n", 24)}) {
    EXPECT_EQ(AnswerGit(api, "get", bad).error().code, Code::kInvalid);
  }
  EXPECT_TRUE(api.asked.empty());
}

TEST(GitCredential, AnAnswerThatWouldAddALineIsNoAnswer) {
  FakeApi api;
  api.Will(Bound("x\nquit=1"));
  EXPECT_FALSE(AnswerGit(api, "get", "protocol=https\nhost=forge.test\n"));
  api.Will(nlohmann::json::array());
  EXPECT_FALSE(AnswerGit(api, "get", "protocol=https\nhost=forge.test\n"));
}

TEST(LookAlike, AllOfThemAreListed) {
  FakeApi api;
  api.Will(Bound());
  const auto list = ListLookAlikes(api).value();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].host, "forge.test");
  EXPECT_TRUE(list[0].swapped);
  EXPECT_EQ(api.asked.at(0).path, "/look-alikes");
}

}  // namespace
}  // namespace aileron::shim
