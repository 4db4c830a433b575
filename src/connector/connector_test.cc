#include "connector/connector.h"

#include "connector/testing_test.h"

namespace aileron::connector {
namespace {

TEST(Connector, AMethodSaysWhatASecondCallDoes) {
  EXPECT_EQ(IdempotencyOf("GET"), Idempotency::kSafe);
  EXPECT_EQ(IdempotencyOf("HEAD"), Idempotency::kSafe);
  EXPECT_EQ(IdempotencyOf("PUT"), Idempotency::kIdempotent);
  EXPECT_EQ(IdempotencyOf("DELETE"), Idempotency::kIdempotent);
  EXPECT_EQ(IdempotencyOf("POST"), Idempotency::kNone);
  EXPECT_EQ(IdempotencyOf("PATCH"), Idempotency::kNone);
  EXPECT_EQ(ApprovalOf(Idempotency::kSafe), Approval::kNever);
  EXPECT_EQ(ApprovalOf(Idempotency::kIdempotent), Approval::kAsk);
}

TEST(Connector, AGroupIsWholeWords) {
  EXPECT_TRUE(InGroup("issues.create", "issues"));
  EXPECT_TRUE(InGroup("issues", "issues"));
  EXPECT_FALSE(InGroup("issuesx.create", "issues"));
  EXPECT_FALSE(InGroup("issue", "issues"));
}

TEST(Connector, OperationsAndInputsAreFoundByName) {
  EXPECT_EQ(Everything().Find("things.list")->summary, "List things");
  EXPECT_EQ(Everything().Find("things"), nullptr);
  EXPECT_EQ(Send().Find("many")->wire_name(), "many[]");
  EXPECT_EQ(Send().Find("q")->wire_name(), "q");
  EXPECT_EQ(Send().Find("many[]"), nullptr);
}

}  // namespace
}  // namespace aileron::connector
