#include "proxy/socks.h"

#include <gtest/gtest.h>

namespace aileron::proxy {
namespace {

using Step = SocksConversation::Step;
using std::string_literals::operator""s;

Step Feed(SocksConversation& socks, std::string_view bytes) {
  socks.input().Append(bytes);
  return socks.Advance();
}

TEST(Socks, ANameIsAskedForWithoutCredentials) {
  SocksConversation socks;
  EXPECT_EQ(Feed(socks, "\5\1\0"s), Step::kNeedMore);
  EXPECT_EQ(socks.output(), "\5\0"s);
  EXPECT_EQ(Feed(socks, "\5\1\0\3\x09site.test\1\xbb"s + "rest"), Step::kRequest);
  EXPECT_EQ(socks.host(), "site.test");
  EXPECT_EQ(socks.port(), 443);
  EXPECT_EQ(socks.input().View(), "rest");
  socks.output().clear();
  socks.Reply(SocksReply::kSucceeded);
  EXPECT_EQ(socks.output(), "\5\0\0\1\0\0\0\0\0\0"s);
}

TEST(Socks, AddressesOfBothFamiliesAreWritten) {
  SocksConversation v4;
  EXPECT_EQ(Feed(v4, "\5\1\0\5\1\0\1\xc0\0\2\1\0\x50"s), Step::kRequest);
  EXPECT_EQ(v4.host(), "192.0.2.1");
  EXPECT_EQ(v4.port(), 80);
  SocksConversation v6;
  EXPECT_EQ(Feed(v6, "\5\1\0\5\1\0\4\x20\1\x0d\xb8"s + std::string(11, '\0') + "\1\0\x50"s),
            Step::kRequest);
  EXPECT_EQ(v6.host(), "2001:db8::1");
}

TEST(Socks, ALoginIsTakenWhateverItSays) {
  SocksConversation socks;
  EXPECT_EQ(Feed(socks, "\5\2\1\2"s), Step::kNeedMore);
  EXPECT_EQ(socks.output(), "\5\2"s);
  EXPECT_EQ(Feed(socks, "\1\2me\4pass"s), Step::kNeedMore);
  EXPECT_EQ(socks.output(), "\5\2\1\0"s);
  EXPECT_EQ(Feed(socks, "\5\1\0\3\1a\0\1"s), Step::kRequest);
  SocksConversation wrong;
  EXPECT_EQ(Feed(wrong, "\5\1\2\2"s), Step::kRefused);
  EXPECT_EQ(wrong.output(), "\5\2\1\1"s);
}

TEST(Socks, BindUdpAndUnknownCommandsAreRefusedProperly) {
  for (const char command : {'\2', '\3', '\x09'}) {
    SocksConversation socks;
    EXPECT_EQ(Feed(socks, "\5\1\0\5"s + command + "\0\1\0\0\0\0\0\0"s), Step::kRefused);
    EXPECT_EQ(socks.output().substr(2, 2), "\5\7"s);
  }
}

TEST(Socks, WhatCannotBeMeantIsRefused) {
  const auto refused = [](const std::string& bytes) {
    SocksConversation socks;
    EXPECT_EQ(Feed(socks, bytes), Step::kRefused);
    EXPECT_FALSE(socks.why().empty());
    return socks.output();
  };
  EXPECT_EQ(refused("\5\1\1"s), "\5\xff"s);
  EXPECT_EQ(refused("\5\1\0\5\1\0\2\0\0\0"s).substr(2, 2), "\5\x08"s);
  EXPECT_EQ(refused("\5\1\0\5\1\0\3\0\0\1"s).substr(2, 2), "\5\x08"s);
  EXPECT_EQ(refused("\5\1\0\5\1\0\1\1\1\1\1\0\0"s).substr(2, 2), "\5\x08"s);
  EXPECT_EQ(refused("\5\1\0\4\1\0\1\1"s).substr(2, 2), "\5\1"s);
}

TEST(Socks, EverySplitGivesTheSame) {
  const std::string bytes = "\5\2\0\2\5\1\0\3\x09site.test\1\xbb"s;
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    SocksConversation socks;
    EXPECT_EQ(Feed(socks, bytes.substr(0, cut)), Step::kNeedMore) << cut;
    EXPECT_EQ(Feed(socks, bytes.substr(cut)), Step::kRequest) << cut;
    EXPECT_EQ(socks.host(), "site.test");
  }
}

}  // namespace
}  // namespace aileron::proxy
