#include "connector/connector_json.h"

#include <algorithm>

#include "connector/testing_test.h"

namespace aileron::connector {
namespace {

TEST(ConnectorJson, WhatIsWrittenReadsBackTheSame) {
  Connector connector = Everything();
  connector.summary = "\"\\ ünïcode";
  Operation& move = connector.operations[3];
  move.preview = Preview{"things.list", {}};
  move.editable = {"tags"};
  move.headers = {{"X-B", "b"}, {"X-A", "a"}};
  move.inputs[0].example = {{"a", {1, 2.5, nullptr}}};
  connector.tools[0].overrides = true;
  connector.tools[0].operations = {"things"};
  const std::string text = WriteConnectorJson(connector);
  const auto again = ParseConnector(text, "c.json");
  ASSERT_TRUE(again) << again.error().message << text;
  EXPECT_EQ(*again, connector);
  EXPECT_EQ(WriteConnector(*again), WriteConnector(connector));
  EXPECT_TRUE(nlohmann::json::accept(text));
}

TEST(ConnectorJson, AnErrorSaysWhichOperationItIsIn) {
  std::string text = WriteConnectorJson(Everything());
  const std::size_t at = text.find("\"GET\"", text.find("things.count"));
  text.replace(at, 5, "\"GOT\"");
  const auto broken = ParseConnector(text, "c.json");
  ASSERT_FALSE(broken);
  const auto line = std::ranges::count(text.substr(0, at), '\n') + 1;
  EXPECT_TRUE(broken.error().message.starts_with(fmt::format("c.json:{}: ", line)))
      << broken.error().message;
}

}  // namespace
}  // namespace aileron::connector
