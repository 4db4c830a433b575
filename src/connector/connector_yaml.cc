#include "connector/connector_yaml.h"

#include <algorithm>

#include "base/text.h"
#include "connector/check.h"
#include "connector/document.h"
#include "connector/keys.h"
#include "connector/limits.h"
#include "connector/names.h"

namespace aileron::connector {
namespace {

using nlohmann::json;
using Keys = std::span<const std::string_view>;

std::string Quoted(std::string_view text) {
  return fmt::format("\"{}\"", Printable(text.substr(0, limits::kQuotedMax)));
}

template <typename Value, std::size_t N>
std::vector<std::string_view> TextsOf(const std::array<Word<Value>, N>& words) {
  std::vector<std::string_view> texts;
  for (const auto& word : words) texts.push_back(word.text);
  return texts;
}

// From a tree to a connector: keys and types. What the values must be is CheckConnector's.
class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  Result<Connector> Read(const Node& root) {
    if (root.kind != Kind::kMap) {
      return At(root, "a spec is a mapping that begins with \"schema: {}\"", kSchemaName);
    }
    AILERON_TRY(CheckKeys(root, kConnectorKeys));
    std::string schema;
    AILERON_TRY(Text(root, "schema", schema));
    if (schema != kSchemaName) {
      const Node* found = root.Find("schema");
      return At(found != nullptr ? *found : root, "expected \"schema: {}\", found {}", kSchemaName,
                found != nullptr ? Quoted(schema) : "nothing");
    }
    Connector connector;
    AILERON_TRY(Need(root, "a connector", {"fqn", "version", "summary", "operations"}));
    AILERON_TRY(Text(root, "fqn", connector.fqn));
    AILERON_TRY(Text(root, "version", connector.version));
    AILERON_TRY(Text(root, "summary", connector.summary));
    AILERON_TRY(Hosts(root, hosts_));
    AILERON_TRY(Text(root, "credential", credential_));
    AILERON_TRY(Each(root, "tools", limits::kToolsMax, connector.tools,
                     [&](const Node& node) { return ReadTool(node); }));
    AILERON_TRY(Each(root, "operations", limits::kOperationsMax, connector.operations,
                     [&](const Node& node) { return ReadOperation(node); }));
    if (const auto flaw = CheckConnector(connector)) return Tell(root, *flaw);
    return connector;
  }

 private:
  template <typename... Args>
  std::unexpected<Error> At(const Node& node, fmt::format_string<Args...> format,
                            Args&&... args) const {
    return Fail(Code::kInvalid, "{}:{}: {}", file_, node.line,
                fmt::format(format, std::forward<Args>(args)...));
  }

  // A flaw at the line of its place, or of what is nearest above it.
  std::unexpected<Error> Tell(const Node& root, const Flaw& flaw) const {
    const Node& node = PlaceOf(root, flaw.place);
    if (flaw.other.empty()) return At(node, "{}", flaw.message);
    return At(node, "{}; the other one is on line {}", flaw.message,
              PlaceOf(root, flaw.other).line);
  }
  static const Node& PlaceOf(const Node& root, std::string_view place) {
    const Node* node = &root;
    for (const std::string_view step : Split(place, '/')) {
      const Node* next = node->Find(step);
      const auto index = ParseInteger<std::size_t>(step);
      if (node->kind == Kind::kList && index && *index < node->items.size()) {
        next = &node->items[*index];
      }
      if (next == nullptr) break;
      node = next;
    }
    return *node;
  }

  Status CheckKeys(const Node& map, Keys known) const {
    const auto flaw = connector::CheckKeys(map, known);
    if (!flaw) return {};
    return Fail(Code::kInvalid, "{}:{}: {}", file_, flaw->line, flaw->message);
  }
  Status Need(const Node& map, std::string_view what,
              std::initializer_list<std::string_view> keys) const {
    for (const std::string_view key : keys) {
      if (map.Find(key) == nullptr) return At(map, "{} needs \"{}\"", what, key);
    }
    return {};
  }
  std::unexpected<Error> WrongType(const Node& node, std::string_view expected) const {
    const bool scalar = node.kind == Kind::kNumber || node.kind == Kind::kBoolean;
    return At(node, "{} must be {}, and is {}{}", Quoted(node.key), expected, Name(node.kind),
              scalar && expected == Name(Kind::kText)
                  ? fmt::format(": write \"{}\" in quotes", node.text.substr(0, limits::kQuotedMax))
                  : "");
  }

  // Each of these leaves `into` as it is where the key is not there.
  Status Text(const Node& map, std::string_view key, std::string& into) const {
    const Node* node = map.Find(key);
    if (node == nullptr) return {};
    if (node->kind != Kind::kText) return WrongType(*node, Name(Kind::kText));
    into = node->text;
    return {};
  }
  Status Flag(const Node& map, std::string_view key, bool& into) const {
    const Node* node = map.Find(key);
    if (node == nullptr) return {};
    if (node->kind != Kind::kBoolean) return WrongType(*node, Name(Kind::kBoolean));
    into = node->text == "true";
    return {};
  }
  Status Texts(const Node& map, std::string_view key, std::size_t most,
               std::vector<std::string>& into) const {
    const Node* node = map.Find(key);
    if (node == nullptr) return {};
    if (node->kind != Kind::kList) return WrongType(*node, "a list of texts");
    if (node->items.size() > most) {
      return At(*node, "\"{}\" has {} items; at most {} may stand here", key, node->items.size(),
                most);
    }
    for (const Node& item : node->items) {
      if (item.kind != Kind::kText) {
        return At(item, "\"{}\" must be a list of texts, and this is {}", key, Name(item.kind));
      }
      into.push_back(item.text);
    }
    return {};
  }
  Status Hosts(const Node& map, std::vector<std::string>& into) const {
    AILERON_TRY(Texts(map, "hosts", limits::kHostsMax, into));
    for (std::size_t i = 0; i < into.size(); ++i) {
      auto host = CanonicalHost(into[i]);
      if (!host) return At(map.Find("hosts")->items[i], "{}", host.error().message);
      into[i] = *std::move(host);
    }
    return {};
  }
  template <typename Value, std::size_t N>
  Status OneOf(const Node& node, const std::array<Word<Value>, N>& words, Value& into) const {
    const auto texts = TextsOf(words);
    if (node.kind != Kind::kText) {
      return WrongType(node, fmt::format("one of {}", fmt::join(texts, ", ")));
    }
    for (const auto& word : words) {
      if (word.text != node.text) continue;
      into = word.value;
      return {};
    }
    const auto near = NearestWord(node.text.substr(0, limits::kQuotedMax), texts);
    return At(node, "{} is none of {}{}", Quoted(node.text), fmt::join(texts, ", "),
              near ? fmt::format(". Did you mean \"{}\"?", *near) : "");
  }
  template <typename Value, std::size_t N>
  Status OneOf(const Node& map, std::string_view key, const std::array<Word<Value>, N>& words,
               Value& into) const {
    const Node* node = map.Find(key);
    return node == nullptr ? Status() : OneOf(*node, words, into);
  }
  // A list of mappings, each made into a value.
  template <typename Value, typename Make>
  Status Each(const Node& map, std::string_view key, std::size_t most, std::vector<Value>& into,
              const Make& make) const {
    const Node* node = map.Find(key);
    if (node == nullptr) return {};
    if (node->kind != Kind::kList) return WrongType(*node, Name(Kind::kList));
    if (node->items.size() > most) {
      return At(*node, "there are {} {}; at most {} may stand here", node->items.size(), key, most);
    }
    into.reserve(node->items.size());
    for (const Node& item : node->items) {
      if (item.kind != Kind::kMap) {
        return At(item, "each of the {} is a mapping, and this is {}", key, Name(item.kind));
      }
      AILERON_ASSIGN(Value value, make(item));
      into.push_back(std::move(value));
    }
    return {};
  }

  Result<Tool> ReadTool(const Node& node) const {
    AILERON_TRY(CheckKeys(node, kToolKeys));
    AILERON_TRY(Need(node, "a tool", {"name", "summary"}));
    Tool tool;
    AILERON_TRY(Text(node, "name", tool.name));
    AILERON_TRY(Text(node, "summary", tool.summary));
    AILERON_TRY(Flag(node, "override", tool.overrides));
    AILERON_TRY(Texts(node, "operations", limits::kToolGroupsMax, tool.operations));
    return tool;
  }

  Result<Operation> ReadOperation(const Node& node) const {
    AILERON_TRY(CheckKeys(node, kOperationKeys));
    AILERON_TRY(Need(node, "an operation", {"name", "summary", "method", "path"}));
    Operation operation;
    AILERON_TRY(Text(node, "name", operation.name));
    AILERON_TRY(Text(node, "summary", operation.summary));
    AILERON_TRY(Text(node, "description", operation.description));
    AILERON_TRY(Text(node, "method", operation.method));
    AILERON_TRY(Text(node, "path", operation.path));
    AILERON_TRY(Hosts(node, operation.hosts));
    if (node.Find("hosts") == nullptr) operation.hosts = hosts_;
    AILERON_TRY(ReadHeaders(node, operation));
    AILERON_TRY(Each(node, "inputs", limits::kInputsMax, operation.inputs,
                     [&](const Node& input) { return ReadInput(input); }));
    AILERON_TRY(ReadBody(node, operation));
    AILERON_TRY(ReadIdempotency(node, operation));
    AILERON_TRY(ReadApproval(node, operation));
    operation.credential = credential_;
    AILERON_TRY(Text(node, "credential", operation.credential));
    AILERON_TRY(ReadAudit(node, operation));
    return operation;
  }

  Result<Input> ReadInput(const Node& node) const {
    AILERON_TRY(CheckKeys(node, kInputKeys));
    AILERON_TRY(Need(node, "an input", {"name", "type", "where"}));
    Input input;
    AILERON_TRY(Text(node, "name", input.name));
    AILERON_TRY(OneOf(node, "type", kTypeWords, input.type));
    AILERON_TRY(OneOf(node, "items", kTypeWords, input.items));
    AILERON_TRY(OneOf(node, "where", kWhereWords, input.where));
    AILERON_TRY(Flag(node, "required", input.required));
    AILERON_TRY(Text(node, "sent_as", input.sent_as));
    AILERON_TRY(OneOf(node, "list", kListWords, input.list));
    AILERON_TRY(Text(node, "description", input.description));
    if (const Node* value = node.Find("default")) input.default_value = ToJson(*value);
    if (const Node* value = node.Find("example")) input.example = ToJson(*value);
    if (const Node* values = node.Find("enum")) {
      if (values->kind != Kind::kList || values->items.empty()) {
        return At(*values, "\"enum\" must be a list of values, with one at least");
      }
      for (const Node& value : values->items) input.allowed.push_back(ToJson(value));
    }
    return input;
  }

  Status ReadHeaders(const Node& node, Operation& operation) const {
    const Node* headers = node.Find("headers");
    if (headers == nullptr) return {};
    if (headers->kind != Kind::kMap) return WrongType(*headers, Name(Kind::kMap));
    for (const Node& header : headers->items) {
      if (header.kind != Kind::kText) return WrongType(header, Name(Kind::kText));
      if (operation.headers.size() > limits::kHeadersMax) break;
      operation.headers.emplace_back(header.key, header.text);
    }
    return {};
  }

  Status ReadBody(const Node& node, Operation& operation) const {
    const Node* body = node.Find("body");
    if (body == nullptr) return {};
    if (body->kind != Kind::kMap) return OneOf(*body, kBodyWords, operation.body);
    AILERON_TRY(CheckKeys(*body, kBodyKeys));
    AILERON_TRY(Need(*body, "a body", {"shape"}));
    AILERON_TRY(OneOf(*body, "shape", kBodyWords, operation.body));
    return Text(*body, "content_type", operation.content_type);
  }

  Status ReadIdempotency(const Node& node, Operation& operation) const {
    operation.idempotency = IdempotencyOf(operation.method);
    const Node* idempotency = node.Find("idempotency");
    if (idempotency == nullptr) return {};
    if (idempotency->kind == Kind::kMap) {
      AILERON_TRY(CheckKeys(*idempotency, kIdempotencyKeys));
      AILERON_TRY(Need(*idempotency, "idempotency", {"key"}));
      operation.idempotency = Idempotency::kKey;
      return Text(*idempotency, "key", operation.idempotency_header);
    }
    AILERON_TRY(OneOf(*idempotency, kIdempotencyWords, operation.idempotency));
    if (operation.idempotency != Idempotency::kKey) return {};
    return At(*idempotency, "a key needs its header: write {{key: Idempotency-Key}}");
  }

  Status ReadApproval(const Node& node, Operation& operation) const {
    operation.approval = ApprovalOf(operation.idempotency);
    const Node* approval = node.Find("approval");
    if (approval == nullptr) return {};
    if (approval->kind != Kind::kMap) {
      return OneOf(*approval, kApprovalWords, operation.approval);
    }
    AILERON_TRY(CheckKeys(*approval, kApprovalKeys));
    AILERON_TRY(OneOf(*approval, "mode", kApprovalWords, operation.approval));
    AILERON_TRY(Texts(*approval, "editable", limits::kInputsMax, operation.editable));
    const Node* preview = approval->Find("preview");
    if (preview == nullptr) return {};
    if (preview->kind != Kind::kMap) return WrongType(*preview, Name(Kind::kMap));
    AILERON_TRY(CheckKeys(*preview, kPreviewKeys));
    AILERON_TRY(Need(*preview, "a preview", {"operation"}));
    operation.preview.emplace();
    AILERON_TRY(Text(*preview, "operation", operation.preview->operation));
    const Node* inputs = preview->Find("inputs");
    if (inputs == nullptr) return {};
    if (inputs->kind != Kind::kMap) return WrongType(*inputs, Name(Kind::kMap));
    for (const Node& input : inputs->items) {
      if (input.kind != Kind::kText) return WrongType(input, Name(Kind::kText));
      if (!operation.preview->inputs.emplace(input.key, input.text).second) {
        return At(input, "{} stands here a second time", Quoted(input.key));
      }
    }
    return {};
  }

  Status ReadAudit(const Node& node, Operation& operation) const {
    const Node* audit = node.Find("audit");
    if (audit == nullptr) return {};
    if (audit->kind != Kind::kMap) return WrongType(*audit, Name(Kind::kMap));
    AILERON_TRY(CheckKeys(*audit, kAuditKeys));
    AILERON_TRY(Texts(*audit, "fields", limits::kInputsMax, operation.recorded));
    return Texts(*audit, "redact", limits::kInputsMax, operation.redacted);
  }

  std::string_view file_;
  std::vector<std::string> hosts_;
  std::string credential_;
};

// Values as YAML: every text in quotes, as JSON writes it, which YAML reads the same way.
std::string Quote(const std::string& text) { return json(text).dump(); }

std::string List(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(Quote(text));
  return fmt::format("[{}]", fmt::join(quoted, ", "));
}

// A map in one line.
template <typename Pairs>
std::string Map(const Pairs& pairs) {
  std::vector<std::string> members;
  for (const auto& [key, value] : pairs) {
    members.push_back(fmt::format("{}: {}", Quote(key), Quote(value)));
  }
  return fmt::format("{{{}}}", fmt::join(members, ", "));
}

class Writer {
 public:
  std::string Write(const Connector& connector) {
    Line("", "schema", kSchemaName);
    Line("", "fqn", Quote(connector.fqn));
    Line("", "version", Quote(connector.version));
    Line("", "summary", Quote(connector.summary));
    if (!connector.tools.empty()) text_ += "tools:\n";
    for (const Tool& tool : connector.tools) WriteTool(tool);
    text_ += "operations:\n";
    for (const Operation& operation : connector.operations) WriteOperation(operation);
    return std::move(text_);
  }

 private:
  void Line(std::string_view indent, std::string_view key, std::string_view value) {
    fmt::format_to(std::back_inserter(text_), "{}{}: {}\n", indent, key, value);
  }

  void WriteTool(const Tool& tool) {
    Line("  - ", "name", Quote(tool.name));
    Line("    ", "summary", Quote(tool.summary));
    if (tool.overrides) Line("    ", "override", "true");
    if (!tool.operations.empty()) Line("    ", "operations", List(tool.operations));
  }

  void WriteOperation(const Operation& operation) {
    constexpr std::string_view kIndent = "    ";
    Line("  - ", "name", Quote(operation.name));
    Line(kIndent, "summary", Quote(operation.summary));
    if (!operation.description.empty()) Line(kIndent, "description", Quote(operation.description));
    Line(kIndent, "method", Quote(operation.method));
    Line(kIndent, "path", Quote(operation.path));
    Line(kIndent, "hosts", List(operation.hosts));
    if (!operation.headers.empty()) Line(kIndent, "headers", Map(operation.headers));
    if (!operation.inputs.empty()) text_ += "    inputs:\n";
    for (const Input& input : operation.inputs) WriteInput(input);
    if (operation.body == BodyShape::kRaw) {
      Line(kIndent, "body",
           fmt::format("{{shape: raw, content_type: {}}}", Quote(operation.content_type)));
    } else if (operation.body != BodyShape::kNone) {
      Line(kIndent, "body", WordOf(kBodyWords, operation.body));
    }
    if (operation.idempotency == Idempotency::kKey) {
      Line(kIndent, "idempotency", fmt::format("{{key: {}}}", Quote(operation.idempotency_header)));
    } else {
      Line(kIndent, "idempotency", WordOf(kIdempotencyWords, operation.idempotency));
    }
    WriteApproval(operation);
    if (!operation.credential.empty()) Line(kIndent, "credential", Quote(operation.credential));
    if (operation.recorded.empty() && operation.redacted.empty()) return;
    text_ += "    audit:\n";
    if (!operation.recorded.empty()) Line("      ", "fields", List(operation.recorded));
    if (!operation.redacted.empty()) Line("      ", "redact", List(operation.redacted));
  }

  void WriteInput(const Input& input) {
    constexpr std::string_view kIndent = "        ";
    Line("      - ", "name", Quote(input.name));
    Line(kIndent, "type", WordOf(kTypeWords, input.type));
    if (input.items != Type::kString) Line(kIndent, "items", WordOf(kTypeWords, input.items));
    Line(kIndent, "where", WordOf(kWhereWords, input.where));
    if (input.required) Line(kIndent, "required", "true");
    if (!input.sent_as.empty()) Line(kIndent, "sent_as", Quote(input.sent_as));
    if (input.list != ListForm::kRepeat) Line(kIndent, "list", WordOf(kListWords, input.list));
    if (!input.description.empty()) Line(kIndent, "description", Quote(input.description));
    if (!input.default_value.is_null()) Line(kIndent, "default", input.default_value.dump());
    if (!input.allowed.empty()) Line(kIndent, "enum", json(input.allowed).dump());
    if (!input.example.is_null()) Line(kIndent, "example", input.example.dump());
  }

  void WriteApproval(const Operation& operation) {
    if (!operation.preview && operation.editable.empty()) {
      Line("    ", "approval", WordOf(kApprovalWords, operation.approval));
      return;
    }
    text_ += "    approval:\n";
    Line("      ", "mode", WordOf(kApprovalWords, operation.approval));
    if (operation.preview) {
      text_ += "      preview:\n";
      Line("        ", "operation", Quote(operation.preview->operation));
      if (!operation.preview->inputs.empty()) {
        Line("        ", "inputs", Map(operation.preview->inputs));
      }
    }
    if (!operation.editable.empty()) Line("      ", "editable", List(operation.editable));
  }

  std::string text_;
};

}  // namespace

Result<Connector> ParseConnector(std::string_view text, std::string_view file) {
  if (text.size() > limits::kFileMax) {
    return Fail(Code::kInvalid, "{} is larger than {} bytes", file, limits::kFileMax);
  }
  AILERON_ASSIGN(const Node root, ParseDocument(text, file, Aliases::kRefused));
  return Reader(file).Read(root);
}

std::string WriteConnector(const Connector& connector) { return Writer().Write(connector); }

}  // namespace aileron::connector
