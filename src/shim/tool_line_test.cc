#include "shim/tool_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connector/connector_yaml.h"

namespace aileron::shim {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kSpec = R"(schema: aileron.connector.v1
fqn: example.com/notes
version: "1"
summary: Notes
hosts: [api.example.com]
tools:
  - {name: notes, summary: Notes and their pages}
operations:
  - name: notes.create
    summary: Write a note
    method: POST
    path: /notes
    inputs:
      - {name: title, type: string, where: body, required: true}
      - {name: body, type: string, where: body}
      - {name: draft, type: boolean, where: body}
      - {name: tags, type: array, where: body}
      - {name: max_size, type: integer, where: body}
    body: json
  - name: notes.pages.list
    summary: List pages
    method: GET
    path: /pages
    inputs:
      - {name: timeout, type: string, where: query}
      - {name: json, type: boolean, where: query}
      - {name: wait, type: boolean, where: query}
)";

class Line : public testing::Test {
 protected:
  static const connector::Connector& Spec() {
    static const connector::Connector spec = [] {
      auto parsed = connector::ParseConnector(kSpec, "notes.yaml");
      EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
      return parsed ? *std::move(parsed) : connector::Connector();
    }();
    return spec;
  }
  static Result<ToolLine> Read(const std::vector<std::string>& words) {
    return ReadToolLine(Spec(), Spec().tools.front(), words);
  }
  static json Arguments(const std::vector<std::string>& words, std::string_view input = "") {
    const auto line = Read(words);
    EXPECT_TRUE(line) << (line ? "" : line.error().message);
    if (!line) return "no line";
    auto arguments = ArgumentsOf(*line, input);
    return arguments ? *arguments : json(arguments.error().message);
  }
  static std::string ErrorOf(const std::vector<std::string>& words) {
    const auto line = Read(words);
    if (!line) return line.error().message;
    if (line->operation == nullptr) return "help";
    const auto arguments = ArgumentsOf(*line, "");
    return arguments ? "none" : arguments.error().message;
  }
};

TEST_F(Line, NamesAnOperationInEitherSpelling) {
  for (const auto& words : {std::vector<std::string>{"notes.create", "--title", "x"},
                            std::vector<std::string>{"notes", "create", "--title=x"}}) {
    const auto line = Read(words);
    ASSERT_TRUE(line);
    EXPECT_EQ(line->operation->name, "notes.create");
    EXPECT_TRUE(line->help.empty() && line->wait && !line->json && !line->timeout);
    EXPECT_EQ(Arguments(words), (json{{"title", "x"}}));
  }
}

TEST_F(Line, OwnFlagsStandAnywhereButInAValue) {
  const auto line = Read(
      {"--json", "notes", "create", "--no-wait", "--title", "x", "--timeout", "90s", "--draft"});
  ASSERT_TRUE(line);
  EXPECT_TRUE(line->json);
  EXPECT_FALSE(line->wait);
  EXPECT_EQ(line->timeout, std::chrono::seconds(90));
  EXPECT_THAT(line->flags, ElementsAre("--title", "x", "--draft"));
}

TEST_F(Line, TheTextOfAStrangerIsNoFlag) {
  for (const char* text : {"--help", "-h", "--json", "--no-wait", "--args={\"title\":\"y\"}", "--",
                           "--timeout=1s", "--unknown"}) {
    EXPECT_EQ(Arguments({"notes.create", "--title", text}), (json{{"title", text}})) << text;
    EXPECT_TRUE(Read({"notes.create", "--title", text})->help.empty());
    EXPECT_EQ(Arguments({"notes.create", "--title=x", "--tags", text}),
              (json{{"title", "x"}, {"tags", {text}}}));
  }
}

TEST_F(Line, AFlagThatTheOperationHasIsTheOperationsBehindIt) {
  const std::vector<std::string> words = {"--timeout=5s", "--json",    "notes",  "pages",    "list",
                                          "--timeout",    "--no-wait", "--json", "--no-wait"};
  const auto line = Read(words);
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->timeout, std::chrono::seconds(5));
  EXPECT_TRUE(line->json);
  EXPECT_TRUE(line->wait) << "--no-wait says no to the operation's own wait";
  EXPECT_EQ(Arguments(words), (json{{"timeout", "--no-wait"}, {"json", true}, {"wait", false}}));
}

TEST_F(Line, HelpIsThatOfWhatWasNamed) {
  for (const auto& words : {std::vector<std::string>{}, {"--help"}, {"-h"}}) {
    EXPECT_THAT(Read(words)->help, HasSubstr("Notes and their pages"));
  }
  for (const auto& words :
       {std::vector<std::string>{"notes"}, {"notes", "--help"}, {"--help", "notes"}}) {
    EXPECT_THAT(Read(words)->help, HasSubstr("Operations of notes:"));
  }
  for (const auto& words : {std::vector<std::string>{"notes", "create", "--help"},
                            {"notes.create", "-h"},
                            {"--help", "notes", "create"},
                            {"notes.create", "--title", "x", "--help"}}) {
    const auto line = Read(words);
    ASSERT_TRUE(line);
    EXPECT_THAT(line->help, HasSubstr("Write a note"));
    EXPECT_THAT(line->help, HasSubstr("--title TEXT"));
    EXPECT_THAT(line->help, HasSubstr("--no-wait"));
  }
  for (const std::string_view part : {"--args", "--json", "--timeout"}) {
    EXPECT_THAT(Read({})->help, HasSubstr(part));
  }
}

TEST_F(Line, ErrorsNameTheNearest) {
  EXPECT_THAT(ErrorOf({"notes", "creat", "--title", "x"}),
              HasSubstr("Did you mean \"notes notes create\"?"));
  EXPECT_THAT(ErrorOf({"notes", "--title", "x"}), HasSubstr("no operation \"notes\""));
  EXPECT_THAT(ErrorOf({"nots"}), HasSubstr("no operation \"nots\""));
  EXPECT_THAT(ErrorOf({"notes.create", "--titl", "x"}), HasSubstr("Did you mean --title?"));
  EXPECT_THAT(ErrorOf({"notes.create", "x"}), HasSubstr("is no flag"));
  EXPECT_THAT(ErrorOf({"notes.create"}), HasSubstr("--title TEXT"));
  EXPECT_THAT(ErrorOf({"notes.create", "--title"}), HasSubstr("needs a value"));
  EXPECT_THAT(ErrorOf({"notes.create", "--title=x", "--max-size", "big"}),
              HasSubstr("whole number"));
  EXPECT_THAT(ErrorOf({"--title", "x", "notes.create"}), HasSubstr("stands before an operation"));
  EXPECT_THAT(ErrorOf({"-x\x1b[2J"}), HasSubstr("\\x1b"));
  EXPECT_THAT(ErrorOf({"notes.create", "--timeout"}), HasSubstr("--timeout needs a value"));
  EXPECT_THAT(ErrorOf({"notes.create", "--timeout", "7"}), HasSubstr("--timeout"));
  EXPECT_THAT(ErrorOf({"notes.create", "--json=yes"}), HasSubstr("--json takes no value"));
  EXPECT_THAT(ErrorOf({"notes.create", "--args={}", "--args={}"}), HasSubstr("twice"));
}

TEST_F(Line, ArgumentsComeAsOneObjectToo) {
  EXPECT_EQ(Arguments({"notes.create", "--args", R"({"title":"x","tags":["a"]})"}),
            (json{{"title", "x"}, {"tags", {"a"}}}));
  EXPECT_TRUE(Read({"notes.create", "--args", "-"})->reads_input());
  EXPECT_TRUE(Read({"--args=-", "notes.create"})->reads_input());
  EXPECT_EQ(Arguments({"notes.create", "--args=-"}, R"( {"title":"y"} )"), (json{{"title", "y"}}));
}

TEST_F(Line, ArgumentsThatAreNoneAreRefused) {
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("[]"), std::string("null"), std::string("{"),
        std::string(R"({"title":7})"), std::string(R"({"titel":"x"})"), std::string("{}"),
        std::string("{\"title\":\"\xff\"}"), std::string(1'000'000, '['),
        R"({"title":)" + std::string(5'000, '[') + std::string(5'000, ']') + "}"}) {
    EXPECT_TRUE(Arguments({"notes.create", "--args=-"}, text).is_string()) << text.substr(0, 40);
  }
  EXPECT_THAT(ErrorOf({"notes.create", "--args={}", "--title=x"}), HasSubstr("not both"));
  EXPECT_THAT(ErrorOf({"notes.create", R"(--args={"title":"x","title":"y"})"}),
              HasSubstr("names \"title\" twice"));
}

}  // namespace
}  // namespace aileron::shim
