#include "approval/question.h"

#include "approval/limits.h"
#include "approval/testing_test.h"

namespace aileron::approval {
namespace {

TEST(Question, WhatBreaksALimitIsRefused) {
  const auto refused = [](const std::function<void(Question&)>& change) {
    Question question = Operation();
    change(question);
    const auto checked = Check(question, kStart);
    return !checked && checked.error().code == Code::kInvalid;
  };
  EXPECT_FALSE(refused([](Question&) {}));
  EXPECT_TRUE(refused([](Question& q) { q.session = ""; }));
  EXPECT_TRUE(refused([](Question& q) { q.session = "a\n"; }));
  EXPECT_TRUE(refused([](Question& q) { q.session.assign(limits::kSessionMax + 1, 'a'); }));
  EXPECT_TRUE(refused([](Question& q) { q.key = ""; }));
  EXPECT_TRUE(refused([](Question& q) { q.key.assign(limits::kKeyMax + 1, 'a'); }));
  EXPECT_TRUE(refused([](Question& q) { q.title = ""; }));
  EXPECT_TRUE(refused([](Question& q) { q.fields.resize(limits::kFields + 1); }));
  EXPECT_FALSE(refused([](Question& q) { q.fields.resize(limits::kFields); }));
  EXPECT_TRUE(refused([](Question& q) {
    q.fields.assign(limits::kFieldsMax / limits::kFieldValueMax + 1,
                    {"a", std::string(limits::kFieldValueMax, 'x')});
  }));
  EXPECT_TRUE(refused([](Question& q) { q.expires = kStart; }));
  EXPECT_TRUE(refused([](Question& q) { q.arguments = "no JSON"; }));
  EXPECT_TRUE(refused([](Question& q) { q.editable.assign(limits::kEditable + 1, "a"); }));
  EXPECT_TRUE(refused([](Question& q) { q.editable = {""}; }));
  EXPECT_TRUE(refused([](Question& q) { q.editable = {"a\xe2\x80\x8b"}; }));
}

TEST(Question, WhatIsLongIsCutWhereAPersonSeesIt) {
  Question question = Operation();
  const std::string text(100'000, 'x');
  question.agent = question.project = question.title = question.opens = question.credential =
      question.preview = text;
  question.fields = {{text, text}};
  const auto checked = Check(question, kStart);
  ASSERT_TRUE(checked.has_value());
  const Question& shown = checked->question;
  for (const std::string& cut :
       {shown.agent, shown.project, shown.title, shown.opens, shown.credential, shown.preview,
        shown.fields[0].name, shown.fields[0].value}) {
    EXPECT_THAT(cut, testing::EndsWith("… (100000 bytes in all)"));
  }
}

TEST(Question, WhatMakesTwoQuestionsOneCannotReachIntoItsNeighbour) {
  const auto checked = [](std::string session, std::string key, std::string arguments) {
    Question question = Operation(std::move(arguments), std::move(session));
    question.key = std::move(key);
    return *Check(question, kStart);
  };
  const CheckedQuestion one = checked("ab", "c", "");
  EXPECT_EQ(one.same, checked("ab", "c", "").same);
  EXPECT_EQ(one.topic, checked("x", "c", "{}").topic);
  EXPECT_NE(one.same, checked("a", "bc", "").same);
  EXPECT_NE(one.same, checked("ab", "c", "{}").same);
  EXPECT_NE(one.topic, checked("ab", "c{}", "").topic);
}

}  // namespace
}  // namespace aileron::approval
