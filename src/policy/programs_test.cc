#include "policy/programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "command/limits.h"
#include "policy/credential_rules.h"
#include "policy/document_yaml.h"
#include "policy/evaluator.h"
#include "policy/widening.h"

namespace aileron::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Document Read(std::string_view rules, Layer layer) {
  auto document = ParseDocument(fmt::format("version: 1\n{}", rules), "f.yaml", layer);
  EXPECT_TRUE(document) << document.error().message;
  return document ? *std::move(document) : Document{};
}

Evaluator Make(std::string_view user, std::string_view project = "", Trust trust = Trust::kNone) {
  return Evaluator::Compile({.user = Read(user, Layer::kUser),
                             .project = {{Read(project, Layer::kProject), trust}}})
      .value();
}

Opinion On(const Evaluator& evaluator, std::string_view by, std::string_view request) {
  return evaluator.OnRequest(ParseRequest(request).value(), by);
}

std::string Verdict(const Evaluator& evaluator, std::string_view by, std::string_view request) {
  return On(evaluator, by, request).verdict;
}

// --- who is meant

TEST(Programs, OfWhomNothingIsKnownNothingIsAllowedAndAllIsDenied) {
  const Caller unknown = Caller::Unknown("could not be found");
  for (const Caller* caller : {static_cast<const Caller*>(nullptr), &unknown}) {
    EXPECT_FALSE(HoldsFor("gh", Action::kAllow, caller));
    EXPECT_TRUE(HoldsFor("gh", Action::kAsk, caller));
    EXPECT_TRUE(HoldsFor("gh", Action::kDeny, caller));
    EXPECT_TRUE(HoldsFor("", Action::kAllow, caller)) << "a rule about everybody";
  }
  const Caller nobody = Caller::Nobody();
  EXPECT_FALSE(HoldsFor("gh", Action::kAllow, &nobody));
  EXPECT_FALSE(HoldsFor("gh", Action::kDeny, &nobody));
}

TEST(Programs, AProgramThatNobodyAskedForMayHoldIt) {
  const Caller caller = Caller::Held("/usr/bin/gh");
  EXPECT_FALSE(HoldsFor("gh", Action::kAllow, &caller));
  EXPECT_TRUE(HoldsFor("gh", Action::kDeny, &caller));
}

TEST(Programs, OneHolderThatIsAnotherEndsWhatIsAllowed) {
  Caller caller = Caller::Held("/usr/bin/gh");
  caller.Set("gh", {.all = false, .any = true});
  EXPECT_FALSE(HoldsFor("gh", Action::kAllow, &caller));
  EXPECT_TRUE(HoldsFor("gh", Action::kDeny, &caller));
}

TEST(Programs, AreFoundWhereARuleSpeaksOfTheHost) {
  const Document document = Read(R"(network:
  - {host: api.example, by: gh, action: allow}
  - {host: api.example, by: gh, action: ask}
  - {host: "*.example", path: /x, by: git, action: deny}
  - {host: other.test, by: curl, credential: token/a, action: allow}
  - {host: 10.0.0.0/8, by: nc, action: deny}
  - {host: free.test, action: deny}
)",
                                 Layer::kUser);
  const Sections& all = document.sections;
  const Programs programs = Programs::Compile(all.hosts, all.requests, all.credentials).value();
  EXPECT_THAT(programs.At("api.example"), ElementsAre("gh", "git", "nc"));
  EXPECT_THAT(programs.At("other.test"), ElementsAre("curl", "nc"));
  EXPECT_THAT(programs.At("free.test"), ElementsAre("nc")) << "a range may be anywhere";
  EXPECT_THAT(Programs().At("api.example"), IsEmpty());
  EXPECT_TRUE(Programs().empty());
}

TEST(Programs, AreBounded) {
  std::vector<Rule> rules;
  for (std::size_t i = 0; i <= command::limits::kPrograms; ++i) {
    rules.push_back({.action = Action::kDeny, .pattern = "a.test", .by = fmt::format("p{}", i)});
  }
  EXPECT_THAT(Programs::Compile(rules, {}, {}).error().message, HasSubstr("more than 64 programs"));
  rules.pop_back();
  EXPECT_TRUE(Programs::Compile(rules, {}, {}));
}

// --- rules about hosts and requests

TEST(Programs, AHostIsAllowedForAProgramAlone) {
  const Evaluator evaluator = Make(R"(profile: locked
network:
  - {host: api.example, by: gh, action: allow}
)");
  EXPECT_EQ(Verdict(evaluator, "gh", "GET https://api.example/"), "allow");
  EXPECT_EQ(Verdict(evaluator, "curl", "GET https://api.example/"), "deny");
  EXPECT_EQ(Verdict(evaluator, "", "GET https://api.example/"), "deny");
  EXPECT_THAT(
      On(evaluator, "curl", "GET https://api.example/").reason,
      HasSubstr("allowed for gh alone by the rule \"f.yaml:4\", and this connection is held "
                "by /usr/bin/curl"));
}

TEST(Programs, ADenialOfOneProgramLeavesTheOthers) {
  const Evaluator evaluator = Make(R"(profile: open
network:
  - {host: "*", by: curl, action: deny}
  - {host: api.example, by: gh pr, action: ask}
)");
  EXPECT_EQ(Verdict(evaluator, "curl", "GET https://api.example/"), "deny");
  EXPECT_EQ(Verdict(evaluator, "wget", "GET https://api.example/"), "allow");
  EXPECT_EQ(Verdict(evaluator, "gh pr create", "GET https://api.example/"), "ask");
  EXPECT_EQ(Verdict(evaluator, "gh issue list", "GET https://api.example/"), "allow");
}

TEST(Programs, ANameDeniedToOneExistsForTheOthers) {
  const Document document = Read("network: [{host: a.test, by: curl, action: deny}]", Layer::kUser);
  const Network network = Network::Compile(Profile::kOpen, document.sections.hosts).value();
  EXPECT_EQ(DecideName(network, "a.test").action, Action::kAllow);
}

TEST(Programs, RequestsAreToldApartByProgram) {
  const Evaluator evaluator = Make(R"(profile: locked
network:
  - {host: api.example, method: GET, action: allow}
  - {host: api.example, method: POST, by: gh, action: allow}
  - {host: api.example, path: /admin/**, by: curl, action: deny}
)");
  EXPECT_EQ(Verdict(evaluator, "gh", "POST https://api.example/x"), "allow");
  EXPECT_EQ(Verdict(evaluator, "curl", "POST https://api.example/x"), "deny");
  EXPECT_EQ(Verdict(evaluator, "curl", "GET https://api.example/x"), "allow");
  EXPECT_EQ(Verdict(evaluator, "curl", "GET https://api.example/admin/x"), "deny");
  EXPECT_EQ(Verdict(evaluator, "gh", "GET https://api.example/admin/x"), "allow");
}

// --- credentials

constexpr auto kGhsToken = R"(network:
  - {host: api.example, action: allow}
  - {host: api.example, by: gh, credential: token/github, action: allow}
)";

TEST(Programs, ACredentialIsOneProgramsAlone) {
  const Evaluator evaluator = Make(kGhsToken);
  EXPECT_THAT(*On(evaluator, "gh", "GET https://api.example/").credentials,
              ElementsAre("token/github"));
  EXPECT_THAT(On(evaluator, "gh", "GET https://api.example/").kept, IsEmpty());
  const Opinion curl = On(evaluator, "curl", "GET https://api.example/");
  EXPECT_EQ(curl.verdict, "allow");
  EXPECT_EQ(curl.credentials, std::nullopt) << "what else is bound to the host is not spoken of";
  EXPECT_THAT(curl.kept, ElementsAre("token/github"));
}

const CredentialRule* Against(const Document& document, const Caller* caller,
                              std::string_view credential) {
  static CredentialRules rules;
  rules = CredentialRules(document.sections.credentials);
  return rules.Against({.host = "api.example", .method = "GET", .path = "/", .caller = caller},
                       credential);
}

TEST(Programs, ACredentialStaysWhereItIsNotSureWhoseConnectionItIs) {
  const Document document = Read(kGhsToken, Layer::kUser);
  Caller both = Caller::Held("/usr/bin/gh");
  both.Set("gh", {.all = false, .any = true});
  EXPECT_NE(Against(document, &both, "token/github"), nullptr);
  EXPECT_NE(Against(document, nullptr, "token/github"), nullptr);
  EXPECT_NE(Against(document, nullptr, "token/other"), nullptr) << "it may be gh's";
  const Caller nobody = Caller::Nobody();
  EXPECT_EQ(Against(document, &nobody, "token/other"), nullptr);
}

TEST(Programs, ACredentialMayBeSeveralProgramsAndNarrowedByPath) {
  const Document document = Read(R"(network:
  - {host: api.example, by: gh, credential: token/github, action: allow}
  - {host: api.example, path: /git/**, by: git, credential: token/github, action: allow}
)",
                                 Layer::kUser);
  const CredentialRules rules(document.sections.credentials);
  Caller git = Caller::Held("/usr/bin/git");
  git.Set("git", {.all = true, .any = true});
  const auto against = [&](std::string_view path) {
    return rules.Against({.host = "api.example", .method = "GET", .path = path, .caller = &git},
                         "token/github");
  };
  EXPECT_EQ(against("/git/x"), nullptr);
  EXPECT_NE(against("/x"), nullptr);
  EXPECT_EQ(rules.AgainstAll("api.example", 443, "token/github", &git), nullptr)
      << "some request gets it";
  const Caller curl = Caller::Held("/usr/bin/curl");
  EXPECT_NE(rules.AgainstAll("api.example", 443, "token/github", &curl), nullptr);
}

TEST(Programs, ACredentialIsGivenForExactlyTheRequestsThatARuleNames) {
  const Document document = Read(R"(network:
  - {host: api.example, by: wget, credential: token/a, action: allow}
  - {host: api.example, by: curl, method: GET, path: /public/**, credential: token/a, action: allow}
)",
                                 Layer::kUser);
  const CredentialRules rules(document.sections.credentials);
  Caller curl = Caller::Held("/usr/bin/curl");
  curl.Set("curl", {.all = true, .any = true});
  curl.Set("wget", {});
  const auto given = [&](std::string_view path, std::string_view method = "GET",
                         Overrides doubt = {}) {
    return rules.Against({.host = "api.example",
                          .method = method,
                          .path = path,
                          .doubt = doubt,
                          .caller = &curl},
                         "token/a") == nullptr;
  };
  EXPECT_TRUE(given("/public/x"));
  for (const std::string_view path :
       {"/private//x", "/public/%2e%2e/private", "/public%2f..%2fx", "/PUBLIC/x", "/private/x"}) {
    EXPECT_FALSE(given(path)) << path;
  }
  EXPECT_FALSE(given("/public/x", "DELETE"));
  EXPECT_FALSE(given("/public/x", "get"));
  EXPECT_FALSE(given("/public/x", "GET", {.method = true}));
  EXPECT_FALSE(given("/public/x", "GET", {.path = true}));
}

TEST(Programs, WhatARuleAboutAllHoldsBackIsNotKeptForAnother) {
  const Evaluator evaluator = Make(R"(network:
  - {host: api.example, credential: none, action: allow}
  - {host: api.example, by: gh, credential: token/github, action: allow}
)");
  EXPECT_THAT(*On(evaluator, "gh", "GET https://api.example/").credentials, IsEmpty());
  EXPECT_THAT(On(evaluator, "gh", "GET https://api.example/").kept, IsEmpty());
  EXPECT_THAT(On(evaluator, "curl", "GET https://api.example/").kept, ElementsAre("token/github"));
}

TEST(Programs, OfTwoFilesOfAProjectEachKeepsWhatItKeeps) {
  constexpr auto gh = "network: [{host: api.example, by: gh, credential: token/x, action: allow}]";
  constexpr auto curl =
      "network: [{host: api.example, by: curl, credential: token/x, action: allow}]";
  const Evaluator evaluator =
      Evaluator::Compile(
          {.user = Read("network: [{host: api.example, action: allow}]", Layer::kUser),
           .project = {{Read(curl, Layer::kProject)}, {Read(gh, Layer::kProject)}}})
          .value();
  for (const std::string_view by : {"curl", "gh", "wget"}) {
    EXPECT_THAT(On(evaluator, by, "GET https://api.example/").kept, ElementsAre("token/x")) << by;
  }
}

TEST(Programs, AProjectGivesNoProgramACredentialThatItsUserKeepsForAnother) {
  constexpr auto project =
      "network: [{host: api.example, by: curl, credential: token/github, action: allow}]";
  for (const Trust trust : {Trust::kNone, Trust::kTrusted}) {
    const Evaluator evaluator = Make(kGhsToken, project, trust);
    EXPECT_THAT(On(evaluator, "curl", "GET https://api.example/").kept,
                ElementsAre("token/github"));
  }
}

// --- trust

TEST(Programs, WhatAProjectOpensForAProgramIsListed) {
  const auto opened = [](std::string_view user, std::string_view project) {
    std::vector<std::string> texts;
    for (const Widening& one : Widenings({.user = Read(user, Layer::kUser),
                                          .project = {{Read(project, Layer::kProject)}}})
                                   .value()) {
      texts.push_back(one.text);
    }
    return texts;
  };
  constexpr auto gh = "network: [{host: a.test, by: gh, action: allow}]";
  EXPECT_THAT(opened("", gh), ElementsAre("allow a.test for gh"));
  EXPECT_THAT(opened("network: [{host: a.test, action: allow}]", gh), IsEmpty());
  // What the user says of one program leaves the others to the project.
  constexpr auto all = "network: [{host: a.test, action: allow}]";
  EXPECT_THAT(opened(gh, all), ElementsAre("allow a.test"));
  EXPECT_THAT(opened("network: [{host: a.test, by: gh, action: deny}]", all),
              ElementsAre("allow a.test"));
  // What is asked about one program alone is lifted for that one.
  EXPECT_THAT(opened("profile: open\nnetwork: [{host: a.test, by: gh, action: ask}]",
                     "network: [{host: a.test, method: POST, action: allow}]"),
              ElementsAre("allow POST a.test"));
}

}  // namespace
}  // namespace aileron::policy
