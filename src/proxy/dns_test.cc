#include "proxy/dns.h"

#include <gtest/gtest.h>

namespace aileron::proxy {
namespace {

std::string Query(std::string_view name, int type, int questions = 1) {
  std::string packet("\x12\x34\x01\x00\x00", 5);
  packet += static_cast<char>(questions);
  packet += std::string(6, '\0');
  while (!name.empty()) {
    const auto label = name.substr(0, name.find('.'));
    packet += static_cast<char>(label.size());
    packet += label;
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  packet += '\0';
  packet += static_cast<char>(type >> 8);
  packet += static_cast<char>(type);
  packet += std::string("\0\1", 2);
  return packet;
}
int CodeOf(const std::string& reply) { return reply[3] & 0xf; }
int AnswersOf(const std::string& reply) { return reply[7]; }

TEST(Dns, AnAddressQuestionGetsTheNamesAddress) {
  SyntheticNames names;
  const auto parsed = ParseDnsQuery(Query("GitHub.com", 1));
  ASSERT_TRUE(parsed.question);
  EXPECT_EQ(parsed.question->name, "github.com");
  const auto addresses = names.AddressesOf(parsed.question->name);
  const std::string reply = DnsReply(*parsed.question, DnsCode::kNoError, &*addresses);
  EXPECT_EQ(reply.substr(0, 2), "\x12\x34");
  EXPECT_EQ(static_cast<unsigned char>(reply[2]) & 0x80, 0x80);
  EXPECT_EQ(CodeOf(reply), 0);
  EXPECT_EQ(AnswersOf(reply), 1);
  const auto bytes = addresses->v4.bytes();
  EXPECT_EQ(reply.substr(reply.size() - 4), std::string(bytes.begin(), bytes.end()));
  const auto v6 = ParseDnsQuery(Query("github.com", 28));
  const std::string long_reply = DnsReply(*v6.question, DnsCode::kNoError, &*addresses);
  EXPECT_EQ(long_reply[long_reply.size() - 17], 16);
}

TEST(Dns, OtherTypesGetAnEmptyAnswerSoThatNobodyWaits) {
  SyntheticNames names;
  const auto addresses = names.AddressesOf("a.test");
  for (const int type : {64, 65, 15, 16, 255}) {
    const auto parsed = ParseDnsQuery(Query("a.test", type));
    ASSERT_TRUE(parsed.question);
    const std::string reply = DnsReply(*parsed.question, DnsCode::kNoError, &*addresses);
    EXPECT_EQ(CodeOf(reply), 0);
    EXPECT_EQ(AnswersOf(reply), 0);
  }
}

TEST(Dns, AnEdnsRecordBehindTheQuestionIsFine) {
  std::string packet = Query("a.test", 1);
  packet[11] = 1;
  packet += std::string("\0\0\x29\x10\0\0\0\0\0\0\0", 11);
  const auto parsed = ParseDnsQuery(packet);
  ASSERT_TRUE(parsed.question);
  SyntheticNames names;
  const auto addresses = names.AddressesOf("a.test");
  const std::string reply = DnsReply(*parsed.question, DnsCode::kNoError, &*addresses);
  EXPECT_EQ(AnswersOf(reply), 1);
  EXPECT_EQ(reply[11], 1);  // and so has the answer
  EXPECT_EQ(reply.substr(reply.size() - 11), std::string("\0\0\x29\x04\xd0\0\0\0\0\0\0", 11));
  EXPECT_EQ(DnsReply(*ParseDnsQuery(Query("a.test", 1)).question, DnsCode::kNoError, nullptr)[11],
            0);
}

TEST(Dns, AnEdnsVersionOfTheFutureIsToldSo) {
  std::string packet = Query("a.test", 1);
  packet[11] = 1;
  packet += std::string("\0\0\x29\x10\0\0\1\0\0\0\0", 11);
  SyntheticNames names;
  const auto addresses = names.AddressesOf("a.test");
  const std::string reply =
      DnsReply(*ParseDnsQuery(packet).question, DnsCode::kNoError, &*addresses);
  EXPECT_EQ(AnswersOf(reply), 0);
  EXPECT_EQ(reply[reply.size() - 6], 1);  // BADVERS
}

TEST(Dns, AdditionalRecordsThatAreMalformedOrTwiceThereAreRefused) {
  const std::string opt("\0\0\x29\x10\0\0\0\0\0\0\0", 11);
  std::string packet = Query("a.test", 1);
  packet[11] = 2;
  EXPECT_EQ(CodeOf(ParseDnsQuery(packet + opt + opt).reply), 1);
  EXPECT_EQ(CodeOf(ParseDnsQuery(packet + opt).reply), 1);
  packet[11] = 1;
  for (std::size_t size = 0; size < opt.size(); ++size) {
    EXPECT_FALSE(ParseDnsQuery(packet + opt.substr(0, size)).question) << size;
  }
  std::string long_options = packet + opt;
  long_options.back() = 9;
  EXPECT_FALSE(ParseDnsQuery(long_options).question);
}

TEST(Dns, AQueryThatIsTooLongIsToldSo) {
  EXPECT_EQ(CodeOf(DnsTooLong(Query("a.test", 1))), 1);
  EXPECT_EQ(DnsTooLong("short"), "");
  std::string answer = Query("a.test", 1);
  answer[2] = static_cast<char>(0x80);
  EXPECT_EQ(DnsTooLong(answer), "");
}

TEST(Dns, MalformedQueriesGetFormerrOrNothing) {
  EXPECT_EQ(ParseDnsQuery("short").reply, "");
  std::string answer = Query("a.test", 1);
  answer[2] = static_cast<char>(0x80);
  EXPECT_EQ(ParseDnsQuery(answer).reply, "");
  EXPECT_FALSE(ParseDnsQuery(answer).question);
  for (const std::string& bad :
       {Query("a.test", 1, 2), Query("a.test", 1, 0), Query("a.test", 1).substr(0, 15)}) {
    const auto parsed = ParseDnsQuery(bad);
    EXPECT_FALSE(parsed.question);
    EXPECT_EQ(CodeOf(parsed.reply), 1);
  }
  std::string pointer = Query("", 1);
  pointer[12] = static_cast<char>(0xc0);
  EXPECT_FALSE(ParseDnsQuery(pointer).question);
  std::string update = Query("a.test", 1);
  update[2] = 0x28;
  EXPECT_EQ(CodeOf(ParseDnsQuery(update).reply), 4);
}

TEST(Dns, WhatIsNoHostNameHasNoName) {
  EXPECT_EQ(ParseDnsQuery(Query("a b.test", 1)).question->name, "");
  EXPECT_EQ(ParseDnsQuery(Query("192.0.2.1", 1)).question->name, "");
  EXPECT_EQ(ParseDnsQuery(Query("", 1)).question->name, "");
}

TEST(Dns, EveryCutOfAQueryIsSurvived) {
  const std::string whole = Query("a.long.name.test", 1);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParseDnsQuery(std::string_view(whole).substr(0, size)).question);
  }
}

}  // namespace
}  // namespace aileron::proxy
