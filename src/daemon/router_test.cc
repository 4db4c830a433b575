#include "daemon/router.h"

#include <gtest/gtest.h>

namespace aileron::daemon {
namespace {

class RouterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [method, pattern] :
         {std::pair("GET", "/v1/a?x"), std::pair("PUT", "/v1/a/{name}"),
          std::pair("DELETE", "/v1/a/{name}"),
          std::pair("GET", "/v1/a/{name}/events?after_seq&session")}) {
      router_.Add(method, pattern, BodyKind::kNone, nullptr);
    }
  }
  std::string Find(std::string_view method, std::string_view target) {
    request_ = Request();
    const auto found = router_.Find(method, target, request_);
    if (const auto* refusal = std::get_if<Refusal>(&found)) return std::to_string(refusal->status);
    return std::string(std::get<const Route*>(found)->pattern);
  }
  Router router_;
  Request request_;
};

TEST_F(RouterTest, SegmentsAreDecodedAfterTheyWereSplit) {
  EXPECT_EQ(Find("PUT", "/v1/a/token%2Fgithub"), "/v1/a/{name}");
  EXPECT_EQ(request_.parameter("name"), "token/github");
  EXPECT_EQ(Find("GET", "/v1/a/x/events?after_seq=7&session=a%20b"),
            "/v1/a/{name}/events?after_seq&session");
  EXPECT_EQ(request_.Query("after_seq"), "7");
  EXPECT_EQ(request_.Query("session"), "a b");
  EXPECT_FALSE(request_.Query("other"));
}

TEST_F(RouterTest, WhatIsNotThereIsSaid) {
  EXPECT_EQ(Find("GET", "/"), "404");
  EXPECT_EQ(Find("GET", "/v1/a/"), "404");
  EXPECT_EQ(Find("GET", "/v1//a"), "404");
  EXPECT_EQ(Find("PUT", "/v1/a/%zz"), "404");
  EXPECT_EQ(Find("POST", "/v1/a"), "405");
  EXPECT_EQ(Find("GET", "/v1/a?x=1&x=2"), "400");
  EXPECT_EQ(Find("GET", "/v1/a?x=%"), "400");
  EXPECT_EQ(Find("GET", "/v1/a/b/events?after=7"), "400");
}

}  // namespace
}  // namespace aileron::daemon
