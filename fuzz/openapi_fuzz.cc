// Imported documents: whatever they say, a connector that comes out has no flaw and reads back as
// the same, and the report can be shown.
#include "base/text.h"
#include "connector/check.h"
#include "connector/connector_yaml.h"
#include "connector/openapi.h"
#include "fuzz/pieces.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::connector;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto imported =
      ImportOpenApi(AsText(data, size), "api.json", {.fqn = "example.com/x", .hosts = {"a.b"}});
  if (!imported) {
    Expect(imported.error().message.starts_with("api.json"));
    return 0;
  }
  Expect(!CheckConnector(imported->connector));
  const auto again = ParseConnector(WriteConnector(imported->connector), "again.yaml");
  Expect(again.has_value() && *again == imported->connector);
  for (const std::string_view line : aileron::Split(imported->report.Text(), '\n')) {
    Expect(aileron::Printable(line) == line);
  }
  for (const Operation& operation : imported->connector.operations) {
    const bool reads = operation.method == "GET" || operation.method == "HEAD";
    Expect((operation.approval == Approval::kNever) == reads);
  }
  return 0;
}
