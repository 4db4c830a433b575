#include "proxy/client_hello.h"

#include <gtest/gtest.h>

namespace aileron::proxy {
namespace {

using Outcome = ClientHello::Outcome;

std::string Sized(int width, std::string_view bytes) {
  std::string out;
  for (int i = width - 1; i >= 0; --i) out += static_cast<char>(bytes.size() >> (8 * i));
  return out.append(bytes);
}
std::string Extension(int type, std::string_view data) {
  return std::string{static_cast<char>(type >> 8), static_cast<char>(type)} + Sized(2, data);
}
std::string Name(std::string_view name) {
  return Extension(0, Sized(2, std::string(1, '\0') + Sized(2, name)));
}
std::string Message(std::string_view extensions) {
  const std::string body = "\3\3" + std::string(32, 'r') + Sized(1, "session") +
                           Sized(2, "\x13\1") + Sized(1, std::string(1, '\0')) +
                           Sized(2, extensions);
  return "\1" + Sized(3, body);
}
std::string Record(std::string_view fragment) { return "\x16\3\1" + Sized(2, fragment); }

TEST(ClientHello, TheNameIsReadAmongOtherExtensions) {
  const auto hello = ReadClientHello(Record(Message(Extension(43, "\2\3\4") + Name("Site.Test") +
                                                    Extension(0xfe0d, "an encrypted hello"))));
  EXPECT_EQ(hello.outcome, Outcome::kHello);
  EXPECT_EQ(hello.name, "site.test");
  EXPECT_EQ(ReadClientHello(Record(Message(Extension(43, "")))).outcome, Outcome::kHello);
  EXPECT_EQ(ReadClientHello(Record(Message(Extension(43, "")))).name, "");
}

TEST(ClientHello, EveryCutNeedsMore) {
  const std::string whole = Record(Message(Name("site.test")));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(ReadClientHello(whole.substr(0, size)).outcome, Outcome::kNeedMore) << size;
  }
}

TEST(ClientHello, WhatStandsBehindTheMessageIsMalformedBeforeItHasCome) {
  const std::string whole = Record(Message(Name("site.test")) + "more");
  for (std::size_t size = whole.size() - 4; size <= whole.size(); ++size) {
    EXPECT_EQ(ReadClientHello(std::string_view(whole).substr(0, size)).outcome,
              Outcome::kMalformed);
  }
}

TEST(ClientHello, FragmentsAreJoined) {
  const std::string message = Message(Name("site.test"));
  for (std::size_t cut = 1; cut < message.size(); ++cut) {
    const auto hello =
        ReadClientHello(Record(message.substr(0, cut)) + Record(message.substr(cut)));
    EXPECT_EQ(hello.outcome, Outcome::kHello) << cut;
    EXPECT_EQ(hello.name, "site.test");
  }
}

TEST(ClientHello, AnotherProtocolIsToldByItsFirstBytes) {
  for (const char* text : {"GET / HTTP/1.1", "SSH-2.0", "\x16\2", "P"}) {
    EXPECT_EQ(ReadClientHello(text).outcome, Outcome::kNotTls) << text;
  }
}

TEST(ClientHello, WhatTwoReadersCouldReadDifferentlyIsMalformed) {
  const auto malformed = [](const std::string& bytes) {
    return ReadClientHello(bytes).outcome == Outcome::kMalformed;
  };
  EXPECT_TRUE(malformed(Record(Message(Name("a.test") + Name("b.test")))));
  const std::string two =
      std::string(1, '\0') + Sized(2, "a.test") + std::string(1, '\0') + Sized(2, "b.test");
  EXPECT_TRUE(malformed(Record(Message(Extension(0, Sized(2, two))))));
  EXPECT_TRUE(malformed(Record(Message(Name("")))));
  EXPECT_TRUE(malformed(Record(Message("\1"))));
  EXPECT_TRUE(malformed(Record("\2" + Sized(3, "server"))));
  EXPECT_TRUE(malformed(Record(Message(Name("a.test")) + "x")));
  EXPECT_TRUE(malformed(Record("")));
  EXPECT_TRUE(malformed("\x16\3\1\xff\xff"));
  EXPECT_TRUE(malformed(Record(std::string("\1\xff\xff\xff", 4))));
  EXPECT_TRUE(malformed(Record(Message(Name("a.test")).substr(0, 20)) + "\x15\3\3"));
}

}  // namespace
}  // namespace aileron::proxy
