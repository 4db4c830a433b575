#include "mediation/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "command/limits.h"
#include "mediation/limits.h"

namespace aileron::mediation {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

command::Execution Push() {
  return {.executable = "/usr/bin/git",
          .asked = "/usr/bin/git",
          .argv = {"git", "push", "\xff"},
          .cwd = "/work",
          .input = command::Stdin::kTerminal,
          .parents = {{.path = "/bin/sh"}, {.path = "/usr/bin/node"}}};
}

TEST(Messages, OfTheDaemonComeBackAsTheyWereSent) {
  Start start{.rules = {{.layer = command::Layer::kUser,
                         .action = command::Action::kRedirect,
                         .pattern = "git push",
                         .by = "gh",
                         .redirect = {"git", "push", "--dry-run", "**"},
                         .reason = "why",
                         .id = "r1",
                         .source = "aileron.yaml:1:2"}},
              .otherwise = command::Action::kAsk,
              .trust = Trust::kNames,
              .programs = {"gh", "/usr/bin/make all"}};
  const auto sent = DecodeFromDaemon(Encode(FromDaemon(start)));
  ASSERT_TRUE(sent);
  const auto& got = std::get<Start>(*sent);
  ASSERT_THAT(got.rules, SizeIs(1));
  EXPECT_EQ(got.rules[0].pattern, "git push");
  EXPECT_EQ(got.rules[0].action, command::Action::kRedirect);
  EXPECT_THAT(got.rules[0].redirect, ElementsAre("git", "push", "--dry-run", "**"));
  EXPECT_EQ(got.rules[0].source, "aileron.yaml:1:2");
  EXPECT_EQ(got.otherwise, command::Action::kAsk);
  EXPECT_EQ(got.trust, Trust::kNames);
  EXPECT_THAT(got.programs, ElementsAre("gh", "/usr/bin/make all"));

  const auto answer = DecodeFromDaemon(Encode(FromDaemon(Answer{7, Said::kPending, "text"})));
  ASSERT_TRUE(answer);
  EXPECT_EQ(std::get<Answer>(*answer).number, 7u);
  EXPECT_EQ(std::get<Answer>(*answer).said, Said::kPending);
  EXPECT_EQ(std::get<Answer>(*answer).text, "text");

  const auto find = DecodeFromDaemon(
      Encode(FromDaemon(Find{8, {"127.0.0.1", 4000}, {"fd00::1", 443}, {"gh", "/x/make **"}})));
  ASSERT_TRUE(find);
  EXPECT_EQ(std::get<Find>(*find).number, 8u);
  EXPECT_EQ(std::get<Find>(*find).client.port, 4000);
  EXPECT_EQ(std::get<Find>(*find).server.address, "fd00::1");
  EXPECT_THAT(std::get<Find>(*find).programs, ElementsAre("gh", "/x/make **"));
}

TEST(Messages, WhoHoldsAConnectionIsBounded) {
  const command::Share share{.all = true, .any = false};
  const auto found = DecodeFromMediator(
      Encode(FromMediator(Found{9, std::string(limits::kToldPath + 1, 'x'), {share, {}}})));
  ASSERT_TRUE(found);
  EXPECT_EQ(std::get<Found>(*found).who.size(), limits::kToldPath);
  EXPECT_THAT(std::get<Found>(*found).shares, ElementsAre(share, command::Share{}));
  const std::vector<std::string> many(command::limits::kPrograms + 1, "gh");
  EXPECT_FALSE(DecodeFromDaemon(Encode(FromDaemon(Find{1, {}, {}, many}))));
  const std::vector<std::string> wide = {std::string(command::limits::kByMax + 1, 'x')};
  EXPECT_FALSE(DecodeFromDaemon(Encode(FromDaemon(Find{1, {}, {}, wide}))));
}

TEST(Messages, OfTheMediatorComeBackAsTheyWereSent) {
  const Told told = Tell(Push(), "git push");
  const auto ask = DecodeFromMediator(Encode(FromMediator(Ask{3, told, "r1", "why"})));
  ASSERT_TRUE(ask);
  EXPECT_EQ(std::get<Ask>(*ask).told, told);
  EXPECT_EQ(std::get<Ask>(*ask).reason, "why");
  Records records{{{5, told, "deny", "r1", "command_denied", "d"}}};
  const auto kept = DecodeFromMediator(Encode(FromMediator(records)));
  ASSERT_TRUE(kept);
  EXPECT_EQ(std::get<Records>(*kept).records[0].code, "command_denied");
  EXPECT_EQ(std::get<Records>(*kept).records[0].told, told);
}

TEST(Messages, WhatIsToldIsCutAndSaysSo) {
  command::Execution long_one = Push();
  long_one.argv.assign(100'000, "word");
  const Told many = Tell(long_one, "");
  EXPECT_TRUE(many.cut);
  EXPECT_THAT(many.words, SizeIs(limits::kToldWords));
  long_one.argv = {"echo", std::string(1 << 20, 'a'), "rest"};
  const Told large = Tell(long_one, std::string(1 << 20, 'b'));
  EXPECT_TRUE(large.cut);
  EXPECT_LE(large.words[1].size(), limits::kToldBytes);
  EXPECT_TRUE(DecodeFromMediator(Encode(FromMediator(Ask{1, large, "", ""}))));
  EXPECT_FALSE(Tell(Push(), "").cut);
}

// A mediator may be taken over.
TEST(Messages, OfAHostileMediatorAreRefused) {
  EXPECT_FALSE(DecodeFromMediator(""));
  EXPECT_FALSE(DecodeFromMediator("\xff"));
  EXPECT_FALSE(DecodeFromMediator(Encode(FromDaemon(Stop{}))));
  const std::string ask = Encode(FromMediator(Ask{3, Tell(Push(), ""), "", ""}));
  for (std::size_t cut = 0; cut < ask.size(); ++cut) {
    EXPECT_FALSE(DecodeFromMediator(ask.substr(0, cut))) << cut;
  }
  EXPECT_FALSE(DecodeFromMediator(ask + "x"));
  Told wide;
  wide.words.assign(limits::kToldWords + 1, "a");
  EXPECT_FALSE(DecodeFromMediator(Encode(FromMediator(Ask{1, wide, "", ""}))));
  EXPECT_FALSE(DecodeFromMediator(Encode(FromMediator(Records{{{0, {}, "approve", "", "", ""}}}))));
}

}  // namespace
}  // namespace aileron::mediation
