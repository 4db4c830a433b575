#include "policy/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace aileron::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Network Make(Profile profile, std::vector<Rule> rules) {
  auto network = Network::Compile(profile, rules);
  AILERON_CHECK(network.has_value());
  return std::move(*network);
}
Rule Allow(std::string_view text) { return ParseFlagRule(Action::kAllow, text).value(); }
Rule Deny(std::string_view text) { return ParseFlagRule(Action::kDeny, text).value(); }
Rule Ask(std::string_view text) { return ParseFlagRule(Action::kAsk, text).value(); }

TEST(NetworkTest, DenyBeatsAskBeatsAllowInEveryOrder) {
  std::vector<Rule> rules = {Allow("a.example"), Ask("*.example"), Deny("a.example")};
  std::sort(rules.begin(), rules.end(), [](auto& a, auto& b) { return a.id < b.id; });
  do {
    EXPECT_EQ(Decide(Make(Profile::kOpen, rules), {"a.example", 443}).action, Action::kDeny);
  } while (std::next_permutation(rules.begin(), rules.end(),
                                 [](auto& a, auto& b) { return a.id < b.id; }));
  EXPECT_EQ(
      Decide(Make(Profile::kOpen, {Allow("a.example"), Ask("*.example")}), {"a.example"}).action,
      Action::kAsk);
  EXPECT_EQ(Decide(Make(Profile::kLocked, {Allow("a.example")}), {"a.example"}).action,
            Action::kAllow);
  // A wildcard that denies beats the exact name that allows, and the layer does not matter.
  auto user = Allow("b.example");
  user.layer = Layer::kUser;
  EXPECT_EQ(Decide(Make(Profile::kGuarded, {user, Deny("*.example")}), {"b.example"}).action,
            Action::kDeny);
  EXPECT_EQ(Decide(Make(Profile::kGuarded, {Deny("github.com")}), {"github.com"}).action,
            Action::kDeny);
}

TEST(NetworkTest, WildcardsMatchWholeLabelsBelowAndNotTheNameItself) {
  const Network network = Make(Profile::kLocked, {Allow("*.x.example")});
  EXPECT_EQ(Decide(network, {"a.x.example"}).action, Action::kAllow);
  EXPECT_EQ(Decide(network, {"a.b.x.example"}).action, Action::kAllow);
  EXPECT_EQ(Decide(network, {"A.X.Example."}).action, Action::kAllow);
  EXPECT_EQ(Decide(network, {"x.example"}).action, Action::kDeny);
  EXPECT_EQ(Decide(network, {"ax.example"}).action, Action::kDeny);
  EXPECT_EQ(Decide(network, {"x.example.evil.example"}).action, Action::kDeny);
}

TEST(NetworkTest, AnAllowRuleWithoutAPortMeansTheWebPorts) {
  const Network network = Make(Profile::kGuarded, {Allow("a.example"), Allow("b.example:8443")});
  EXPECT_EQ(Decide(network, {"a.example", 80}).action, Action::kAllow);
  EXPECT_EQ(Decide(network, {"a.example", 443}).action, Action::kAllow);
  const Verdict other = Decide(network, {"a.example", 22});
  EXPECT_EQ(other.action, Action::kAsk);
  EXPECT_EQ(other.code, kCodePortNotAllowed);
  EXPECT_EQ(other.hint, "run with --allow a.example:22");
  EXPECT_EQ(Decide(network, {"b.example", 8443}).action, Action::kAllow);
  EXPECT_EQ(Decide(network, {"b.example", 443}).code, kCodePortNotAllowed);
  EXPECT_THAT(network.extra_ports(), ElementsAre(8443));
  // A deny rule without a port is about the whole host.
  EXPECT_EQ(Decide(Make(Profile::kOpen, {Deny("a.example")}), {"a.example", 22}).action,
            Action::kDeny);
  EXPECT_EQ(Decide(Make(Profile::kOpen, {Deny("a.example:22")}), {"a.example", 443}).action,
            Action::kAllow);
}

TEST(NetworkTest, EachProfileHasItsDefault) {
  const Verdict open = Decide(Make(Profile::kOpen, {}), {"any.example", 8080});
  EXPECT_EQ(open.action, Action::kAllow);
  EXPECT_EQ(open.rule, "profile open");
  const Verdict guarded = Decide(Make(Profile::kGuarded, {}), {"any.example"});
  EXPECT_EQ(guarded.action, Action::kAsk);
  EXPECT_EQ(guarded.code, kCodeHostNotAllowed);
  EXPECT_EQ(guarded.hint, "run with --allow any.example");
  EXPECT_THAT(guarded.reason, HasSubstr("any.example"));
  EXPECT_EQ(Decide(Make(Profile::kLocked, {}), {"github.com"}).action, Action::kDeny);
  for (const char* host :
       {"registry.npmjs.org", "pypi.org", "static.crates.io", "proxy.golang.org", "rubygems.org",
        "repo1.maven.org", "deb.debian.org", "github.com", "raw.githubusercontent.com",
        "gitlab.com", "bitbucket.org", "codeberg.org", "api.anthropic.com", "api.openai.com",
        "generativelanguage.googleapis.com", "api.mistral.ai", "dl-cdn.alpinelinux.org",
        "archive.ubuntu.com"}) {
    const Verdict verdict = Decide(Make(Profile::kGuarded, {}), {host});
    EXPECT_EQ(verdict.action, Action::kAllow) << host;
    EXPECT_EQ(verdict.address_rule, AddressRule::kPublicOnly) << host;
  }
}

TEST(NetworkTest, OnlyARuleThatNamesAHostLetsPrivateAddressesThrough) {
  EXPECT_EQ(Decide(Make(Profile::kGuarded, {Allow("in.example")}), {"in.example"}).address_rule,
            AddressRule::kAny);
  EXPECT_EQ(Decide(Make(Profile::kGuarded, {Allow("*.example")}), {"in.example"}).address_rule,
            AddressRule::kPublicOnly);
  // Named on one port, reached on another.
  EXPECT_EQ(
      Decide(Make(Profile::kOpen, {Allow("in.example:8443")}), {"in.example", 8443}).address_rule,
      AddressRule::kAny);
  EXPECT_EQ(Decide(Make(Profile::kOpen, {Allow("in.example:8443")}), {"in.example", 443}).code,
            kCodePortNotAllowed);
  EXPECT_EQ(Decide(Make(Profile::kOpen, {}), {"10.0.0.1"}).code, kCodeAddressDenied);
  EXPECT_EQ(Decide(Make(Profile::kOpen, {}), {"::ffff:127.0.0.1"}).code, kCodeAddressDenied);
  EXPECT_EQ(Decide(Make(Profile::kOpen, {}), {"8.8.8.8"}).action, Action::kAllow);
  EXPECT_EQ(Decide(Make(Profile::kOpen, {Allow("10.0.0.1")}), {"10.0.0.1"}).address_rule,
            AddressRule::kAny);
  EXPECT_EQ(Decide(Make(Profile::kLocked, {Allow("10.0.0.0/8")}), {"10.9.9.9"}).address_rule,
            AddressRule::kAny);
  EXPECT_EQ(Decide(Make(Profile::kLocked, {Allow("10.0.0.0/8")}), {"11.0.0.1"}).action,
            Action::kDeny);
  // A range never opens the metadata service; its own line does.
  EXPECT_EQ(Decide(Make(Profile::kOpen, {Allow("169.254.0.0/16")}), {"169.254.169.254"}).code,
            kCodeAddressDenied);
  EXPECT_EQ(Decide(Make(Profile::kOpen, {Allow("169.254.169.254")}), {"169.254.169.254"}).action,
            Action::kAllow);
}

TEST(NetworkTest, WhatIsNoHostIsRefused) {
  const Network network = Make(Profile::kOpen, {});
  for (const char* host : {"", ".", "a b", "a..b", "0x7f.1", "2130706433", "127.1", "*.a", "a/b",
                           "-a", "a\nb", "user@a", "[::1"}) {
    EXPECT_EQ(Decide(network, {host}).code, kCodeHostInvalid) << host;
  }
}

TEST(NetworkTest, NamesExistUnlessARuleDeniesThem) {
  const Network network = Make(Profile::kGuarded, {Deny("*.bad.example"), Deny("a.example:22")});
  EXPECT_EQ(DecideName(network, "x.bad.example").action, Action::kDeny);
  EXPECT_EQ(DecideName(network, "nobody.example").action, Action::kAllow);
  EXPECT_EQ(DecideName(network, "a.example").action, Action::kAllow);
  EXPECT_EQ(DecideName(network, "8.8.8.8").action, Action::kDeny);
}

TEST(NetworkTest, FlagsThatAreNoHostsAreExplained) {
  EXPECT_THAT(ParseFlagRule(Action::kAllow, "https://a.example/x").error().message,
              HasSubstr("leave out the scheme"));
  for (const char* text : {"", "*", "a.example:0", "a.example:99999", "10.0.0.1/8", "a b"}) {
    EXPECT_FALSE(ParseFlagRule(Action::kAllow, text).has_value()) << text;
  }
  EXPECT_EQ(Allow("Example.COM:8443").pattern, "example.com");
  EXPECT_EQ(Allow("[2001:db8::1]:8443").port, 8443);
}

TEST(NetworkTest, TenThousandRulesCostNoMoreThanTen) {
  std::vector<Rule> rules;
  for (int i = 0; i < 10'000; ++i) rules.push_back(Allow(fmt::format("*.h{}.example", i)));
  const Network network = Make(Profile::kGuarded, rules);
  EXPECT_EQ(Decide(network, {"a.h9999.example"}).action, Action::kAllow);
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 10'000; ++i) (void)Decide(network, {"a.h5000.example"});
  const auto took = std::chrono::steady_clock::now() - began;
  // Under a microsecond each where nothing instruments the code; generous here.
  EXPECT_LT(took, std::chrono::milliseconds(500));
  EXPECT_FALSE(Network::Compile(Profile::kOpen, std::vector<Rule>(20'001, rules[0])).has_value());
}

TEST(NetworkTest, ResolvedAddressesAreCheckedAgainstTheVerdict) {
  const auto inside = *Address::Parse("10.0.0.1");
  EXPECT_TRUE(CheckAddress(*Address::Parse("1.1.1.1"), AddressRule::kPublicOnly, "a").has_value());
  EXPECT_THAT(CheckAddress(inside, AddressRule::kPublicOnly, "a.example").error().message,
              HasSubstr("a.example leads to 10.0.0.1, a private address"));
  EXPECT_TRUE(CheckAddress(inside, AddressRule::kAny, "a").has_value());
}

TEST(NetworkTest, NamesOfPrivatePlacesAreToldByTheirForm) {
  for (const char* name : {"localhost", "a.localhost", "printer", "printer.local", "a.home.arpa",
                           "metadata.google.internal"}) {
    EXPECT_FALSE(CheckUnresolved(name, AddressRule::kPublicOnly)) << name;
    EXPECT_TRUE(CheckUnresolved(name, AddressRule::kAny)) << name;
  }
  for (const char* name : {"example.com", "local.example.com", "notlocal.net", "xlocal.org"}) {
    EXPECT_TRUE(CheckUnresolved(name, AddressRule::kPublicOnly)) << name;
  }
}

}  // namespace
}  // namespace aileron::policy
