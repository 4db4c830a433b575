#include "service/service.h"

#include <gtest/gtest.h>

#include "service/limits.h"

namespace aileron::service {
namespace {

Spec GoodSpec() {
  return {.name = "web",
          .command = {"npm", "run", ""},
          .environment = {"A=b", "PATH=/bin"},
          .folder = "/w",
          .ports = {3000, 3001},
          .restart = Restart::kAlways,
          .health = {.port = 3000, .command = ""}};
}

Result<Spec> Passed(const Spec& spec) {
  WireWriter out;
  Put(out, spec);
  WireReader in(out.bytes());
  return TakeSpec(in);
}

Result<std::vector<Report>> Passed(const std::vector<Report>& reports) {
  WireWriter out;
  Put(out, reports);
  WireReader in(out.bytes());
  return TakeReports(in);
}

TEST(Service, ANameIsPlain) {
  for (const char* name : {"web", "a", "0a", "db-1", "x_y.z", "abcdefghijklmnopqrstuvwxyz012345"})
    EXPECT_TRUE(IsName(name)) << name;
  for (const char* name : {"", "-a", ".a", "_a", "Web", "a b", "a/b", "3000", "a\n", "ä", "a\x1b",
                           "abcdefghijklmnopqrstuvwxyz0123456"})
    EXPECT_FALSE(IsName(name)) << name;
  EXPECT_TRUE(CheckName("x\x1b[2J").error().message.contains("\\x1b"));
}

TEST(Service, ASpecArrivesAsItWasSent) {
  const auto spec = Passed(GoodSpec());
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->name, "web");
  EXPECT_EQ(spec->command, (std::vector<std::string>{"npm", "run", ""}));
  EXPECT_EQ(spec->environment.size(), 2u);
  EXPECT_EQ(spec->folder, "/w");
  EXPECT_EQ(spec->ports, (std::vector<std::uint16_t>{3000, 3001}));
  EXPECT_EQ(spec->restart, Restart::kAlways);
  EXPECT_EQ(spec->health.port, 3000);
}

TEST(Service, ASpecThatMakesNoSenseIsRefused) {
  const auto refused = [](auto change) {
    Spec spec = GoodSpec();
    change(spec);
    return !CheckSpec(spec) && !Passed(spec);
  };
  EXPECT_TRUE(refused([](Spec& spec) { spec.name = "a b"; }));
  EXPECT_TRUE(refused([](Spec& spec) { spec.command.clear(); }));
  EXPECT_TRUE(refused([](Spec& spec) { spec.command[0].clear(); }));
  EXPECT_TRUE(refused([](Spec& spec) { spec.command[1] = std::string("a\0b", 3); }));
  EXPECT_TRUE(refused([](Spec& spec) { spec.environment[0] = std::string("A=\0", 3); }));
  EXPECT_TRUE(refused([](Spec& spec) { spec.folder = "w"; }));
  EXPECT_TRUE(refused([](Spec& spec) { spec.folder = std::string("/\0", 2); }));
  EXPECT_TRUE(refused([](Spec& spec) { spec.ports.assign(limits::kPorts + 1, 80); }));
  EXPECT_TRUE(refused([](Spec& spec) { spec.health.command = "true"; }));
  EXPECT_TRUE(refused([](Spec& spec) {
    spec.health = {.port = 0, .command = std::string(limits::kHealthMax + 1, 'x')};
  }));
  Spec zero = GoodSpec();
  zero.ports = {0};
  EXPECT_FALSE(Passed(zero));
}

TEST(Service, EveryCutOfASpecIsRefused) {
  WireWriter out;
  Put(out, GoodSpec());
  for (std::size_t size = 0; size < out.bytes().size(); ++size) {
    WireReader in(std::string_view(out.bytes()).substr(0, size));
    EXPECT_FALSE(TakeSpec(in)) << size;
  }
  const std::string longer = out.bytes() + "x";
  WireReader in(longer);
  EXPECT_FALSE(TakeSpec(in));
}

TEST(Service, ReportsArriveAsTheyWereSent) {
  const std::vector<Report> reports = {
      {.name = "web",
       .state = State::kWaiting,
       .condition = Condition::kUnhealthy,
       .restarts = 3,
       .exit_code = 255,
       .ports = {{.number = 80, .address = "127.0.0.1:80", .refusal = ""},
                 {.number = 81, .address = "", .refusal = "no"}}},
      {.name = "db",
       .state = State::kRunning,
       .condition = Condition::kNone,
       .restarts = 0,
       .exit_code = std::nullopt,
       .ports = {}}};
  const auto passed = Passed(reports);
  ASSERT_TRUE(passed) << passed.error().message;
  EXPECT_EQ(*passed, reports);
}

TEST(Service, ReportsThatAStrangerMadeUpAreRefused) {
  const auto refused = [](Report report) { return !Passed({std::move(report)}); };
  EXPECT_FALSE(refused({.name = "web"}));
  EXPECT_TRUE(refused({.name = "a\x1b[2J"}));
  EXPECT_TRUE(refused({.name = "web", .state = static_cast<State>(6)}));
  EXPECT_TRUE(refused({.name = "web", .condition = static_cast<Condition>(4)}));
  EXPECT_TRUE(refused({.name = "web", .ports = {{.number = 0}}}));
  EXPECT_TRUE(refused({.name = "web", .ports = {{.number = 1, .address = "\x1b"}}}));
  EXPECT_TRUE(refused({.name = "web", .ports = {{.number = 1, .refusal = "a\nb"}}}));
  EXPECT_TRUE(refused({.name = "web", .ports = {limits::kPorts + 1, Port{.number = 1}}}));
  EXPECT_FALSE(Passed({{.name = "web"}, {.name = "web"}}));
  std::vector<Report> many;
  for (std::size_t i = 0; i <= limits::kServices; ++i)
    many.push_back({.name = fmt::format("s{}", i)});
  EXPECT_FALSE(Passed(many));
  many.pop_back();
  EXPECT_TRUE(Passed(many));
}

TEST(Service, EveryNameOfAStateReadsBack) {
  for (int i = 0; i < 6; ++i) {
    const auto state = static_cast<State>(i);
    EXPECT_EQ(ParseState(NameOf(state)), state);
  }
  EXPECT_EQ(ParseCondition(""), Condition::kNone);
  EXPECT_EQ(ParseCondition("healthy"), Condition::kHealthy);
  EXPECT_EQ(ParseRestart("on-failure"), Restart::kOnFailure);
  EXPECT_FALSE(ParseState("dead"));
  EXPECT_FALSE(ParseRestart(""));
}

}  // namespace
}  // namespace aileron::service
