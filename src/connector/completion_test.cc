#include "connector/completion.h"

#include "connector/connector_yaml.h"
#include "connector/limits.h"
#include "connector/testing_test.h"

namespace aileron::connector {
namespace {

using Words = std::vector<std::string>;

constexpr std::string_view kSpec = R"(schema: aileron.connector.v1
fqn: example.com/notes
version: "1"
summary: Notes
hosts: [api.example.com]
tools:
  - {name: notes, summary: Notes}
operations:
  - name: notes.create
    summary: Write a note
    method: POST
    path: /notes
    inputs:
      - {name: title, type: string, where: query}
      - {name: draft, type: boolean, where: query}
      - {name: maxSize, type: integer, where: query}
      - {name: state, type: string, where: query, enum: [open, closed, "only mine"]}
  - {name: notes.pages.list, summary: List pages, method: GET, path: /pages}
  - {name: search, summary: Search, method: GET, path: /search}
)";

Words In(const Connector& connector, const Words& words) {
  constexpr std::string_view own[] = {"--help", "--json"};
  return Complete(connector, connector.tools[0], words, own);
}

Words Of(const Words& words) {
  static const Connector connector = ParseConnector(kSpec, "test").value();
  return In(connector, words);
}

TEST(Completion, OperationsInEitherSpelling) {
  EXPECT_EQ(Of({""}), (Words{"notes.create", "notes.pages.list", "search"}));
  EXPECT_EQ(Of({"notes.p"}), Words{"notes.pages.list"});
  EXPECT_EQ(Of({"notes", ""}), (Words{"create", "pages.list"}));
  EXPECT_EQ(Of({"notes", "pages", "l"}), Words{"list"});
  EXPECT_EQ(Of({"nothing"}), Words{});
  EXPECT_EQ(Of({}), Words{});
}

TEST(Completion, FlagsOfTheOperationAndThoseOfAll) {
  EXPECT_EQ(Of({"notes", "create", "--"}),
            (Words{"--draft", "--help", "--json", "--max-size", "--state", "--title"}));
  EXPECT_EQ(Of({"notes.create", "--title", "x", "--t"}), Words{"--title"});
  EXPECT_EQ(Of({"search", ""}), (Words{"--help", "--json"}));
  EXPECT_EQ(Of({"--h"}), Words{"--help"});
}

TEST(Completion, TheValuesThatAFlagAllows) {
  EXPECT_EQ(Of({"notes.create", "--state", ""}), (Words{"closed", "only mine", "open"}));
  EXPECT_EQ(Of({"notes.create", "--state", "o"}), (Words{"only mine", "open"}));
  EXPECT_EQ(Of({"notes.create", "--title", ""}), Words{});
  EXPECT_EQ(Of({"notes.create", "--draft", "--ti"}), Words{"--title"});
}

TEST(Completion, ManyOperationsAreCompletedPartByPart) {
  Connector many = ParseConnector(kSpec, "test").value();
  const Operation operation = many.operations.back();
  many.operations.clear();
  for (std::size_t i = 0; i <= limits::kCompletionsMax; ++i) {
    many.operations.push_back(operation);
    many.operations.back().name = fmt::format("group{}.item{}", i % 2, i);
  }
  EXPECT_EQ(In(many, {"gr"}), (Words{"group0.", "group1."}));
  EXPECT_EQ(In(many, {"group1."}).front(), "group1.item1");
}

}  // namespace
}  // namespace aileron::connector
