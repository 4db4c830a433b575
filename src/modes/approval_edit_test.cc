#include "modes/approval_edit.h"

#include <gtest/gtest.h>

namespace aileron::modes {
namespace {

Json Question() {
  return Json::parse(R"({"inputs": [
      {"name": "title", "type": "string", "value": "It broke"},
      {"name": "number", "type": "integer", "value": 3},
      {"name": "draft", "type": "boolean", "value": null},
      {"name": "labels", "type": "array", "items": "string", "value": ["a", "b"]},
      {"name": "more", "type": "object", "value": {"k": 1}}]})");
}

Result<Json> Set(std::vector<std::string> settings) { return EditsFromFlags(Question(), settings); }
std::string Mistake(const Result<Json>& edits) {
  EXPECT_FALSE(edits);
  return edits ? "" : edits.error().message;
}

TEST(ApprovalEditTest, FlagsAreTypedAsTheInputsSay) {
  EXPECT_EQ(*Set({"title=7", "number=7", "draft=true"}),
            Json::parse(R"({"title": "7", "number": 7, "draft": true})"));
  EXPECT_EQ(*Set({"labels=x", "labels=y=z"}), Json::parse(R"({"labels": ["x", "y=z"]})"));
  EXPECT_EQ(*Set({"more={\"k\": 2}", "title="}), Json::parse(R"({"more": {"k": 2}, "title": ""})"));
}

TEST(ApprovalEditTest, AMistakeNamesTheArgument) {
  EXPECT_EQ(Mistake(Set({"titl=x"})),
            "the argument \"titl\" cannot be changed. Did you mean \"title\"?");
  EXPECT_EQ(Mistake(Set({"repository=x"})),
            "the argument \"repository\" cannot be changed. What can: title, number, draft, "
            "labels, more");
  EXPECT_EQ(Mistake(Set({"number=seven"})), "number must be a whole number, not \"seven\"");
  EXPECT_EQ(Mistake(Set({"draft=yes"})), "draft must be true or false, not \"yes\"");
  EXPECT_TRUE(Mistake(Set({"more=[1]"})).contains("more must be a JSON object"));
  EXPECT_TRUE(Mistake(Set({"title=a", "title=b"})).contains("\"title\" is given twice"));
  EXPECT_TRUE(Mistake(Set({"title"})).contains("NAME=VALUE"));
  EXPECT_TRUE(Mistake(Set({"\x1b[2J=x"})).contains("\\x1b[2J"));
  EXPECT_TRUE(Mistake(EditsFromFlags(Json::object(), std::vector<std::string>{"title=x"}))
                  .contains("nothing of this question can"));
}

TEST(ApprovalEditTest, JsonIsAnObjectOfWhatMayBeChanged) {
  EXPECT_EQ(*EditsFromJson(Question(), R"({"title": "x"})"), Json::parse(R"({"title": "x"})"));
  EXPECT_TRUE(Mistake(EditsFromJson(Question(), R"({"owner": "x"})")).contains("\"owner\""));
  for (const char* text : {"", "[]", "{", "7", "{\"title\": }"}) {
    EXPECT_TRUE(Mistake(EditsFromJson(Question(), text)).contains("not a JSON object")) << text;
  }
  std::string deep = "{\"more\": ";
  for (int i = 0; i < 100'000; ++i) deep += "{\"a\":";
  EXPECT_TRUE(Mistake(EditsFromJson(Question(), deep)).contains("nest deeper"));
}

TEST(ApprovalEditTest, AnEditorSeesAllThatMayBeChangedAndOnlyWhatIsDifferentIsAnEdit) {
  const std::string text = EditableText(Question());
  EXPECT_EQ(Json::parse(text)["title"], "It broke");
  EXPECT_TRUE(Json::parse(text)["draft"].is_null());
  EXPECT_EQ(*EditsFromText(Question(), text), Json::object());
  Json changed = Json::parse(text);
  changed["number"] = 4;
  changed.erase("title");
  EXPECT_EQ(*EditsFromText(Question(), changed.dump()), Json::parse(R"({"number": 4})"));
  changed["owner"] = "me";
  EXPECT_FALSE(EditsFromText(Question(), changed.dump()));
}

TEST(ApprovalEditTest, NothingInTheFileOrTheDifferenceTurnsOrHidesText) {
  Json question = Question();
  question["inputs"][0]["value"] = "a\u202eb\u200bc \xf3\xa0\x81\x81 \xc3\xa9\x1b[2J";
  for (const std::string& text :
       {EditableText(question),
        DifferenceText(question, Json{{"title", "\u202ex"}}, Colour::kNever)}) {
    EXPECT_FALSE(text.contains("\u202e"));
    EXPECT_FALSE(text.contains("\u200b"));
    EXPECT_FALSE(text.contains("\x1b"));
    EXPECT_TRUE(text.contains("\\u202e"));
    EXPECT_TRUE(text.contains("\xc3\xa9"));
  }
  EXPECT_EQ(*EditsFromText(question, EditableText(question)), Json::object());
}

TEST(ApprovalEditTest, TheDifferenceShowsOldAndNew) {
  EXPECT_EQ(DifferenceText(Question(), Json{{"title", "It works"}, {"draft", true}, {"number", 3}},
                           Colour::kNever),
            "+ draft: true\n- title: \"It broke\"\n+ title: \"It works\"\n");
}

}  // namespace
}  // namespace aileron::modes
