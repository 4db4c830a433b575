#include "policy/evaluator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/document_yaml.h"

namespace aileron::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Document Read(std::string_view text, Layer layer) {
  auto document =
      ParseDocument(text, layer == Layer::kUser ? "/c/policy.yaml" : "/p/aileron.yaml", layer);
  EXPECT_TRUE(document) << document.error().message;
  return document ? *std::move(document) : Document{};
}

Evaluator Make(std::string_view user, std::string_view project = "", Trust trust = Trust::kNone) {
  auto evaluator = Evaluator::Compile(
      {.user = Read(user, Layer::kUser), .project = {{Read(project, Layer::kProject), trust}}});
  EXPECT_TRUE(evaluator) << evaluator.error().message;
  return *std::move(evaluator);
}

Opinion On(const Evaluator& evaluator, std::string_view text) {
  const auto request = ParseRequest(text);
  EXPECT_TRUE(request) << request.error().message;
  return evaluator.OnRequest(*request);
}

std::string Verdict(const Evaluator& evaluator, std::string_view text) {
  return On(evaluator, text).verdict;
}

TEST(Request, IsAMethodAndAUrlWithoutItsQuery) {
  const auto request = ParseRequest("GET https://API.example.com:8443/a/b?secret=1#x");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->host, "api.example.com");
  EXPECT_EQ(request->port, 8443);
  EXPECT_EQ(request->path, "/a/b");
  EXPECT_EQ(Write(*request), "GET https://api.example.com:8443/a/b");
  EXPECT_EQ(Write(*ParseRequest("GET http://[::1]")), "GET http://[::1]/");
  EXPECT_EQ(ParseRequest("GET http://a.example")->port, 80);
  for (const char* text : {"", "GET", "https://a.example/", "get https://a.example/",
                           "GET ftp://a.example/", "GET https://*.example/", "GET https:///x",
                           "GET https://a.example:0/", "GET //a.example"}) {
    EXPECT_FALSE(ParseRequest(text)) << text;
  }
}

TEST(Evaluator, SaysTheVerdictTheRuleAndWhereItStands) {
  const Evaluator evaluator = Make(R"(version: 1
network:
  - {host: api.example, method: GET, action: allow}
  - {host: api.example, method: DELETE, action: deny}
  - {host: "*.evil.example", action: deny}
)");
  const Opinion get = On(evaluator, "GET https://api.example/user");
  EXPECT_EQ(get.verdict, "allow");
  EXPECT_EQ(get.rule, "policy.yaml:3");
  EXPECT_EQ(get.layer, "user");
  EXPECT_EQ(get.file, "/c/policy.yaml");
  EXPECT_EQ(get.line, 3);
  EXPECT_EQ(Verdict(evaluator, "DELETE https://api.example/user"), "deny");
  const Opinion post = On(evaluator, "POST https://api.example/user");
  EXPECT_EQ(post.verdict, "ask");
  EXPECT_EQ(post.rule, "profile guarded");
  EXPECT_EQ(post.line, 0);
  EXPECT_EQ(Verdict(evaluator, "GET https://a.evil.example/"), "deny");
  const Opinion npm = On(evaluator, "GET https://registry.npmjs.org/x");
  EXPECT_EQ(npm.verdict, "allow");
  EXPECT_EQ(npm.rule, "guarded/npm");
  EXPECT_EQ(npm.layer, "builtin");
  EXPECT_EQ(npm.file, "profiles/guarded.yaml");
  EXPECT_GT(npm.line, 0);
  EXPECT_EQ(Verdict(evaluator, "GET https://127.0.0.1/"), "deny") << "no person opens it";
}

TEST(Evaluator, DenyBeatsAskBeatsAllowInAnyOrderAndLayer) {
  const char* rules[] = {"{host: x.example, action: allow}", "{host: x.example, action: ask}",
                         "{host: x.example, action: deny}"};
  std::vector<int> order = {0, 1, 2};
  do {
    for (int split = 0; split <= 3; ++split) {
      std::string user = "version: 1\nnetwork:\n", project = user;
      for (int i = 0; i < 3; ++i) {
        (i < split ? user : project) += fmt::format("  - {}\n", rules[order[i]]);
      }
      EXPECT_EQ(Verdict(Make(user, project, Trust::kTrusted), "GET https://x.example/"), "deny");
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Evaluator, AProjectNarrowsUnasked) {
  constexpr auto project = R"(version: 1
network:
  - {host: registry.npmjs.org, action: ask}
  - {host: github.com, action: deny}
  - {host: api.github.com, method: DELETE, action: ask}
  - {host: new.example, action: allow}
  - {host: new.example, method: GET, action: allow}
)";
  const Evaluator evaluator = Make("", project);
  EXPECT_EQ(Verdict(evaluator, "GET https://registry.npmjs.org/"), "ask");
  EXPECT_EQ(Verdict(evaluator, "GET https://github.com/"), "deny");
  EXPECT_EQ(Verdict(evaluator, "DELETE https://api.github.com/x"), "ask");
  EXPECT_EQ(Verdict(evaluator, "GET https://api.github.com/x"), "allow");
  EXPECT_EQ(Verdict(evaluator, "GET https://new.example/"), "ask");
  EXPECT_EQ(Verdict(Make("", project, Trust::kTrusted), "GET https://new.example/"), "allow");
}

TEST(Evaluator, AnAskOfAProjectOpensNothingThatIsDeniedByDefault) {
  constexpr auto user = R"(version: 1
profile: locked
network:
  - {host: mine.example, method: GET, action: allow}
)";
  constexpr auto project = R"(version: 1
network:
  - {host: new.example, action: ask}
  - {host: new.example, method: GET, action: ask}
  - {host: mine.example, method: [GET, POST], action: ask}
)";
  const Evaluator narrow = Make(user, project);
  EXPECT_EQ(Verdict(narrow, "GET https://new.example/"), "deny");
  EXPECT_EQ(Verdict(narrow, "GET https://mine.example/"), "ask") << "it would be allowed";
  EXPECT_EQ(Verdict(narrow, "POST https://mine.example/"), "deny") << "it would be denied";
  const Evaluator trusted = Make(user, project, Trust::kTrusted);
  EXPECT_EQ(Verdict(trusted, "GET https://new.example/"), "ask");
  EXPECT_EQ(Verdict(trusted, "POST https://mine.example/"), "ask");
}

TEST(Evaluator, ATrustedProjectsNameLeadsToPublicAddressesAlone) {
  constexpr auto rules = "version: 1\nnetwork:\n  - {host: [n.example, 10.1.2.3], action: allow}\n";
  const auto rule = [&](Layer layer) {
    Merged merged =
        Merge(layer == Layer::kUser
                  ? Layers{.user = Read(rules, Layer::kUser)}
                  : Layers{.project = {{Read(rules, Layer::kProject), Trust::kTrusted}}});
    return std::move(Network::Compile(merged.profile, merged.hosts).value());
  };
  EXPECT_EQ(Decide(rule(Layer::kUser), {"n.example"}).address_rule, AddressRule::kAny);
  EXPECT_EQ(Decide(rule(Layer::kProject), {"n.example"}).address_rule, AddressRule::kPublicOnly);
  EXPECT_EQ(Decide(rule(Layer::kProject), {"10.1.2.3"}).action, Action::kAllow);
}

TEST(Evaluator, ProtocolsAreToldApart) {
  const Evaluator evaluator = Make(R"(version: 1
network:
  - {host: registry.npmjs.org, protocol: http, action: deny}
  - {host: tls.example, protocol: https, action: allow}
  - {host: db.example, port: 5432, opaque: true, action: allow}
)");
  EXPECT_EQ(Verdict(evaluator, "GET http://registry.npmjs.org/"), "deny");
  EXPECT_EQ(Verdict(evaluator, "GET https://registry.npmjs.org/"), "allow");
  EXPECT_EQ(Verdict(evaluator, "GET https://tls.example/"), "allow");
  EXPECT_EQ(Verdict(evaluator, "GET http://tls.example/"), "ask");
  EXPECT_EQ(Verdict(evaluator, "CONNECT tcp://tls.example/"), "allow") << "what is inside is asked";
  EXPECT_EQ(Verdict(evaluator, "CONNECT tcp://registry.npmjs.org/"), "allow");
  const Opinion opaque = On(evaluator, "CONNECT tcp://db.example:5432/");
  EXPECT_EQ(opaque.verdict, "allow");
  EXPECT_THAT(opaque.reason, HasSubstr("unread"));
}

TEST(Evaluator, CredentialsAreTheOnesThatEveryRuleLists) {
  const Evaluator evaluator = Make(R"(version: 1
network:
  - {host: api.example, credential: [token/a, token/b], action: allow}
)",
                                   R"(version: 1
network:
  - {host: api.example, path: /admin/**, credential: token/b, action: allow}
  - {host: api.example, path: /public, credential: none, action: allow}
)");
  EXPECT_THAT(*On(evaluator, "GET https://api.example/x").credentials,
              ElementsAre("token/a", "token/b"));
  EXPECT_THAT(*On(evaluator, "GET https://api.example/admin/x").credentials,
              ElementsAre("token/b"));
  EXPECT_THAT(*On(evaluator, "GET https://api.example/public").credentials, IsEmpty());
  EXPECT_THAT(*On(evaluator, "GET https://api.example/PUBLIC/").credentials, IsEmpty())
      << "what a server may take for it";
  EXPECT_EQ(On(evaluator, "GET https://github.com/").credentials, std::nullopt);
}

TEST(Evaluator, NoRuleThatAsksOpensAnAddressThatIsNotPublic) {
  const Evaluator evaluator = Make(R"(version: 1
network:
  - {host: 10.1.2.3, action: ask}
  - {host: 10.1.2.4, method: GET, action: allow}
  - {host: 10.1.2.5, action: allow}
  - {host: 10.1.2.5, method: POST, action: ask}
)");
  const Opinion asked = On(evaluator, "GET https://10.1.2.3/");
  EXPECT_EQ(asked.verdict, "deny");
  EXPECT_EQ(asked.line, 3);
  EXPECT_THAT(asked.reason, HasSubstr("10.1.2.3 is "));
  EXPECT_EQ(Verdict(evaluator, "GET https://10.1.2.4/"), "deny");
  EXPECT_EQ(Verdict(evaluator, "POST https://10.1.2.5/"), "ask") << "its host is allowed";
}

TEST(Evaluator, CommandsAreDecidedWithTheirPlace) {
  const Evaluator evaluator = Make("", R"(version: 1
commands:
  - {command: git push --force, action: deny, reason: it rewrites what others have}
)");
  const std::vector<std::string> force = {"git", "push", "--force"}, status = {"git", "status"};
  const Opinion denied = evaluator.OnCommand(force);
  EXPECT_EQ(denied.verdict, "deny");
  EXPECT_EQ(denied.rule, "aileron.yaml:3");
  EXPECT_EQ(denied.line, 3);
  EXPECT_EQ(denied.file, "/p/aileron.yaml");
  EXPECT_EQ(denied.layer, "project");
  EXPECT_THAT(denied.reason, HasSubstr("rewrites"));
  EXPECT_EQ(evaluator.OnCommand(status).verdict, "allow");
}

TEST(Evaluator, CommandsThatNoRuleSpeaksOfAreDecidedByTheDefaultOfAFile) {
  const Evaluator evaluator = Make("version: 1\ncommands: [{command: ls **, action: allow}]\n",
                                   "version: 1\ncommand_default: ask\n");
  const std::vector<std::string> listing = {"ls", "-l"}, push = {"git", "push"};
  EXPECT_EQ(evaluator.OnCommand(listing).verdict, "allow");
  const Opinion asked = evaluator.OnCommand(push);
  EXPECT_EQ(asked.verdict, "ask");
  EXPECT_EQ(asked.rule, "aileron.yaml:2");
  EXPECT_EQ(asked.layer, "project");
  EXPECT_EQ(asked.file, "/p/aileron.yaml");
  EXPECT_EQ(asked.line, 2);
  EXPECT_THAT(asked.reason, HasSubstr("no rule allows"));
}

TEST(Evaluator, ARuleIsFoundInTheFileOfTheProjectThatHasIt) {
  const auto text = "version: 1\nnetwork: [{host: a.example, action: deny}]\n";
  const auto commands = "version: 1\ncommands:\n  - {command: git push, action: deny}\n";
  Layers layers{.project = {{*ParseDocument(commands, "/p/sub/aileron.yaml", Layer::kProject),
                             Trust::kTrusted}}};
  layers.project.push_back(
      {*ParseDocument(text, "/p/aileron.yaml", Layer::kProject, "../aileron.yaml"), Trust::kNone});
  const auto evaluator = Evaluator::Compile(layers);
  ASSERT_TRUE(evaluator);
  const Opinion host = evaluator->OnRequest(ParseRequest("GET https://a.example/").value());
  EXPECT_EQ(host.rule, "../aileron.yaml:2");
  EXPECT_EQ(host.file, "/p/aileron.yaml");
  const std::vector<std::string> argv = {"git", "push"};
  const Opinion command = evaluator->OnCommand(argv);
  EXPECT_EQ(command.file, "/p/sub/aileron.yaml");
  EXPECT_EQ(command.line, 3);
}

}  // namespace
}  // namespace aileron::policy
