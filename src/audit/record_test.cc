#include "audit/record.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "audit/limits.h"
#include "base/text.h"

namespace aileron::audit {
namespace {

const Time kNow = *ParseTime("2026-11-23T12:00:00.5Z");

TEST(Record, ItsTextHasOneForm) {
  const Record record{.time = kNow,
                      .kind = "request",
                      .session = "01JD",
                      .actor = "agent",
                      .host = "api.example.com",
                      .port = 443,
                      .scheme = "https",
                      .method = "GET",
                      .path = "/v1",
                      .action = "allow",
                      .rule = "user:1",
                      .code = "ok",
                      .credential = "token/example",
                      .status = 200,
                      .bytes_up = 1,
                      .bytes_down = 2,
                      .duration_us = 3,
                      .detail = "d"};
  const std::string us = std::to_string(kNow.time_since_epoch().count());
  EXPECT_EQ(
      RenderBody(record, 7, Clock::kBack),
      "{\"seq\":7,\"time_us\":" + us +
          ",\"session\":\"01JD\",\"time\":\"2026-11-23T12:00:00.500Z\",\"kind\":\"request\","
          "\"actor\":\"agent\",\"host\":\"api.example.com\",\"port\":443,\"scheme\":\"https\","
          "\"method\":\"GET\",\"path\":\"/"
          "v1\",\"action\":\"allow\",\"rule\":\"user:1\",\"code\":\"ok\","
          "\"credential\":\"token/example\",\"status\":200,\"bytes_up\":1,\"bytes_down\":2,"
          "\"duration_us\":3,\"detail\":\"d\",\"clock_back\":true}");
  EXPECT_TRUE(RenderBody(record, 7, Clock::kForward)
                  .starts_with(BodyPrefix(7, kNow.time_since_epoch().count(), "01JD")));
}

TEST(Record, WhatIsEmptyIsLeftOut) {
  EXPECT_EQ(RenderBody({.time = Time(), .kind = "k"}, 1, Clock::kForward),
            "{\"seq\":1,\"time_us\":0,\"session\":\"\",\"time\":\"1970-01-01T00:00:00.000Z\","
            "\"kind\":\"k\"}");
}

TEST(Record, AStrangersTextIsStillOneLineOfJson) {
  for (const std::string& text : std::vector<std::string>{
           "\"},{\"kind\":\"x", "a\\", "line\nbreak\r\t", std::string("nul\0", 4), "\xff\xfe",
           "grüße", "\x1b[31m", "\xed\xa0\x80", std::string(10'000, '\\'),
           std::string(3'000, '\xc3')}) {
    const std::string body = RenderBody(
        {.time = kNow, .kind = "request", .path = text, .detail = "end"}, 1, Clock::kForward);
    const auto json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
    ASSERT_FALSE(json.is_discarded()) << body;
    EXPECT_EQ(json["kind"], "request");
    EXPECT_EQ(json["detail"], "end");
    EXPECT_EQ(body.find('\n'), std::string::npos);
    EXPECT_LE(body.size(), 10 * limits::kTextMax);
    if (text.size() <= limits::kTextMax) {
      EXPECT_EQ(json["path"], Printable(text));
    }
  }
}

TEST(Record, TheExportedFormEndsWithItsHash) {
  StoredRecord record;
  record.body = "{\"seq\":1}";
  record.hash.fill(0xab);
  const auto json = nlohmann::json::parse(record.ToJson());
  EXPECT_EQ(json["seq"], 1);
  EXPECT_EQ(json["hash"], HexEncode(record.hash));
  record.body = "damaged";
  EXPECT_EQ(record.ToJson(), "damaged");
}

}  // namespace
}  // namespace aileron::audit
