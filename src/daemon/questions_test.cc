#include "daemon/questions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approval/limits.h"
#include "approval/question.h"
#include "daemon/fake_permit_source_test.h"

namespace aileron::daemon {
namespace {

using approval::Subject;
using ::testing::HasSubstr;
using ::testing::Not;

const session::Session kSession{.id = "01S", .command = {"agent"}, .workspace = "/w"};

About Request() {
  About about{.subject = Subject::kHttpRequest, .host = "a.example", .port = 443};
  about.rule = "--ask POST a.example";
  about.request = {.host = "a.example", .port = 443, .method = "POST", .path = "/items"};
  about.request.content_type = "application/json";
  about.request.seen = proxy::Seen::kWhole;
  about.request.body = R"({"title":"t","password":"hunter2"})";
  about.request.size = about.request.body.size();
  about.request.body_hash = "bh";
  about.request.same = "sh";
  return about;
}

std::string FieldOf(const approval::Question& question, std::string_view name) {
  for (const approval::Field& field : question.fields) {
    if (field.name == name) return field.value;
  }
  return "(none)";
}

TEST(Questions, ARequestIsShownWithItsBodyAndWhatAYesOpens) {
  About about = Request();
  about.bindings = {FakeBinding("b", "a.example")};
  about.request.query = 5;
  const approval::Question question = QuestionOn(kSession, about);
  EXPECT_EQ(question.title, "POST https://a.example/items");
  EXPECT_EQ(question.credential, "token/example");
  EXPECT_EQ(question.key, "request POST https://a.example/items with token/example");
  EXPECT_EQ(question.arguments, R"({"same":"sh"})");
  EXPECT_EQ(FieldOf(question, "body.title"), "t");
  EXPECT_THAT(FieldOf(question, "body.password"), HasSubstr("•••"));
  EXPECT_EQ(FieldOf(question, "body SHA-256"), "bh");
  EXPECT_EQ(FieldOf(question, "query"), "5 bytes, not shown");
  EXPECT_EQ(FieldOf(question, "path is doubtful"), "(none)");
  EXPECT_THAT(question.opens, HasSubstr("this request, with the credential token/example"));
  EXPECT_THAT(question.opens, HasSubstr("whatever its body"));
}

TEST(Questions, WhatIsNotShownOfABodyIsTold) {
  About about = Request();
  about.request.content_coding = "gzip";
  EXPECT_THAT(FieldOf(QuestionOn(kSession, about), "body"), HasSubstr("compressed"));
  about = Request();
  about.request.body.clear();
  EXPECT_THAT(FieldOf(QuestionOn(kSession, about), "body"), HasSubstr("too large"));
  about.request.seen = proxy::Seen::kPart;
  EXPECT_THAT(FieldOf(QuestionOn(kSession, about), "body size"), HasSubstr("passed on unseen"));
  about.request.seen = proxy::Seen::kHead;
  EXPECT_THAT(FieldOf(QuestionOn(kSession, about), "body size"), HasSubstr("unseen"));
  about = Request();
  about.request.path = "/a/../b";
  EXPECT_NE(FieldOf(QuestionOn(kSession, about), "path is doubtful"), "(none)");
}

TEST(Questions, TheLargestIsStillAQuestion) {
  About about = Request();
  about.request.path = "/" + std::string(8'000, '\x01');
  about.request.overrides = std::string(512, '\x02');
  about.request.content_type = "application/x-www-form-urlencoded";
  about.request.body.clear();
  for (int i = 0; i < 400; ++i) about.request.body += fmt::format("%01{}=%02%03%04&", i);
  about.request.size = about.request.body.size();
  approval::Question question = QuestionOn(kSession, about);
  question.expires = Now() + std::chrono::hours(1);
  const auto checked = approval::Check(question, Now());
  EXPECT_TRUE(checked) << checked.error().message;
}

TEST(Questions, AHostNamesItsCredentialsAndItsKeyThoseThatAreAskedAbout) {
  About about{.host = "a.example", .port = 443};
  EXPECT_EQ(about.Key(), "host a.example:443");
  EXPECT_THAT(QuestionOn(kSession, about).opens, HasSubstr("with no credential"));
  about.bindings = {FakeBinding("b", "a.example")};
  EXPECT_EQ(about.Key(), "host a.example:443");
  EXPECT_THAT(QuestionOn(kSession, about).opens, HasSubstr("with the credential token/example"));
  about.bindings[0].approval = vault::Approval::kFirstUse;
  EXPECT_EQ(about.Key(), "host a.example:443 with token/example");
}

TEST(Questions, TheFirstUseOfACredentialSaysForWhatItIs) {
  About about{.subject = Subject::kCredential, .host = "a.example", .port = 8443};
  about.bindings = {FakeBinding("b", "*.example")};
  about.method = "GET";
  about.path = "/x";
  approval::Question question = QuestionOn(kSession, about);
  EXPECT_EQ(question.title, "use the credential token/example at a.example:8443");
  EXPECT_THAT(question.opens, HasSubstr("every request to a.example:8443"));
  const std::string key = question.key;
  about.bindings[0].scope.methods = {"GET"};
  question = QuestionOn(kSession, about);
  EXPECT_THAT(question.opens, HasSubstr("GET /** to a.example:8443"));
  EXPECT_NE(question.key, key) << "a yes to a narrow binding covers a wide one";
  // The request that happened to be first is no part of what a yes covers.
  about.path = "/y";
  EXPECT_EQ(QuestionOn(kSession, about).key, question.key);
}

}  // namespace
}  // namespace aileron::daemon
