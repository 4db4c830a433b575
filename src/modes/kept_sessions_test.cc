#include "modes/kept_sessions.h"

#include <gtest/gtest.h>

namespace aileron::modes {
namespace {

std::string Ids(const Json& list) {
  std::string ids;
  for (const Json& one : list) {
    ids += TextOf(one, "id");
    if (one.contains("kept_bytes")) ids += fmt::format("={}", NumberOf(one, "kept_bytes"));
    ids += ' ';
  }
  return ids;
}

TEST(KeptSessionsTest, WhatIsKeptIsListedBesideWhatRuns) {
  const Json sessions = {{{"id", "a"}, {"state", "running"}},
                         {{"id", "b"}, {"state", "ended"}},
                         {{"id", "c"}, {"state", "ended"}},
                         {{"id", "d"}, {"state", "running"}}};
  const std::vector<KeptSession> kept = {{"c", "/w", 7}, {"d", "/w", 8}, {"e", "/v", 9}};
  EXPECT_EQ(Ids(WithKept(sessions, kept, Which::kLive)), "a c=7 d=8 e=9 ");
  EXPECT_EQ(Ids(WithKept(sessions, kept, Which::kAll)), "a b c=7 d=8 e=9 ");
  EXPECT_EQ(Ids(WithKept(sessions, {}, Which::kLive)), "a d ");
  EXPECT_EQ(TextOf(WithKept(sessions, kept, Which::kLive).back(), "state"), "kept");
}

}  // namespace
}  // namespace aileron::modes
