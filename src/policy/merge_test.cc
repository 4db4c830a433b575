#include "policy/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/document_yaml.h"
#include "policy/widening.h"

namespace aileron::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Document Read(std::string_view text, Layer layer) {
  auto document =
      ParseDocument(text, layer == Layer::kUser ? "policy.yaml" : "aileron.yaml", layer);
  EXPECT_TRUE(document) << document.error().message;
  return document ? *std::move(document) : Document{};
}

Layers With(std::string_view user, std::string_view project, Trust trust = Trust::kNone) {
  return {.user = Read(user, Layer::kUser), .project = {{Read(project, Layer::kProject), trust}}};
}

std::vector<std::string> Texts(const Layers& layers) {
  std::vector<std::string> texts;
  const auto list = Widenings(layers);
  EXPECT_TRUE(list) << list.error().message;
  for (const Widening& one : *list) texts.push_back(fmt::format("{} {}", one.place.line, one.text));
  return texts;
}

constexpr std::string_view kEverything = R"(version: 1
profile: open
network:
  - {host: new.example, action: allow}
  - {host: bad.example, action: deny}
  - {host: unsure.example, action: ask}
  - {host: req.example, method: GET, action: allow}
  - {host: req.example, method: POST, action: ask}
  - {host: db.example, opaque: true, action: allow}
  - {host: api.example, credential: token/x, action: allow}
commands:
  - {command: a, action: allow}
  - {command: b, action: deny}
  - {command: c, action: redirect, redirect: [d]}
files:
  - {path: secrets, access: hidden}
  - {path: /srv/data, access: read-write}
environment: {pass: TOKEN, scrub: EDITOR}
approvals: {hold: 1m, scopes: [once, always]}
services: [{name: web, command: [serve], publish: [80]}]
)";

TEST(Merge, AProjectThatNobodyTrustedOnlyNarrows) {
  const Merged merged = Merge(With("version: 1\n", kEverything));
  EXPECT_EQ(merged.profile, Profile::kGuarded);
  ASSERT_EQ(merged.hosts.size(), 2u);
  for (const Rule& rule : merged.hosts) {
    EXPECT_NE(rule.action, Action::kAllow);
    EXPECT_EQ(rule.reach, Reach::kNarrows);
  }
  ASSERT_EQ(merged.requests.size(), 1u);
  EXPECT_EQ(merged.requests[0].action, Action::kAsk);
  EXPECT_THAT(merged.opaque, IsEmpty());
  ASSERT_EQ(merged.commands.size(), 1u);
  EXPECT_EQ(merged.commands[0].pattern, "b");
  EXPECT_TRUE(merged.commands[0].narrows);
  EXPECT_THAT(merged.pass, IsEmpty());
  EXPECT_EQ(merged.scrub.size(), 1u);
  EXPECT_THAT(merged.services, IsEmpty());
  EXPECT_EQ(merged.credentials.size(), 1u);
  ASSERT_EQ(merged.files.size(), 1u);
  EXPECT_EQ(merged.files[0].reach, Reach::kNarrows);
}

TEST(Merge, OfATrustedProjectAllHolds) {
  const Merged merged = Merge(With("version: 1\n", kEverything, Trust::kTrusted));
  EXPECT_EQ(merged.profile, Profile::kOpen);
  EXPECT_EQ(merged.hosts.size(), 5u);
  EXPECT_EQ(merged.requests.size(), 2u);
  EXPECT_EQ(merged.opaque.size(), 1u);
  EXPECT_EQ(merged.commands.size(), 3u);
  EXPECT_EQ(merged.pass.size(), 1u);
  EXPECT_EQ(merged.services.size(), 1u);
  EXPECT_EQ(merged.files[0].reach, Reach::kFull);
}

TEST(Merge, TheStricterProfileHoldsUnlessTheProjectIsTrusted) {
  const auto profile = [](Layers layers, std::optional<Profile> flag) {
    layers.profile = flag;
    return Merge(layers).profile;
  };
  const auto locked = "version: 1\nprofile: locked\n", open = "version: 1\nprofile: open\n";
  EXPECT_EQ(profile(With("", locked), {}), Profile::kLocked);
  EXPECT_EQ(profile(With("", open), {}), Profile::kGuarded);
  EXPECT_EQ(profile(With("", open, Trust::kTrusted), {}), Profile::kOpen);
  EXPECT_EQ(profile(With("", open, Trust::kTrusted), Profile::kLocked), Profile::kLocked);
  EXPECT_EQ(profile(With("", locked), Profile::kOpen), Profile::kLocked);
  EXPECT_EQ(profile(With(open, ""), {}), Profile::kOpen);
}

TEST(Merge, WhatBecomesOfOtherCommandsIsTheStrictestOfTheFiles) {
  const auto action = [](Layers layers, std::string agent = "") {
    layers.agent = std::move(agent);
    return Merge(layers).command_action();
  };
  using enum command::Action;
  const auto ask = "version: 1\ncommand_default: ask\n",
             deny = "version: 1\ncommand_default: deny\n";
  const auto allow = "version: 1\ncommand_default: allow\n";
  EXPECT_EQ(action(With("", "")), kAllow);
  EXPECT_EQ(action(With(ask, "")), kAsk);
  EXPECT_EQ(action(With("", ask)), kAsk) << "it narrows, and so is not asked about";
  EXPECT_EQ(action(With(ask, deny)), kDeny);
  EXPECT_EQ(action(With(deny, ask, Trust::kTrusted)), kDeny);
  EXPECT_EQ(action(With(ask, allow)), kAsk);
  EXPECT_EQ(action(With(ask, allow, Trust::kTrusted)), kAsk) << "no project opens this";
  EXPECT_THAT(Texts(With(ask, allow)), IsEmpty());
  const auto of_agent =
      "version: 1\ncommand_default: ask\nagents: {claude: {command_default: allow}}\n";
  EXPECT_EQ(action(With(of_agent, ""), "claude"), kAllow) << "in a file the agent's section holds";
  EXPECT_EQ(action(With(of_agent, ""), "codex"), kAsk);
  EXPECT_EQ(action(With(of_agent, deny), "claude"), kDeny);
}

// A file in a folder below another one that narrows.
Layers Nested(std::string_view outer, Trust outer_trust, std::string_view inner,
              Trust inner_trust) {
  Layers layers = With("", inner, inner_trust);
  layers.project.push_back({Read(outer, Layer::kProject), outer_trust});
  return layers;
}

TEST(Merge, ANearerFileTakesNothingFromOneAbove) {
  const auto outer = R"(version: 1
profile: locked
network: [{host: bad.example, action: deny}, {host: outer.example, action: allow}]
commands: [{command: git push, action: deny}]
files: [{path: secrets, access: hidden}]
environment: {scrub: KEY}
approvals: {expires: 5m}
services: [{name: outer, command: [x]}]
)";
  const auto inner = R"(version: 1
profile: open
network: [{host: bad.example, action: allow}, {host: inner.example, action: allow}]
services: [{name: inner, command: [x]}]
)";
  const auto hosts = [](const Merged& merged) {
    std::vector<std::string> found;
    for (const Rule& rule : merged.hosts) {
      found.push_back(fmt::format("{} {}", Name(rule.action), rule.pattern));
    }
    return found;
  };
  const Merged merged = Merge(Nested(outer, Trust::kNone, inner, Trust::kTrusted));
  EXPECT_EQ(merged.profile, Profile::kLocked);
  EXPECT_THAT(hosts(merged),
              ElementsAre("allow bad.example", "allow inner.example", "deny bad.example"));
  EXPECT_EQ(merged.commands.size(), 1u);
  EXPECT_EQ(merged.files.size(), 1u);
  EXPECT_EQ(merged.scrub.size(), 1u);
  EXPECT_EQ(merged.approvals.expires, std::chrono::minutes(5));
  ASSERT_EQ(merged.services.size(), 1u);
  EXPECT_EQ(merged.services[0].entry.name, "inner");
  const Merged other = Merge(Nested(outer, Trust::kTrusted, inner, Trust::kNone));
  EXPECT_THAT(hosts(other), ElementsAre("deny bad.example", "allow outer.example"))
      << "trust in one file is none in the other";
  EXPECT_EQ(other.services.size(), 1u);
  EXPECT_EQ(Merge(Nested("", Trust::kTrusted, inner, Trust::kNone)).profile, Profile::kGuarded);
}

TEST(Merge, TwoFilesMayNotNameOneService) {
  const auto text = "version: 1\nservices: [{name: web, command: [x]}]\n";
  EXPECT_THAT(CheckServiceNames(Merge(With(text, text, Trust::kTrusted))).error().message,
              HasSubstr("aileron.yaml:2:12: there is a service \"web\" already, at policy.yaml:2"));
  EXPECT_TRUE(CheckServiceNames(Merge(With(text, text)))) << "one of them is not in force";
}

TEST(Merge, PathsOfAProjectBeginAtItsFile) {
  Layers layers = With("version: 1\nfiles: [{path: a, access: hidden}]\n", "");
  layers.project[0].document = *ParseDocument("version: 1\nfiles: [{path: b, access: hidden}]\n",
                                              "/p/aileron.yaml", Layer::kProject);
  const Merged merged = Merge(layers);
  ASSERT_EQ(merged.files.size(), 2u);
  EXPECT_EQ(merged.files[0].folder, "") << "a user's is about each workspace";
  EXPECT_EQ(merged.files[1].folder, "/p");
}

TEST(Merge, ApprovalsAreTheNarrowerOfBoth) {
  const Merged merged = Merge(With("version: 1\napprovals: {hold: 30s, scopes: [once, session]}\n",
                                   "version: 1\napprovals: {hold: 1m, expires: 5m, scopes: [once, "
                                   "always]}\n",
                                   Trust::kTrusted));
  EXPECT_EQ(merged.approvals.hold, std::chrono::seconds(30));
  EXPECT_EQ(merged.approvals.expires, std::chrono::minutes(5));
  EXPECT_THAT(*merged.approvals.scopes, ElementsAre("once"));
}

TEST(Merge, WhatIsForOneAgentHoldsForNoOther) {
  Layers layers =
      With("version: 1\nagents: {claude: {network: [{host: x.example, action: deny}]}}\n", "");
  EXPECT_THAT(Merge(layers).hosts, IsEmpty());
  layers.agent = "claude";
  EXPECT_EQ(Merge(layers).hosts.size(), 1u);
}

TEST(Widening, ListsWhatAProjectWouldOpenWithItsLines) {
  EXPECT_THAT(
      Texts(With("", kEverything)),
      ElementsAre("2 profile open instead of guarded", "4 allow new.example",
                  "7 allow GET req.example", "9 allow db.example:443",
                  "9 pass connections to db.example:443 on unread", "10 allow api.example",
                  "12 allow the command a", "14 redirect the command c: d",
                  "17 show /srv/data (read-write)", "18 pass the variable TOKEN on",
                  "20 publish port 80 of the service web", "20 start the service web: serve"));
}

TEST(Widening, WhatTheUserAllowsOrDeniesAlreadyIsNoWidening) {
  constexpr auto project = R"(version: 1
network:
  - {host: registry.npmjs.org, action: allow}
  - {host: mine.example, action: allow}
  - {host: "*.mine.example", action: allow}
  - {host: denied.example, action: allow}
  - {host: anything.example, action: ask}
files:
  - {path: build, access: read-write}
  - {path: /etc/passwd, access: hidden}
)";
  constexpr auto user = R"(version: 1
network:
  - {host: [mine.example, "*.mine.example"], action: allow}
  - {host: denied.example, action: deny}
)";
  EXPECT_THAT(Texts(With(user, project)), IsEmpty());
  Layers locked = With(user, project);
  locked.profile = Profile::kLocked;
  EXPECT_THAT(Texts(locked), ElementsAre("3 allow registry.npmjs.org", "7 ask anything.example"));
}

TEST(Widening, ARuleThatOpensOnePortOrProtocolIsListed) {
  const auto texts = Texts(With(R"(version: 1
network:
  - {host: a.example, action: allow}
  - {host: b.example, protocol: http, action: deny}
)",
                                R"(version: 1
network:
  - {host: a.example, port: 8443, action: allow}
  - {host: b.example, action: allow}
  - {host: 10.0.0.0/8, action: allow}
  - {host: 169.254.169.254, action: allow}
)"));
  EXPECT_THAT(texts, ElementsAre("3 allow a.example:8443", "4 allow b.example",
                                 "5 allow 10.0.0.0/8", "6 allow 169.254.169.254"));
}

TEST(Widening, WhatLiftsAQuestionOrADefaultIsListedAndWhatRunsIsShown) {
  const auto user =
      "version: 1\nnetwork: [{host: a.example, action: ask}]\ncommand_default: deny\n";
  const auto project = R"(version: 1
network: [{host: a.example, method: GET, action: allow}, {host: a.example, action: allow}]
commands:
  - {command: "*", action: ask}
  - {command: pip, action: redirect, redirect: [uv, pip], by: make}
services: [{name: web, command: [serve], folder: site, health: {command: "curl x"}}]
)";
  EXPECT_THAT(Texts(With(user, project)),
              ElementsAre("2 allow GET a.example", "4 ask the command *",
                          "5 redirect the command pip by make: uv pip",
                          "6 start the service web: serve in site, with the check: curl x"));
}

TEST(Widening, EachFileOfAProjectIsListed) {
  const auto text = "version: 1\nnetwork: [{host: x.example, action: allow}]\n";
  EXPECT_THAT(Texts(Nested(text, Trust::kTrusted, text, Trust::kNone)),
              ElementsAre("2 allow x.example", "2 allow x.example"));
}

TEST(Widening, AgentsAreLookedAtToo) {
  EXPECT_THAT(
      Texts(
          With("", "version: 1\nagents:\n  x:\n    network: [{host: y.example, action: allow}]\n")),
      ElementsAre(HasSubstr("4 allow y.example")));
}

}  // namespace
}  // namespace aileron::policy
