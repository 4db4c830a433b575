#include "connector/check.h"

#include "connector/limits.h"
#include "connector/testing_test.h"

namespace aileron::connector {
namespace {

TEST(Check, AFlawHasItsPlace) {
  Connector connector = Everything();
  EXPECT_EQ(CheckConnector(connector), std::nullopt);
  connector.operations[1].inputs[0].where = Where::kHeader;
  connector.operations[1].inputs[0].name = "Host";
  ASSERT_TRUE(CheckConnector(connector));
  EXPECT_EQ(CheckConnector(connector)->place, "operations/1/inputs/0/name");
  EXPECT_EQ(CheckOperation(connector.operations[1])->place, "inputs/0/name");
}

TEST(Check, CountsAreBounded) {
  Connector connector = Everything();
  Operation& operation = connector.operations[1];
  operation.inputs.resize(limits::kInputsMax + 1, operation.inputs[0]);
  EXPECT_EQ(CheckConnector(connector)->place, "operations/1/inputs");
  connector = Everything();
  connector.operations.resize(limits::kOperationsMax + 1, connector.operations[1]);
  EXPECT_EQ(CheckConnector(connector)->place, "operations");
  connector = Everything();
  connector.tools.resize(limits::kToolsMax + 1, connector.tools[0]);
  EXPECT_EQ(CheckConnector(connector)->place, "tools");
  connector = Everything();
  connector.operations[1].inputs[0].allowed.resize(limits::kAllowedMax + 1, 1);
  EXPECT_EQ(CheckConnector(connector)->place, "operations/1/inputs/0/enum");
  connector = Everything();
  connector.operations[1].inputs[0].description = std::string(limits::kDescriptionMax + 1, 'a');
  EXPECT_EQ(CheckConnector(connector)->place, "operations/1/inputs/0/description");
}

TEST(Check, AValueFitsItsInput) {
  Input input{.name = "n", .type = Type::kInteger, .allowed = {1, 2}};
  EXPECT_EQ(Misfit(input, 1), std::nullopt);
  EXPECT_EQ(Misfit(input, 3), "\"n\" must be one of 1, 2");
  EXPECT_EQ(Misfit(input, 1.0), "\"n\" must be an integer, not number");
  EXPECT_EQ(Misfit(input, "1"), "\"n\" must be an integer, not string");
  input = {.name = "n", .type = Type::kNumber};
  EXPECT_EQ(Misfit(input, 1), std::nullopt);
  EXPECT_EQ(Misfit(input, 1.5), std::nullopt);
}

TEST(Check, JsonIsKnownByItsMediaType) {
  EXPECT_TRUE(IsJson("application/json"));
  EXPECT_TRUE(IsJson("Application/JSON; charset=utf-8"));
  EXPECT_TRUE(IsJson("application/vnd.api+json"));
  EXPECT_FALSE(IsJson("text/json-ish"));
  EXPECT_FALSE(IsJson(""));
}

}  // namespace
}  // namespace aileron::connector
