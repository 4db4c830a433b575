// Connector specs: what is read has no flaw, and what is written of it reads back as the same.
#include "base/text.h"
#include "connector/check.h"
#include "connector/connector_json.h"
#include "connector/connector_yaml.h"
#include "connector/help.h"
#include "connector/search.h"
#include "fuzz/pieces.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::connector;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto connector = ParseConnector(AsText(data, size), "spec.yaml");
  if (!connector) {
    Expect(connector.error().message.starts_with("spec.yaml"));
    return 0;
  }
  Expect(!CheckConnector(*connector));
  const auto again = ParseConnector(WriteConnector(*connector), "again.yaml");
  Expect(again.has_value() && *again == *connector);
  const auto json = ParseConnector(WriteConnectorJson(*connector), "again.json");
  Expect(json.has_value() && *json == *connector);
  const auto shown = [](std::string_view text) {
    for (const std::string_view line : aileron::Split(text, '\n')) {
      Expect(aileron::Printable(line) == line);
    }
  };
  for (const Tool& tool : connector->tools) {
    shown(HelpText(*connector, tool));
    for (const Operation* operation : OperationsOf(*connector, tool)) {
      shown(HelpText(tool, *operation));
    }
  }
  const Connector* pointer = &*connector;
  for (const Hit& hit : Search({&pointer, 1}, connector->operations.front().name, 3)) {
    Expect(hit.score > 0);
  }
  return 0;
}
