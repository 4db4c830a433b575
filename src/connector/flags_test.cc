#include "connector/flags.h"

#include "connector/testing_test.h"

namespace aileron::connector {
namespace {

using nlohmann::json;

std::vector<std::string> LeastAnd(std::vector<std::string> more) {
  std::vector<std::string> words = {"--place", "Berlin", "--ids=7", "--title", "-x"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

json Parsed(const std::vector<std::string>& more) {
  auto arguments = ParseFlags(Send(), LeastAnd(more));
  EXPECT_TRUE(arguments) << (arguments ? "" : arguments.error().message);
  return arguments ? *arguments : json();
}

std::string ErrorOf(const std::vector<std::string>& words) {
  const auto arguments = ParseFlags(Send(), words);
  return arguments ? "" : arguments.error().message;
}
std::string ErrorOfMore(std::vector<std::string> more) {
  return ErrorOf(LeastAnd(std::move(more)));
}

TEST(Flags, EveryTypeIsRead) {
  EXPECT_EQ(Parsed({}), json::parse(R"({"place": "Berlin", "ids": [7], "title": "-x"})"));
  EXPECT_EQ(Parsed({"--max-results", "5"})["maxResults"], 5);
  EXPECT_EQ(Parsed({"--max-results=-5"})["maxResults"], -5);
  EXPECT_EQ(Parsed({"--maxResults=5"})["maxResults"], 5);
  EXPECT_EQ(Parsed({"--weight", "2.5"})["weight"], 2.5);
  EXPECT_EQ(Parsed({"--draft"})["draft"], true);
  EXPECT_EQ(Parsed({"--no-draft"})["draft"], false);
  EXPECT_EQ(Parsed({"--draft=false"})["draft"], false);
  EXPECT_EQ(
      Parsed({"--ids", "8", "--labels", "a", "--labels=b=c"}),
      json::parse(R"({"place": "Berlin", "ids": [7, 8], "title": "-x", "labels": ["a", "b=c"]})"));
  EXPECT_EQ(Parsed({"--more", R"({"a": [1]})"})["more"], json::parse(R"({"a": [1]})"));
  EXPECT_EQ(Parsed({"--q="})["q"], "");
}

TEST(Flags, AMistakeNamesTheFlag) {
  EXPECT_EQ(ErrorOfMore({"--max-result", "5"}),
            "things.send has no flag --max-result. Did you mean --max-results?");
  EXPECT_EQ(ErrorOf({"--place", "x"}), "things.send needs --ids NUMBER");
  EXPECT_EQ(ErrorOfMore({"--max-results", "five"}),
            "--max-results must be a whole number, not \"five\"");
  EXPECT_EQ(ErrorOfMore({"--weight", "nan"}), "--weight must be a number, not \"nan\"");
  EXPECT_EQ(ErrorOfMore({"--weight", "1e999"}), "--weight must be a number, not \"1e999\"");
  EXPECT_EQ(ErrorOfMore({"--draft=yes"}), "--draft is true or false, not \"yes\"");
  EXPECT_EQ(ErrorOfMore({"--no-draft=true"}), "--no-draft takes no value");
  EXPECT_TRUE(ErrorOfMore({"--no-title"}).contains("no flag --no-title"));
  EXPECT_EQ(ErrorOfMore({"--title", "again"}), "--title is given twice");
  EXPECT_EQ(ErrorOfMore({"--draft", "--no-draft"}), "--draft is given twice");
  EXPECT_TRUE(ErrorOfMore({"--more", "[1]"}).contains("--more must be a JSON object"));
  EXPECT_TRUE(ErrorOfMore({"--more", std::string(100'000, '[')}).contains("JSON object"));
  EXPECT_EQ(ErrorOfMore({"--q"}), "--q TEXT needs a value");
  EXPECT_TRUE(ErrorOfMore({"--q", "--draft"}).contains("write --q=--draft"));
  EXPECT_EQ(ErrorOfMore({"--few", "z"}), "\"few\" must hold nothing but a, b,c");
  EXPECT_TRUE(ErrorOfMore({"word"}).contains("\"word\" is no flag"));
  EXPECT_TRUE(ErrorOfMore({"--"}).contains("is no flag"));
  EXPECT_TRUE(ErrorOfMore({"-q"}).contains("is no flag"));
  EXPECT_TRUE(ErrorOfMore({"--\x1b[2J"}).contains("\\x1b"));
}

TEST(Flags, AreFoundInEitherSpelling) {
  EXPECT_EQ(FindFlag(Send(), "max-results")->name, "maxResults");
  EXPECT_EQ(FindFlag(Send(), "maxResults")->name, "maxResults");
  EXPECT_EQ(FindFlag(Send(), "max"), nullptr);
  EXPECT_EQ(FindFlag(Send(), ""), nullptr);
}

}  // namespace
}  // namespace aileron::connector
