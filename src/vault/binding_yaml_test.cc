#include "vault/binding_yaml.h"

#include <gtest/gtest.h>

namespace aileron::vault {
namespace {

constexpr std::string_view kGood = R"(# My bindings.
version: 1
bindings:
  # the first
  - name: one
    host: one.example.com
    scheme: bearer
    credential: token/one

  # the second
  - name: two
    host: "*.two.example.com"
    port: 8443
    scheme: header-template
    credential: token/two/me
    header: X-Api-Key
    template: "key {secret}"
    sentinel: TWO_KEY
)";

std::string ErrorOf(std::string_view text) {
  const auto bindings = ParseBindings(text, "bindings.yaml", Source::kUser);
  return bindings ? "" : bindings.error().message;
}

Binding Make(std::string_view name) {
  return *MakeBinding({.name = std::string(name),
                       .host = "::1",
                       .scheme = "basic",
                       .credential = "token/three",
                       .port = 99,
                       .username = "yes \"\\"},
                      Source::kUser);
}

TEST(BindingYaml, AGoodFileIsRead) {
  const auto bindings = ParseBindings(kGood, "bindings.yaml", Source::kUser);
  ASSERT_TRUE(bindings) << bindings.error().message;
  ASSERT_EQ(bindings->size(), 2u);
  EXPECT_EQ((*bindings)[0].port, 443);
  EXPECT_EQ((*bindings)[1].host.ToString(), "*.two.example.com");
  EXPECT_EQ((*bindings)[1].port, 8443);
  EXPECT_EQ((*bindings)[1].template_text, "key {secret}");
  EXPECT_EQ((*bindings)[1].emit(), Emit::kSentinel);
}

TEST(BindingYaml, AnEmptyFileHasNoBindings) {
  for (const std::string_view text : {"", "\n", "# nothing\n", "version: 1\n",
                                      "version: 1\nbindings:\n", "version: 1\nbindings: []\n"}) {
    const auto bindings = ParseBindings(text, "f", Source::kUser);
    ASSERT_TRUE(bindings) << bindings.error().message;
    EXPECT_TRUE(bindings->empty());
  }
}

TEST(BindingYaml, AMistakeIsToldWithItsPlace) {
  EXPECT_EQ(ErrorOf("version: 1\nbindings:\n  - name: a\n    hosst: b\n"),
            "bindings.yaml:4:5: unknown key \"hosst\". Did you mean \"host\"?");
  EXPECT_EQ(ErrorOf("version: 1\nbinding: []\n"),
            "bindings.yaml:2:1: unknown key \"binding\". Did you mean \"bindings\"?");
  EXPECT_EQ(ErrorOf("version: 1\nbindings:\n  - name: a\n    name: b\n"),
            "bindings.yaml:4:5: \"name\" stands here a second time");
  EXPECT_EQ(ErrorOf("version: 1\nbindings:\n  - name: [a]\n"),
            "bindings.yaml:3:11: name must be one value");
  EXPECT_EQ(ErrorOf("version: 1\nbindings:\n  - name: a\n    host: b.c\n    scheme: bearer\n"),
            "bindings.yaml:3:5: the binding lacks \"credential\"");
  EXPECT_EQ(ErrorOf("version: 1\nversion: 1\n"),
            "bindings.yaml:2:1: \"version\" stands here a second time");
}

constexpr std::string_view kHead =
    "version: 1\nbindings:\n  - name: a\n    host: b.c\n    scheme: bearer\n    credential: "
    "token/x\n";

TEST(BindingYaml, ASourceIsReadAndItsMistakesHaveTheirPlace) {
  const std::string head(kHead);
  const auto good = ParseBindings(
      head + "    from:\n      exec: pass show 'a b'\n      cache: 0s\n", "f", Source::kUser);
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ((*good)[0].from->argv, (std::vector<std::string>{"pass", "show", "a b"}));
  EXPECT_EQ(ParseBindings(RenderBindings(*good), "f", Source::kUser), *good);
  EXPECT_EQ(ErrorOf(head + "    from: pass\n"), "bindings.yaml:7:11: from must be a mapping");
  EXPECT_EQ(ErrorOf(head + "    from:\n      exec: pass\n      exec: pass\n"),
            "bindings.yaml:9:7: \"exec\" stands here a second time");
  EXPECT_EQ(ErrorOf(head + "    from:\n      exec: [pass]\n"),
            "bindings.yaml:8:13: exec must be one value");
  EXPECT_TRUE(
      ErrorOf(head + "    from:\n      exec: pass\n      cachee: 1s\n")
          .starts_with("bindings.yaml:9:15: from.cachee: has no place here (did you mean cache?"));
  EXPECT_TRUE(
      ErrorOf(head + "    from: {}\n").starts_with("bindings.yaml:7:11: from: needs exactly"));
}

TEST(BindingYaml, OneNameStandsForOneCredential) {
  const std::string second =
      "  - name: z\n    host: y.c\n    scheme: bearer\n    credential: token/x\n";
  EXPECT_EQ(ErrorOf(std::string(kHead) + second), "");
  EXPECT_EQ(
      ErrorOf(std::string(kHead) + second + "    from: {exec: pass}\n"),
      "bindings.yaml:7:5: \"z\" and \"a\" on line 3 take the credential token/x from different "
      "places: give them two names");
  const std::string redeemed =
      "  - name: z\n    host: y.c\n    scheme: oauth2\n    credential: token/x\n    oauth2: "
      "{token_url: https://l.c/t, grant: client_credentials, client_id: me}\n";
  EXPECT_NE(ErrorOf(std::string(kHead) + redeemed), "");
  const auto alone = ParseBindings("version: 1\nbindings:\n" + redeemed, "f", Source::kUser);
  ASSERT_TRUE(alone) << alone.error().message;
  EXPECT_EQ(ParseBindings(RenderBindings(*alone), "f", Source::kUser), *alone);
}

TEST(BindingYaml, OtherMistakesAreRefusedToo) {
  for (const std::string_view text :
       {"bindings: []\n", "version: 2\n", "version: [1]\n", "- a\n", "x",
        "version: 1\nbindings: x\n", "version: 1\nbindings: {a: b}\n",
        "version: 1\nbindings: [a]\n", "version: 1\n---\nversion: 1\n",
        "version: 1\nbindings:\n  - {name: a, host: b.c, scheme: bearer, credential: t/x, port: "
        "'1'}\n",
        "version: 1\nbindings:\n  - {name: a, host: b.c, scheme: bearer, credential: t/x, port: "
        "0}\n",
        "version: 1\nbindings:\n  - {name: a, host: b.c, scheme: bearer, credential: t/x, port: "
        "70000}\n",
        "version: 1\nbindings:\n  - {name: ~, host: b.c, scheme: bearer, credential: t/x}\n",
        "version: 1\nbindings:\n - a: b\n  c: [", "a: 'b", "&a [*a]", "%YAML 9\n---\n",
        "version: 1\nbindings:\n  - {[a]: b}\n"}) {
    const std::string error = ErrorOf(text);
    EXPECT_TRUE(error.starts_with("bindings.yaml")) << text << " -> " << error;
  }
}

TEST(BindingYaml, TwoBindingsDoNotContradictEachOther) {
  const auto two = [](std::string_view one, std::string_view other) {
    return ErrorOf(fmt::format("version: 1\nbindings:\n  - {{{}}}\n  - {{{}}}\n", one, other));
  };
  const std::string_view bearer = "name: a, host: h.x, scheme: bearer, credential: t/a";
  EXPECT_TRUE(
      two(bearer, "name: a, host: i.x, scheme: bearer, credential: t/a").contains("line 3"));
  EXPECT_TRUE(
      two(bearer, "name: b, host: H.x, scheme: basic, credential: t/b").contains("same place"));
  EXPECT_EQ(two(bearer, "name: b, host: h.x, port: 444, scheme: basic, credential: t/b"), "");
  EXPECT_EQ(two(bearer, "name: b, host: h.x, scheme: query-param, parameter: k, credential: t/b"),
            "");
  EXPECT_EQ(two(bearer, "name: b, host: h.x, scheme: bearer, credential: t/b, sentinel: B"), "");
  EXPECT_TRUE(two("name: a, host: h.x, scheme: bearer, credential: t/a, sentinel: B",
                  "name: b, host: i.x, scheme: bearer, credential: t/b, sentinel: B")
                  .contains("different credentials"));
  EXPECT_TRUE(two("name: a, host: h.x, scheme: bearer, credential: t/a, sentinel_file: /tmp/a",
                  "name: b, host: i.x, scheme: bearer, credential: t/b, sentinel_file: /tmp/a")
                  .contains("different contents"));
  EXPECT_EQ(two("name: a, host: h.x, scheme: bearer, credential: t/a, sentinel_file: /tmp/a",
                "name: b, host: i.x, scheme: bearer, credential: t/a, sentinel_file: /tmp/a"),
            "");
}

TEST(BindingYaml, NarrowedBindingsOfOneHostMayStandSideBySide) {
  const auto two = [](std::string_view one, std::string_view other) {
    return ErrorOf(
        fmt::format("version: 1\nbindings:\n"
                    "  - {{name: a, host: h.x, scheme: bearer, credential: t/a, {}}}\n"
                    "  - {{name: b, host: h.x, scheme: bearer, credential: t/b, {}}}\n",
                    one, other));
  };
  EXPECT_EQ(two("paths: [/a/**]", "paths: [/b/**]"), "");
  EXPECT_EQ(two("methods: [GET]", "methods: [PUT]"), "");
  EXPECT_TRUE(two("paths: [/a/**]", "paths: [/a/b]").contains("same place"));
  EXPECT_TRUE(two("paths: [/a/**]", "methods: [GET]").contains("same place"));
  EXPECT_TRUE(two("methods: GET", "methods: [PUT]").contains("3:"));
  EXPECT_TRUE(two("paths: [[/a]]", "methods: [PUT]").contains("paths"));
  EXPECT_TRUE(two("paths: [a]", "methods: [PUT]").contains("begin with /"));
  EXPECT_TRUE(two("mask: yes", "methods: [PUT]").contains("mask must be true or false"));
  EXPECT_TRUE(two("path: [/a]", "methods: [PUT]").contains("Did you mean \"paths\""));
}

TEST(BindingYaml, WhatIsWrittenReadsBackTheSame) {
  auto bindings = *ParseBindings(kGood, "f", Source::kUser);
  std::uint16_t port = 1;
  for (const std::string_view name : {"on", "1e3", "null", "True", "0x10", "a.b_c-d", "y"}) {
    bindings.push_back(Make(name));
    bindings.back().port = port++;
    bindings.back().sentinel_file = "~/a b/" + std::string(name);
    bindings.back().sentinel_template = "# \"quoted\"\n\tx: '{sentinel}' \\n\n";
    bindings.back().mask = Mask::kYes;
    bindings.back().approval = Approval::kFirstUse;
    bindings.back().scope.methods = {"GET", "M-SEARCH"};
    bindings.back().scope.paths = {*PathPattern::Parse("/a/*/%62,'/**"), *PathPattern::Parse("/")};
  }
  const auto again = ParseBindings(RenderBindings(bindings), "f", Source::kUser);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, bindings);
}

TEST(BindingYaml, AddingKeepsTheCommentsAndTheRest) {
  const auto added = AddBinding(kGood, "f", Make("three"));
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_TRUE(added->starts_with(kGood));
  const auto bindings = ParseBindings(*added, "f", Source::kUser);
  ASSERT_EQ(bindings->size(), 3u);
  EXPECT_EQ((*bindings)[2], Make("three"));
}

TEST(BindingYaml, AddingWorksInEveryStyleOfFile) {
  for (const std::string_view text :
       {"", "# nothing", "version: 1", "version: 1\nbindings: []\n", "version: 1\nbindings:\n",
        "bindings:\n- {name: a, host: b.c, scheme: bearer, credential: t/x}\nversion: 1\n",
        "version: 1\nbindings:\n- name: a\n  host: b.c\n  scheme: bearer\n  credential: t/x",
        "{version: 1, bindings: [{name: a, host: b.c, scheme: bearer, credential: t/x}]}"}) {
    const auto before = ParseBindings(text, "f", Source::kUser);
    ASSERT_TRUE(before) << text;
    const auto added = AddBinding(text, "f", Make("three"));
    ASSERT_TRUE(added) << text << added.error().message;
    const auto bindings = ParseBindings(*added, "f", Source::kUser);
    ASSERT_TRUE(bindings) << *added;
    EXPECT_EQ(bindings->size(), before->size() + 1) << *added;
    EXPECT_EQ(bindings->back(), Make("three"));
  }
}

TEST(BindingYaml, AddingNeverMakesABadFile) {
  EXPECT_EQ(AddBinding(kGood, "f", Make("one")).error().code, Code::kInvalid);
  auto same_place = Make("x");
  same_place.host = *HostPattern::Parse("one.example.com");
  same_place.port = 443;
  EXPECT_EQ(AddBinding(kGood, "f", same_place).error().code, Code::kInvalid);
  EXPECT_FALSE(AddBinding("version: 7\n", "f", Make("three")));
}

TEST(BindingYaml, RemovingLeavesTheOthersAndTheirComments) {
  const auto without_one = RemoveBinding(kGood, "f", "one");
  ASSERT_TRUE(without_one);
  EXPECT_TRUE(without_one->contains("# My bindings."));
  EXPECT_TRUE(without_one->contains("# the second\n  - name: two"));
  EXPECT_FALSE(without_one->contains("one.example.com"));
  const auto without_two = RemoveBinding(kGood, "f", "two");
  ASSERT_TRUE(without_two);
  EXPECT_EQ(ParseBindings(*without_two, "f", Source::kUser)->size(), 1u);
  const auto none = RemoveBinding(*without_two, "f", "one");
  ASSERT_TRUE(none);
  EXPECT_TRUE(ParseBindings(*none, "f", Source::kUser)->empty());
  EXPECT_EQ(RemoveBinding(kGood, "f", "three").error().code, Code::kNotFound);
  const auto flow = RemoveBinding(
      "{version: 1, bindings: [{name: a, host: b.c, scheme: bearer, credential: t/x}]}", "f", "a");
  EXPECT_TRUE(ParseBindings(*flow, "f", Source::kUser)->empty());
}

TEST(BindingYaml, TheBuiltInOnesAreValid) {
  const auto& bindings = BuiltinBindings();
  EXPECT_GE(bindings.size(), 10u);
  for (const Binding& binding : bindings) {
    EXPECT_EQ(binding.source, Source::kBuiltin);
    EXPECT_FALSE(binding.host.wildcard()) << binding.name;
  }
}

}  // namespace
}  // namespace aileron::vault
