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
