#include "http/h1_write.h"

#include <gtest/gtest.h>

namespace aileron::http {
namespace {

std::string After(std::initializer_list<Headers::Field> fields,
                  KeepUpgrade keep = KeepUpgrade::kNo) {
  Headers headers;
  for (const auto& [name, value] : fields) headers.Add(name, value);
  RemoveHopByHop(headers, keep);
  std::string text;
  headers.AppendTo(text);
  return text;
}

TEST(HopByHop, FieldsAreRemoved) {
  EXPECT_EQ(After({{"Host", "a"},
                   {"Connection", "keep-alive, X-Secret"},
                   {"Keep-Alive", "timeout=5"},
                   {"Proxy-Authorization", "Basic x"},
                   {"Proxy-Connection", "keep-alive"},
                   {"proxy-authenticate", "x"},
                   {"x-secret", "1"},
                   {"TE", "gzip"},
                   {"Upgrade", "h2c"},
                   {"X-Kept", "1"}}),
            "Host: a\r\nX-Kept: 1\r\n");
}

TEST(HopByHop, ConnectionCannotNameAwayWhatAMessageNeeds) {
  EXPECT_EQ(After({{"Connection", "Host, Content-Length, Authorization, Transfer-Encoding, Cookie"},
                   {"Host", "a"},
                   {"Content-Length", "1"},
                   {"Authorization", "b"},
                   {"Cookie", "c"}}),
            "Host: a\r\nContent-Length: 1\r\nAuthorization: b\r\nCookie: c\r\n");
}

TEST(HopByHop, AnUpgradeIsKeptOnlyWhenItPassesThrough) {
  EXPECT_EQ(After({{"Connection", "Upgrade"}, {"Upgrade", "websocket"}}), "");
  EXPECT_EQ(
      After({{"Connection", "keep-alive, Upgrade"}, {"Upgrade", "websocket"}}, KeepUpgrade::kYes),
      "Upgrade: websocket\r\nConnection: Upgrade\r\n");
  EXPECT_EQ(After({{"Connection", "close"}}, KeepUpgrade::kYes), "");
}

TEST(HopByHop, TheWishForTrailersPasses) {
  EXPECT_EQ(After({{"TE", "gzip, trailers"}, {"Connection", "TE"}}),
            "TE: trailers\r\nConnection: TE\r\n");
}

TEST(Framing, ReplacesWhatIsThere) {
  Headers headers;
  headers.Add("Content-Length", "5");
  SetFraming(headers, {Framing::kChunked, 0});
  EXPECT_EQ(headers.Find("content-length"), std::nullopt);
  EXPECT_EQ(headers.Find("transfer-encoding"), "chunked");
  SetFraming(headers, {Framing::kLength, 18446744073709551615U});
  EXPECT_EQ(headers.Find("content-length"), "18446744073709551615");
  EXPECT_EQ(headers.Find("transfer-encoding"), std::nullopt);
  SetFraming(headers, {});
  EXPECT_TRUE(headers.empty());
}

TEST(Framing, AnOldClientGetsNoChunks) {
  EXPECT_EQ(FramingFor(Version::k10, {Framing::kChunked, 0}).framing, Framing::kUntilClose);
  EXPECT_EQ(FramingFor(Version::k10, {Framing::kLength, 4}), (Body{Framing::kLength, 4}));
  EXPECT_EQ(FramingFor(Version::k11, {Framing::kChunked, 0}).framing, Framing::kChunked);
}

TEST(Write, HeadsGoOutAsTheyAre) {
  Headers headers;
  headers.Add("Host", "a");
  std::string text;
  AppendRequestHead("GET", "/x", headers, text);
  EXPECT_EQ(text, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
  ByteBuffer buffer(100);
  ASSERT_TRUE(AppendRequestHead("GET", "/x", headers, buffer));
  EXPECT_EQ(buffer.View(), text);
  text.clear();
  AppendResponseHead(200, "OK", headers, text);
  EXPECT_EQ(text, "HTTP/1.1 200 OK\r\nHost: a\r\n\r\n");
  buffer.Consume(buffer.size());
  ASSERT_TRUE(AppendResponseHead(200, "OK", headers, buffer));
  EXPECT_EQ(buffer.View(), text);
}

TEST(Write, AFullBufferIsLeftAlone) {
  Headers headers;
  headers.Add("Host", "a.example");
  ByteBuffer buffer(20);
  buffer.Append("x");
  EXPECT_FALSE(AppendRequestHead("GET", "/", headers, buffer));
  EXPECT_FALSE(AppendResponseHead(200, "OK", headers, buffer));
  EXPECT_EQ(buffer.View(), "x");
}

TEST(Write, APhraseCannotEndItsLine) {
  EXPECT_EQ(SanitisePhrase("a\r\nSet-Cookie: b\xe2\x80\xa8\x7f"), "a  Set-Cookie: b???");
  EXPECT_EQ(SanitisePhrase(std::string(500, 'a')).size(), limits::reason_phrase_bytes);
  EXPECT_EQ(StandardReason(403), "Forbidden");
  EXPECT_EQ(StandardReason(299), "Status");
}

}  // namespace
}  // namespace aileron::http
