#include "connector/tools.h"

#include "connector/connector_json.h"
#include "connector/connector_yaml.h"
#include "connector/testing_test.h"

namespace aileron::connector {
namespace {

std::string ErrorOf(const std::vector<const Connector*>& installed) {
  const auto checked = CheckTools(installed);
  return checked ? "" : checked.error().message;
}

TEST(Tools, NoTwoShareAName) {
  Connector other = Everything();
  other.fqn = "example.org/stuff";
  EXPECT_EQ(ErrorOf({&Everything()}), "");
  const std::string error = ErrorOf({&Everything(), &other});
  EXPECT_TRUE(error.contains("\"things\" of example.org/stuff 1")) << error;
  EXPECT_TRUE(error.contains("of example.com/things 1")) << error;
  EXPECT_TRUE(error.contains("another name")) << error;
  // No order says which of the two would be meant, so that neither may override.
  other.tools[0].overrides = true;
  EXPECT_NE(ErrorOf({&Everything(), &other}), "");
  other.tools[0].name = "stuff";
  EXPECT_EQ(ErrorOf({&Everything(), &other}), "");
}

TEST(Tools, WordsNameAnOperation) {
  const Connector& connector = Everything();
  const auto choose = [&](const std::vector<std::string>& words) {
    return ChooseOperation(connector, connector.tools[0], words);
  };
  EXPECT_EQ(choose({"things", "list", "--page", "1"})->operation->name, "things.list");
  EXPECT_EQ(choose({"things", "list", "--page", "1"})->words, 2u);
  EXPECT_EQ(choose({"things.list"})->words, 1u);
  EXPECT_EQ(choose({"thing", "list"}).error().message,
            "things has no operation \"thing list\". Did you mean \"things things list\"?");
  EXPECT_TRUE(choose({}).error().message.contains("--help"));
  EXPECT_TRUE(choose({"--page"}).error().message.contains("needs the name"));
}

TEST(Tools, ACallNeedsItsOperationAndItsPreviewAlone) {
  const Connector& whole = Everything();
  for (const Operation& operation : whole.operations) {
    const Connector only = OnlyFor(whole, whole.tools[0], operation);
    EXPECT_EQ(only.operations.size(), operation.preview ? 2u : 1u);
    const auto back = ParseConnector(WriteConnectorJson(only), "only");
    ASSERT_TRUE(back) << back.error().message;
    const std::vector<std::string> words = {operation.name, "--page", "1"};
    EXPECT_EQ(Spoken(words), operation.name);
    EXPECT_EQ(*ChooseOperation(*back, back->tools[0], words)->operation, operation);
  }
}

TEST(Tools, AToolRunsItsOwnOperationsAlone) {
  Connector connector = Everything();
  connector.tools[0].operations = {"places", "things.list"};
  EXPECT_EQ(OperationsOf(connector, connector.tools[0]).size(), 3u);
  EXPECT_FALSE(
      ChooseOperation(connector, connector.tools[0], std::vector<std::string>{"things", "send"}));
  EXPECT_FALSE(InGroup("placesx", "places"));
}

}  // namespace
}  // namespace aileron::connector
