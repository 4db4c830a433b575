#include "connector/connector_json.h"

#include "connector/keys.h"

namespace aileron::connector {
namespace {

// Members stay in the order in which they are set.
using Members = nlohmann::ordered_json;

Members ToMembers(const Input& input) {
  Members members = {{"name", input.name}, {"type", WordOf(kTypeWords, input.type)}};
  if (input.items != Type::kString) members["items"] = WordOf(kTypeWords, input.items);
  members["where"] = WordOf(kWhereWords, input.where);
  if (input.required) members["required"] = true;
  if (!input.sent_as.empty()) members["sent_as"] = input.sent_as;
  if (input.list != ListForm::kRepeat) members["list"] = WordOf(kListWords, input.list);
  if (!input.description.empty()) members["description"] = input.description;
  if (!input.default_value.is_null()) members["default"] = input.default_value;
  if (!input.allowed.empty()) members["enum"] = input.allowed;
  if (!input.example.is_null()) members["example"] = input.example;
  return members;
}

Members ToMembers(const Tool& tool) {
  Members members = {{"name", tool.name}, {"summary", tool.summary}};
  if (tool.overrides) members["override"] = true;
  if (!tool.operations.empty()) members["operations"] = tool.operations;
  return members;
}

Members ConsentOf(const Operation& operation) {
  const std::string_view mode = WordOf(kApprovalWords, operation.approval);
  if (!operation.preview && operation.editable.empty()) return mode;
  Members members = {{"mode", mode}};
  if (operation.preview) {
    members["preview"] = {{"operation", operation.preview->operation}};
    if (!operation.preview->inputs.empty()) {
      members["preview"]["inputs"] = operation.preview->inputs;
    }
  }
  if (!operation.editable.empty()) members["editable"] = operation.editable;
  return members;
}

Members BodyOf(const Operation& operation) {
  const std::string_view shape = WordOf(kBodyWords, operation.body);
  if (operation.content_type.empty()) return shape;
  return {{"shape", shape}, {"content_type", operation.content_type}};
}

Members ToMembers(const Operation& operation) {
  Members members = {{"name", operation.name}, {"summary", operation.summary}};
  if (!operation.description.empty()) members["description"] = operation.description;
  members["method"] = operation.method;
  members["path"] = operation.path;
  members["hosts"] = operation.hosts;
  for (const auto& [name, value] : operation.headers) members["headers"][name] = value;
  for (const Input& input : operation.inputs) members["inputs"].push_back(ToMembers(input));
  if (operation.body != BodyShape::kNone) members["body"] = BodyOf(operation);
  if (operation.idempotency == Idempotency::kKey) {
    members["idempotency"]["key"] = operation.idempotency_header;
  } else {
    members["idempotency"] = WordOf(kIdempotencyWords, operation.idempotency);
  }
  members["approval"] = ConsentOf(operation);
  if (!operation.credential.empty()) members["credential"] = operation.credential;
  if (!operation.recorded.empty()) members["audit"]["fields"] = operation.recorded;
  if (!operation.redacted.empty()) members["audit"]["redact"] = operation.redacted;
  return members;
}

// "name": [one a line], at the end of what is written.
template <typename Item>
std::string List(std::string_view name, const std::vector<Item>& items) {
  std::string text = fmt::format(",\n\"{}\": [\n", name);
  for (const Item& item : items) {
    if (&item != &items.front()) text += ",\n";
    text += ToMembers(item).dump();
  }
  return text + "\n]";
}

}  // namespace

std::string WriteConnectorJson(const Connector& connector) {
  const Members head = {{"schema", kSchemaName},
                        {"fqn", connector.fqn},
                        {"version", connector.version},
                        {"summary", connector.summary}};
  std::string text = head.dump();
  text.pop_back();
  if (!connector.tools.empty()) text += List("tools", connector.tools);
  return text + List("operations", connector.operations) + "}\n";
}

}  // namespace aileron::connector
