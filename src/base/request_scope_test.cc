#include "base/request_scope.h"

#include <gtest/gtest.h>

namespace aileron {
namespace {

RequestScope Scope(std::vector<std::string> methods, std::vector<std::string_view> paths) {
  RequestScope scope{.methods = std::move(methods), .paths = {}};
  for (const std::string_view path : paths) scope.paths.push_back(*PathPattern::Parse(path));
  return scope;
}

TEST(RequestScope, AnEmptyListMeansAnyAndBothMustAgree) {
  EXPECT_TRUE(RequestScope().everything());
  EXPECT_TRUE(RequestScope().Covers("PURGE", "/a//../b"));
  EXPECT_TRUE(Scope({"GET", "PUT"}, {}).Covers("PUT", "/.."));
  EXPECT_FALSE(Scope({"GET"}, {}).Covers("get", "/"));
  EXPECT_FALSE(Scope({"GET"}, {}).Covers("HEAD", "/"));
  EXPECT_TRUE(Scope({}, {"/a", "/b/**"}).Covers("GET", "/b/c"));
  EXPECT_FALSE(Scope({}, {"/a", "/b/**"}).Covers("GET", "/b/../c"));
  EXPECT_FALSE(Scope({"GET"}, {"/a"}).Covers("PUT", "/a"));
  EXPECT_FALSE(Scope({"GET"}, {"/a"}).Covers("GET", "/b"));
}

TEST(RequestScope, WhoForbidsMeansEverySpelling) {
  const RequestScope scope = Scope({"POST"}, {"/a/**"});
  EXPECT_TRUE(scope.MayCover("post", "/A/b", {}));
  EXPECT_TRUE(scope.MayCover("POST", "/x/../a", {}));
  EXPECT_FALSE(scope.MayCover("GET", "/a/b", {}));
  EXPECT_FALSE(scope.MayCover("POST", "/b", {}));
  EXPECT_TRUE(scope.MayCover("GET", "/a/b", {.method = true}));
  EXPECT_TRUE(scope.MayCover("POST", "/b", {.path = true}));
  EXPECT_FALSE(scope.MayCover("GET", "/b", {.path = true}));
}

TEST(RequestScope, AMethodIsWrittenInCapitals) {
  EXPECT_TRUE(IsMethodName("M-SEARCH"));
  for (const std::string& bad : {std::string(), std::string("get"), std::string("GE T"),
                                 std::string("G1"), std::string(kMethodMax + 1, 'A')}) {
    EXPECT_FALSE(IsMethodName(bad)) << bad;
  }
}

TEST(RequestScope, TwoOverlapWhenARequestIsInBoth) {
  EXPECT_TRUE(RequestScope().Overlaps(Scope({"GET"}, {"/a"})));
  EXPECT_FALSE(Scope({"GET"}, {}).Overlaps(Scope({"PUT"}, {})));
  EXPECT_FALSE(Scope({}, {"/a/**"}).Overlaps(Scope({}, {"/b/**"})));
  EXPECT_TRUE(Scope({"GET"}, {"/a/**"}).Overlaps(Scope({"PUT", "GET"}, {"/b", "/a/*"})));
}

TEST(RequestScope, FieldsThatReplaceMethodOrPathAreKnown) {
  EXPECT_TRUE(OverridesMethod("X-HTTP-Method-Override"));
  EXPECT_TRUE(OverridesPath("x-original-url"));
  EXPECT_FALSE(OverridesMethod("X-Method"));
  EXPECT_FALSE(OverridesPath("Host"));
}

}  // namespace
}  // namespace aileron
