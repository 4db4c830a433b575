#include "http/sse.h"

#include <gtest/gtest.h>

namespace aileron::http {
namespace {

std::string Event(std::string_view event, std::string_view id, std::string_view data) {
  std::string out;
  AppendServerSentEvent(event, id, data, out);
  return out;
}

TEST(ServerSentEvent, HasADataLineForEachLine) {
  EXPECT_EQ(Event("audit", "7", "a\nb\r\nc\rd"),
            "event: audit\nid: 7\ndata: a\ndata: b\ndata: c\ndata: d\n\n");
  EXPECT_EQ(Event("", "", ""), "data: \n\n");
}

TEST(ServerSentEvent, CannotBeEndedByItsName) {
  EXPECT_EQ(Event("a\n\ndata: x", "1\r2", "y"), "event: adata: x\nid: 12\ndata: y\n\n");
}

}  // namespace
}  // namespace aileron::http
