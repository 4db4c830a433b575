#include "http/h2_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/h2_test_pair.h"

namespace aileron::http {
namespace {

using testing::HasSubstr;

// Frames as an attacker writes them (RFC 9113 §4.1).
enum Type : char {
  kData = 0,
  kHeaders = 1,
  kReset = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kWindowUpdate = 8,
  kContinuation = 9
};
constexpr char kEndStream = 1, kEndHeaders = 4;

std::string Frame(Type type, char flags, std::uint32_t stream, std::string_view payload) {
  const auto byte = [](std::size_t value, int shift) { return static_cast<char>(value >> shift); };
  std::string frame = {byte(payload.size(), 16),
                       byte(payload.size(), 8),
                       byte(payload.size(), 0),
                       type,
                       flags,
                       byte(stream, 24),
                       byte(stream, 16),
                       byte(stream, 8),
                       byte(stream, 0)};
  return frame.append(payload);
}

const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Frame(kSettings, 0, 0, "");
// HPACK: GET, https, /, and :authority "a" as a literal that is not indexed.
const std::string kGetFields =
    "\x82\x87\x84\x01\x01"
    "a";

class H2Attack : public testing::Test {
 protected:
  H2Attack() { (void)server.Receive(kPreface); }
  // What the server says to it.
  std::string Answer() {
    ByteBuffer out(1 << 22);
    server.Send(out);
    return std::string(out.View());
  }
  static bool SaysGoAway(const std::string& answer) { return Says(kGoAway, answer); }
  static bool Says(Type type, const std::string& answer) {
    for (std::size_t at = 0; at + 9 <= answer.size();) {
      const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(answer[at + i]); };
      if (answer[at + 3] == type) return true;
      at += 9 + (std::size_t{byte(0)} << 16 | std::size_t{byte(1)} << 8 | byte(2));
    }
    return false;
  }
  H2Session server{H2Session::Role::kServer, H2Session::Scheme::kHttps, {}};
};

TEST_F(H2Attack, ARequestIsSeen) {
  // The frames of this test are right, or the attacks below would show nothing.
  EXPECT_TRUE(server.Receive(Frame(kHeaders, kEndStream | kEndHeaders, 1, kGetFields)));
  const auto stream = server.NextMoved();
  ASSERT_TRUE(stream);
  EXPECT_THAT(H2Pair::ReadAll(*stream), HasSubstr("GET / HTTP/1.1\r\nHost: a\r\n"));
  EXPECT_EQ(server.TakeFlaw(), "");
}

TEST_F(H2Attack, RapidResetsEndTheConnection) {
  std::uint32_t id = 1;
  bool over = false;
  for (std::size_t i = 0; i < limits::h2_reset_burst + 50 && !over; ++i, id += 2) {
    over = !server.Receive(Frame(kHeaders, kEndStream | kEndHeaders, id, kGetFields) +
                           Frame(kReset, 0, id, std::string_view("\0\0\0\x08", 4)));
    over |= SaysGoAway(Answer());
    while (server.NextMoved()) {
    }
  }
  EXPECT_TRUE(over);
  EXPECT_TRUE(server.over());
}

TEST_F(H2Attack, StreamsThatHaveToBeResetEndTheConnection) {
  const auto attack = [](H2Session& session, std::size_t good, std::size_t bad) {
    std::uint32_t id = 1;
    bool over = false;
    for (std::size_t i = 0; i < good + bad && !over; ++i, id += 2) {
      // A window that grows too large is an error of the stream (RFC 9113 §6.9.1).
      const std::string wrong = Frame(kWindowUpdate, 0, id, "\x7f\xff\xff\xff");
      over = !session.Receive(Frame(kHeaders, kEndHeaders, id, kGetFields) +
                              (i < good ? Frame(kData, kEndStream, id, "x") : wrong));
      ByteBuffer out(64 * 1024);
      session.Send(out);
      over |= SaysGoAway(std::string(out.View()));
      while (const auto stream = session.NextMoved()) stream->Finish(H2Stream::Ending::kCut);
    }
    return over;
  };
  EXPECT_TRUE(attack(server, 0, limits::h2_broken_streams_max + 50));
  EXPECT_EQ(server.TakeFlaw(), "too many streams that had to be reset");
  H2Session busy(H2Session::Role::kServer, H2Session::Scheme::kHttps, {});
  EXPECT_TRUE(busy.Receive(kPreface));
  EXPECT_FALSE(attack(busy, 2 * limits::h2_broken_streams_max, limits::h2_broken_streams_max + 50));
}

TEST_F(H2Attack, FramesWithoutDataEndTheConnection) {
  (void)server.Receive(Frame(kHeaders, kEndHeaders, 1, kGetFields));
  bool over = false;
  for (std::size_t i = 0; i < limits::h2_empty_frames_max + 10 && !over; ++i) {
    over = !server.Receive(Frame(kData, 0, 1, ""));
    over |= SaysGoAway(Answer());
  }
  EXPECT_TRUE(over);
  EXPECT_EQ(server.TakeFlaw(), "too many frames without data");
}

TEST_F(H2Attack, AHeadInEndlessContinuationsEndsTheConnection) {
  (void)server.Receive(Frame(kHeaders, kEndStream, 1, kGetFields));
  bool over = false;
  for (std::size_t i = 0; i < limits::h2_continuations_max + 2 && !over; ++i) {
    over = !server.Receive(Frame(kContinuation, 0, 1, "\x40\x01x\x01y")) || server.over();
  }
  EXPECT_TRUE(over || SaysGoAway(Answer()));
}

TEST_F(H2Attack, AHeadThatUnpacksToMoreThanItsLimitIsRefused) {
  // One field of 4,000 bytes goes into the table; a byte each brings it back.
  std::string bomb = kGetFields + "\x40\x01x\x7f\xa1\x1e" + std::string(4000, 'v');
  bomb += std::string(2000, '\xbe');
  (void)server.Receive(Frame(kHeaders, kEndStream | kEndHeaders, 1, bomb));
  EXPECT_NE(server.TakeFlaw(), "");
  const auto stream = server.NextMoved();
  EXPECT_TRUE(stream == nullptr || H2Pair::ReadAll(*stream).empty());
}

TEST_F(H2Attack, TooManyStreamsAreRefusedAndTheOthersGoOn) {
  std::string requests;
  for (std::uint32_t i = 0; i < limits::h2_streams_max + 10; ++i) {
    requests += Frame(kHeaders, kEndStream | kEndHeaders, 2 * i + 1, kGetFields);
  }
  // The limit holds once the peer has acknowledged it.
  (void)Answer();
  (void)server.Receive(Frame(kSettings, 1, 0, ""));
  (void)server.Receive(requests);
  EXPECT_LE(server.streams(), limits::h2_streams_max);
  EXPECT_GE(server.streams(), limits::h2_streams_max - 1);
}

TEST_F(H2Attack, PingsThatNobodyReadsTheAnswersOfStopTheReading) {
  const std::string ping = Frame(kPing, 0, 0, "12345678");
  bool stopped = false;
  for (std::size_t i = 0; i < 2 * limits::h2_acks_max && !stopped; ++i) {
    stopped = !server.Receive(ping) || server.congested() || server.over();
  }
  EXPECT_TRUE(stopped);
}

TEST_F(H2Attack, MoreDataThanTheWindowIsRefused) {
  std::string fields = kGetFields;
  fields[0] = '\x83';  // POST
  (void)server.Receive(Frame(kHeaders, kEndHeaders, 1, fields));
  const std::string data = Frame(kData, 0, 1, std::string(16'000, 'd'));
  for (std::size_t sent = 0; sent < 2 * limits::h2_client_window; sent += 16'000) {
    (void)server.Receive(data);
  }
  const std::string answer = Answer();
  EXPECT_TRUE(Says(kReset, answer) || Says(kGoAway, answer));
}

TEST_F(H2Attack, AFieldThatHttpDoesNotAllowIsRefusedAndNotDropped) {
  const std::string bad = kGetFields + std::string(
                                           "\x40\x01x\x03"
                                           "a\0b",
                                           7);
  (void)server.Receive(Frame(kHeaders, kEndStream | kEndHeaders, 1, bad));
  EXPECT_NE(server.TakeFlaw(), "");
  const auto stream = server.NextMoved();
  EXPECT_TRUE(stream == nullptr || H2Pair::ReadAll(*stream).empty());
}

// HPACK: CONNECT with :protocol.
std::string ExtendedConnect(const std::string& protocol) {
  return "\x02\x07"
         "CONNECT"
         "\x40\x09:protocol" +
         std::string(1, static_cast<char>(protocol.size())) + protocol +
         "\x87\x84\x01\x01"
         "a";
}

TEST_F(H2Attack, AnExtendedConnectForAnotherProtocolIsNoOrdinaryRequest) {
  (void)server.Receive(Frame(kHeaders, kEndHeaders, 1, ExtendedConnect("connect-udp")));
  const auto stream = server.NextMoved();
  EXPECT_TRUE(stream == nullptr || H2Pair::ReadAll(*stream).empty());
}

TEST_F(H2Attack, ASuccessThatIsNoSwitchOfProtocolsOpensNoTunnel) {
  (void)server.Receive(Frame(kHeaders, kEndHeaders, 1, ExtendedConnect("websocket")));
  const auto stream = server.NextMoved();
  ASSERT_TRUE(stream);
  EXPECT_THAT(H2Pair::ReadAll(*stream), HasSubstr("Upgrade: websocket"));
  EXPECT_TRUE(stream->Write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_THAT(Answer(), HasSubstr("H\x82l\x02")) << ":status 502 in HPACK";
}

TEST_F(H2Attack, WhatIsNoHttp2IsAFailure) {
  H2Session fresh{H2Session::Role::kServer, H2Session::Scheme::kHttps, {}};
  EXPECT_FALSE(fresh.Receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_TRUE(fresh.over());
  EXPECT_NE(fresh.TakeFlaw(), "");
}

TEST(H2Session, OpensNoMoreThanTheOtherSideAllows) {
  H2Pair pair;
  std::vector<std::shared_ptr<H2Stream>> streams;
  while (pair.client.MayOpen()) {
    streams.push_back(pair.Ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    ASSERT_LE(streams.size(), limits::h2_streams_max);
  }
  EXPECT_EQ(streams.size(), limits::h2_streams_max);
}

TEST(H2Session, AfterGoAwayNothingNewIsOpenedAndWhatIsThereGoesOn) {
  H2Pair pair;
  const auto stream = pair.Ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  pair.server.Shutdown();
  pair.Exchange();
  EXPECT_FALSE(pair.client.MayOpen());
  EXPECT_TRUE(pair.requests.at(0)->Write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  pair.Exchange();
  EXPECT_THAT(H2Pair::ReadAll(*stream), testing::EndsWith("ok"));
  EXPECT_TRUE(pair.server.over());
}

TEST(H2Session, WhenTheConnectionIsGoneEveryStreamHearsOfIt) {
  H2Pair pair;
  const auto asked = pair.Ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto waiting = pair.client.Open();
  pair.client.Abort();
  EXPECT_EQ(asked->state(), H2Stream::State::kBroken);
  EXPECT_EQ(waiting->state(), H2Stream::State::kBroken);
  EXPECT_EQ(waiting->Write("GET / HTTP/1.1\r\n\r\n"), std::nullopt);
  EXPECT_FALSE(pair.client.MayOpen());
  int told = 0;
  while (pair.client.NextMoved()) ++told;
  EXPECT_EQ(told, 2);
}

}  // namespace
}  // namespace aileron::http
