#include "connector/help.h"

#include "base/text.h"
#include "connector/testing_test.h"

namespace aileron::connector {
namespace {

const Tool& Things() { return Everything().tools[0]; }

std::size_t Columns(std::string_view line) {
  return static_cast<std::size_t>(std::ranges::count_if(
      line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void ExpectNarrow(std::string_view text) {
  for (const std::string_view line : Split(text, '\n')) EXPECT_LE(Columns(line), 80u) << line;
}

TEST(Help, AToolListsItsOperations) {
  const std::string help = HelpText(Everything(), Things());
  EXPECT_EQ(help,
            "things: All about things\n"
            "\n"
            "Usage:\n"
            "  things OPERATION [--flag value]...\n"
            "  things OPERATION --help\n"
            "\n"
            "Operations:\n"
            "  things send   Send a thing (asks)\n"
            "  things list   List things\n"
            "  things count  Count things\n"
            "  places move   Move a thing to another place (asks)\n"
            "  places note   Write a note (asks)\n"
            "\n"
            "\"asks\": a person is asked before it runs.\n");
  EXPECT_FALSE(HelpText(Everything(), Things(), "places").contains("things list"));
}

TEST(Help, ManyOperationsAreShownAsGroups) {
  Connector connector = Everything();
  for (int i = 0; i < 500; ++i) {
    connector.operations.push_back(connector.operations[1]);
    connector.operations.back().name = fmt::format("group{}.sub.op{}", i % 7, i);
  }
  const std::string help = HelpText(connector, connector.tools[0]);
  EXPECT_TRUE(help.contains("  group0 …")) << help;
  EXPECT_TRUE(help.contains("72 operations")) << help;
  EXPECT_LT(std::ranges::count(help, '\n'), 30);
  EXPECT_TRUE(HelpText(connector, connector.tools[0], "group0").contains("group0 …") ||
              HelpText(connector, connector.tools[0], "group0").contains("group0 sub …"));
}

TEST(Help, AnOperationExplainsItsFlagsAndShowsAnExample) {
  const std::string help = HelpText(Things(), Send());
  ExpectNarrow(help);
  EXPECT_TRUE(help.starts_with("things things send: Send a thing\n\nIt goes far.\n\nRequired:\n"))
      << help;
  EXPECT_TRUE(help.contains("  --max-results NUMBER  Without it 5.\n")) << help;
  EXPECT_TRUE(help.contains("--no-draft says no.")) << help;
  EXPECT_TRUE(help.contains("One of a, b,c.")) << help;
  EXPECT_TRUE(help.contains("A person is asked before it runs; they may change --title, --draft."))
      << help;
  EXPECT_TRUE(
      help.ends_with("Example:\n  things things send --place Berlin --ids 1 "
                     "--title 'It is broken'\n"))
      << help;
}

TEST(Help, LongTextIsWrappedAndValuesAreQuotedForAShell) {
  Operation operation = Send();
  operation.inputs[2].description =
      std::string(30, 'w') + " " + std::string(50, 'x') + " äöü " + std::string(40, 'y');
  operation.inputs[0].example = "it's $HOME `x`";
  operation.description = std::string(50, 'a') + " " + std::string(50, 'b');
  const std::string help = HelpText(Things(), operation);
  ExpectNarrow(help);
  EXPECT_TRUE(help.contains("--place 'it'\\''s $HOME `x`'")) << help;
}

}  // namespace
}  // namespace aileron::connector
