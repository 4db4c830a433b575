// Calls: whatever the arguments are, the target has the spec's segments and parameters, every byte
// of a value is encoded, and headers are single lines. Words are read as flags, too.
#include <algorithm>

#include "base/text.h"
#include "connector/arguments.h"
#include "connector/call.h"
#include "connector/connector_yaml.h"
#include "connector/flags.h"
#include "fuzz/pieces.h"
#include "http/chars.h"
#include "http/url.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::connector;
using nlohmann::json;

namespace {

constexpr std::string_view kSpec = R"(schema: aileron.connector.v1
fqn: example.com/fuzz
version: "1"
summary: Fuzz
hosts: [api.example.com]
operations:
  - name: json
    summary: A JSON body
    method: POST
    path: /v1/{a}/x/{b}
    inputs:
      - {name: a, type: string, where: path, required: true}
      - {name: b, type: array, where: path, default: [z]}
      - {name: q, type: string, where: query}
      - {name: list, type: array, where: query, list: comma}
      - {name: many, type: array, items: number, where: query, sent_as: "many[]"}
      - {name: object, type: object, where: query}
      - {name: h, type: string, where: header, sent_as: X-H}
      - {name: hs, type: array, where: header, sent_as: X-Hs}
      - {name: text, type: string, where: body}
      - {name: tree, type: object, where: body}
      - {name: on, type: boolean, where: body}
    body: json
    idempotency: {key: Idempotency-Key}
    audit: {fields: [a], redact: [text]}
  - name: form
    summary: A form
    method: POST
    path: /v1/{a}/x/{b}
    inputs:
      - {name: a, type: string, where: path, required: true}
      - {name: b, type: integer, where: path, default: 1}
      - {name: q, type: string, where: query}
      - {name: text, type: string, where: body}
      - {name: tree, type: object, where: body}
      - {name: list, type: array, items: object, where: body}
    body: form
)";

const Connector& Spec() {
  static const Connector connector = *ParseConnector(kSpec, "spec");
  return connector;
}

// Names a query or form may have: an input's, or one with members behind it.
bool IsKnown(const Operation& operation, std::string_view undecoded) {
  const auto name = aileron::PercentDecode(undecoded);
  Expect(name.has_value());
  return std::ranges::any_of(operation.inputs, [&](const Input& input) {
    return *name == input.wire_name() || name->starts_with(input.wire_name() + "[");
  });
}

void CheckEncoded(std::string_view text, std::string_view beside) {
  for (const char c : text) {
    const bool letter = aileron::ToLower(c) >= 'a' && aileron::ToLower(c) <= 'z';
    Expect(letter || (c >= '0' && c <= '9') || std::string_view("-._~%").contains(c) ||
           beside.contains(c));
  }
}

void CheckCall(const Operation& operation, const Call& call) {
  Expect(aileron::http::AllAre(call.target, aileron::http::kTargetChar));
  const auto [path, query] = aileron::http::SplitTarget(call.target);
  Expect(path.starts_with("/v1/"));
  CheckEncoded(path, "/,");
  const auto segments = aileron::Split(path, '/');
  Expect(segments.size() == 5 && segments[3] == "x");
  for (const std::string_view segment : segments.begin() == segments.end()
                                            ? std::span<const std::string_view>()
                                            : std::span(segments).subspan(1)) {
    const auto decoded = aileron::PercentDecode(segment);
    Expect(decoded && !decoded->empty() && *decoded != "." && *decoded != "..");
  }
  CheckEncoded(query.value_or(""), "&=,");
  aileron::http::ForEachParameter(query.value_or(""), [&](auto name, auto, auto) {
    Expect(IsKnown(operation, name));
    return true;
  });
  for (const auto& [name, value] : call.headers) {
    Expect(name == "X-H" || name == "X-Hs" || name == "Idempotency-Key");
    Expect(aileron::http::AllAre(value, aileron::http::kFieldChar));
  }
  if (operation.body == BodyShape::kJson) {
    Expect(json::parse(call.body, nullptr, false).is_object());
    return;
  }
  CheckEncoded(call.body, "&=");
  aileron::http::ForEachParameter(call.body, [&](auto name, auto, auto) {
    Expect(IsKnown(operation, name));
    return true;
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText(data, size);
  const json arguments = json::parse(text, nullptr, false);
  for (const Operation& operation : Spec().operations) {
    std::vector<std::string> words;
    for (const std::string_view word : aileron::Split(text, '\n')) words.emplace_back(word);
    if (const auto flags = ParseFlags(operation, words)) {
      Expect(CheckArguments(operation, *flags).has_value());
      if (const auto call = BuildCall(operation, *flags, "key")) CheckCall(operation, *call);
    }
    if (arguments.is_discarded()) continue;
    const std::string line = Describe(operation, arguments);
    Expect(aileron::Printable(line) == line);
    (void)MaskedArguments(operation, arguments).dump();
    (void)RecordedArguments(operation, arguments).dump();
    if (const auto call = BuildCall(operation, arguments, "key")) CheckCall(operation, *call);
  }
  return 0;
}
