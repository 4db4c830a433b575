#include "modes/connector_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "modes/terminal.h"

namespace aileron::modes {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Json Connector() {
  return {{"fqn", "example.com/a"},
          {"version", "2"},
          {"tools", {"issues", "git"}},
          {"overrides", {"git"}},
          {"operations", 3},
          {"asking", 1},
          {"hosts", {"api.example.com", "files.example.com"}},
          {"credentials", {"token/a"}},
          {"signed_by", {{"key", "E773"}, {"name", "alice"}, {"comment", "release 2"}}},
          {"replaces", nullptr},
          {"confirm", ""}};
}

TEST(ConnectorText, ItNamesAllThatIsReached) {
  const std::string text = ReachText(Connector(), 0);
  EXPECT_THAT(text, HasSubstr("example.com/a 2\n"));
  EXPECT_THAT(text, HasSubstr("signed by    alice (E773): release 2\n"));
  EXPECT_THAT(text, HasSubstr("issues, git (in place of the sandbox's own command)\n"));
  EXPECT_THAT(text, HasSubstr("3, of which 1 ask a person first\n"));
  EXPECT_THAT(text, HasSubstr("api.example.com, files.example.com\n"));
  EXPECT_THAT(text, HasSubstr("credentials  token/a\n"));
  EXPECT_THAT(text, Not(HasSubstr("replaces")));
}

TEST(ConnectorText, EveryHostIsNamedHoweverManyAndNarrow) {
  Json connector = Connector();
  connector["hosts"] = Json::array();
  for (int i = 0; i < 300; ++i) connector["hosts"].push_back(fmt::format("h{}.example.com", i));
  const std::string text = ReachText(connector, 60);
  for (int i = 0; i < 300; ++i) EXPECT_THAT(text, HasSubstr(fmt::format("h{}.example.com", i)));
  for (const std::string_view line : Split(text, '\n')) EXPECT_LE(Columns(line), 60u) << line;
}

TEST(ConnectorText, WhatIsReplacedIsToldWithItsSigner) {
  Json connector = Connector();
  connector["signed_by"] = nullptr;
  connector["replaces"] = {{"version", "1"}, {"signed_by", {{"key", "E773"}, {"name", nullptr}}}};
  const std::string text = ReachText(connector, 0);
  EXPECT_THAT(text, HasSubstr("signed by    nobody\n"));
  EXPECT_THAT(text,
              HasSubstr("replaces     1, signed by E773, which is no longer in the keyring\n"));
}

TEST(ConnectorText, OfAFileAloneNothingIsSaidOfSignatures) {
  Json connector = Connector();
  connector.erase("signed_by");
  EXPECT_THAT(ReachText(connector, 0), Not(HasSubstr("signed")));
}

TEST(ConnectorText, OnlyReasonsAreAskedAbout) {
  Json other = Connector();
  other["fqn"] = "example.com/b";
  other["confirm"] = "nobody has signed it";
  EXPECT_EQ(ReasonsText(Json::array({Connector()})), "");
  EXPECT_EQ(ReasonsText(Json::array({Connector(), other})),
            "example.com/b: nobody has signed it.\n");
}

TEST(ConnectorText, ASignersWordsDoNotControlATerminal) {
  Json connector = Connector();
  connector["signed_by"]["comment"] = "one\ttwo\nfqn: example.com/evil\x1b[2J\xe2\x80\xae";
  for (const std::string& text : {ReachText(connector, 0), SignedComment(connector)}) {
    EXPECT_THAT(text, HasSubstr("one two"));
    EXPECT_FALSE(text.contains('\x1b'));
    EXPECT_FALSE(text.contains("\nfqn"));
    EXPECT_FALSE(text.contains("\xe2\x80\xae"));
  }
  EXPECT_EQ(SignedComment(Json{{"signed_by", nullptr}}), "# not signed\n");
}

}  // namespace
}  // namespace aileron::modes
