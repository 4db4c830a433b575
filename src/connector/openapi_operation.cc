// Tested by src/connector/openapi_test.cc.
#include "connector/openapi_operation.h"

#include <algorithm>

#include "base/text.h"
#include "connector/check.h"
#include "connector/import_text.h"
#include "connector/limits.h"
#include "connector/names.h"

namespace aileron::connector {
namespace {

using nlohmann::json;

// The names between braces in a path.
std::set<std::string_view> NamesIn(std::string_view path) {
  std::set<std::string_view> names;
  std::size_t open = path.find('{');
  while (open != std::string_view::npos) {
    const std::size_t close = path.find('}', open);
    if (close == std::string_view::npos) break;
    names.insert(path.substr(open + 1, close - open - 1));
    open = path.find('{', close);
  }
  return names;
}

bool IsStructured(const Input& input) {
  return input.type == Type::kObject ||
         (input.type == Type::kArray && input.items == Type::kObject);
}

}  // namespace

std::string OperationImport::What() const {
  return fmt::format("{} {}", source_.method, source_.path.substr(0, limits::kPathMax));
}

OperationImport::Need OperationImport::NeedOf(const Node& described) {
  return world_.references.IsTrue(&described, "required") ? Need::kRequired : Need::kOptional;
}

bool OperationImport::Unusable(Need need, std::string_view reason, std::string_view part) {
  if (need == Need::kRequired) {
    world_.report.LeaveOut(reason, What());
    return false;
  }
  world_.report.Note(reason, part.empty() ? What() : fmt::format("{}: {}", What(), part));
  return true;
}

std::optional<Operation> OperationImport::Make() {
  world_.schemas.Begin();
  operation_.method = source_.method;
  path_names_ = NamesIn(source_.path.substr(0, limits::kPathMax));
  if (!ReadTexts() || !ReadParameters() || !ReadPath() || !ReadBody()) return std::nullopt;
  operation_.idempotency = IdempotencyOf(operation_.method);
  operation_.approval = ApprovalOf(operation_.idempotency);
  return std::move(operation_);
}

bool OperationImport::ReadTexts() {
  References& references = world_.references;
  const std::string_view summary = references.Text(source_.operation, "summary");
  const std::string_view description = references.Text(source_.operation, "description");
  operation_.summary = CleanText(summary, limits::kImportedSummaryMax);
  if (operation_.summary.empty()) {
    operation_.summary = FirstSentence(description, limits::kImportedSummaryMax);
  }
  if (operation_.summary.empty()) {
    operation_.summary = CleanText(What(), limits::kImportedSummaryMax);
  }
  operation_.description = CleanText(description, limits::kImportedTextMax);
  if (operation_.description == operation_.summary) operation_.description.clear();
  return true;
}

bool OperationImport::ReadParameters() {
  // Those of the operation stand before those of its path that have the same name and place.
  std::set<std::pair<std::string_view, std::string_view>> seen;
  std::vector<const Node*> parameters;
  std::size_t looked_at = 0;
  for (const Node* of : {source_.operation, source_.item}) {
    const Node* list = world_.references.Member(of, "parameters");
    if (list == nullptr || list->kind != Kind::kList) continue;
    for (const Node& each : list->items) {
      if (++looked_at > limits::kParametersMax) {
        return Unusable(Need::kRequired, "it has too many parameters");
      }
      const Node* parameter = world_.references.Follow(&each);
      if (parameter == nullptr || parameter->kind != Kind::kMap) {
        return Unusable(Need::kRequired, "a parameter refers to nothing in the document");
      }
      const auto key = std::pair(world_.references.Text(parameter, "in"),
                                 world_.references.Text(parameter, "name"));
      if (seen.insert(key).second) parameters.push_back(parameter);
    }
  }
  // Those of the path come first, as people write them.
  for (const bool first : {true, false}) {
    for (const Node* each : parameters) {
      const bool in_path = world_.references.Text(each, "in") == "path";
      if (in_path == first && !ReadParameter(*each)) return false;
    }
  }
  return true;
}

bool OperationImport::ReadParameter(const Node& parameter) {
  References& references = world_.references;
  const std::string_view name = references.Text(&parameter, "name");
  const std::string_view in = references.Text(&parameter, "in");
  const Need need = NeedOf(parameter);
  if (name.size() > limits::kKeyMax) return Unusable(need, "a parameter's name is too long");
  // What carries the credential is added where it is kept, never by who calls.
  if (world_.credentials.contains(std::pair(std::string(in), ToLower(name)))) return true;
  if (in == "body" && world_.dialect == Dialect::kSwagger2) {
    swagger_body_ = &parameter;
    return true;
  }
  if (in == "formData" && world_.dialect == Dialect::kSwagger2) {
    swagger_form_.push_back(&parameter);
    return true;
  }
  const Node* schema = &parameter;  // Swagger has the type in the parameter itself
  if (world_.dialect == Dialect::kOpenApi3) {
    schema = references.Member(&parameter, "schema");
    const Node* content = references.Member(&parameter, "content");
    if (schema == nullptr && content != nullptr && !content->items.empty()) {
      schema = references.Member(references.Follow(&content->items.front()), "schema");
    }
  }
  if (in == "query") return ReadQueryParameter(parameter, schema, need);
  if (in == "header") return ReadHeaderParameter(parameter, schema, need);
  if (in == "cookie") return Unusable(need, "it takes a cookie", name);
  if (in != "path") return Unusable(need, "a parameter stands in an unknown place", name);
  if (!path_names_.contains(name)) {
    return Unusable(Need::kOptional, "a parameter of the path is not in the path", name);
  }
  auto input = MakeInput(Where::kPath, schema, &parameter);
  if (!input) return Unusable(Need::kRequired, "a parameter has a type that is not known");
  input->required = true;
  return Add(*std::move(input), name, schema) ||
         Unusable(Need::kRequired, "a parameter of the path has a name that cannot be one");
}

bool OperationImport::ReadQueryParameter(const Node& parameter, const Node* schema, Need need) {
  References& references = world_.references;
  const std::string_view name = references.Text(&parameter, "name");
  const std::string_view style = references.Text(&parameter, "style");
  const std::string_view explode = references.Text(&parameter, "explode");
  if (world_.dialect == Dialect::kOpenApi3 && references.Get(&parameter, "content") == nullptr &&
      world_.schemas.TypeOf(schema) == Type::kObject && style != "spaceDelimited") {
    // Each property is a parameter: name[property], or by itself.
    const auto properties = world_.schemas.PropertiesOf(schema);
    if (properties.empty() || operation_.inputs.size() + properties.size() > limits::kInputsMax) {
      return Unusable(need, "a parameter of the query is an object of any members", name);
    }
    for (const auto& property : properties) {
      const Need needed = property.required ? need : Need::kOptional;
      auto input = MakeInput(Where::kQuery, property.schema, nullptr);
      if (!input || IsStructured(*input)) {
        if (!Unusable(needed, "a parameter of the query holds objects in objects", name))
          return false;
        continue;
      }
      input->required = needed == Need::kRequired;
      const std::string wire = style == "deepObject" ? fmt::format("{}[{}]", name, property.name)
                                                     : std::string(property.name);
      if (!Add(*std::move(input), wire, property.schema) &&
          !Unusable(needed, "a parameter has a name that cannot be sent", wire)) {
        return false;
      }
    }
    return true;
  }
  auto input = MakeInput(Where::kQuery, schema, &parameter);
  if (!input) return Unusable(need, "a parameter has a type that is not known", name);
  input->required = need == Need::kRequired;
  if (input->type == Type::kArray) {
    const bool repeats = world_.dialect == Dialect::kSwagger2
                             ? references.Text(&parameter, "collectionFormat") == "multi"
                             : explode != "false";
    if (!repeats) input->list = ListForm::kComma;
  }
  return Add(*std::move(input), name, schema) ||
         Unusable(need, "a parameter has a name that cannot be sent", name);
}

bool OperationImport::ReadHeaderParameter(const Node& parameter, const Node* schema, Need need) {
  const std::string_view name = world_.references.Text(&parameter, "name");
  // OpenAPI says that these three are ignored: they are said elsewhere.
  for (const std::string_view ignored : {"Accept", "Content-Type", "Authorization"}) {
    if (EqualsIgnoreCase(name, ignored)) return true;
  }
  if (!CheckHeaderName(name)) return Unusable(need, "it takes a header that is not its own", name);
  auto input = MakeInput(Where::kHeader, schema, &parameter);
  if (!input) return Unusable(need, "a parameter has a type that is not known", name);
  input->required = need == Need::kRequired;
  return Add(*std::move(input), name, schema) ||
         Unusable(need, "a parameter has a name that cannot be sent", name);
}

bool OperationImport::ReadPath() {
  const std::string whole = source_.base_path + std::string(source_.path);
  if (whole.size() > limits::kPathMax) return Unusable(Need::kRequired, "its path is too long");
  std::string_view rest = whole;
  while (!rest.empty()) {
    const std::size_t open = std::min(rest.find('{'), rest.size());
    operation_.path += rest.substr(0, open);
    rest.remove_prefix(open);
    if (rest.empty()) break;
    const std::size_t close = rest.find('}');
    if (close == std::string_view::npos)
      return Unusable(Need::kRequired, "its path has a { without }");
    const std::string name(rest.substr(1, close - 1));
    rest.remove_prefix(close + 1);
    if (!path_inputs_.contains(name)) {
      world_.report.Note("a parameter of the path is not described", What());
      if (!Add({.where = Where::kPath, .required = true}, name, nullptr)) {
        return Unusable(Need::kRequired, "a parameter of the path has a name that cannot be one");
      }
    }
    operation_.path += "{" + path_inputs_[name] + "}";
  }
  // "/pets/" of one server and "/pets" of another are two paths; an empty segment is a mistake.
  if (!SplitPath(operation_.path))
    return Unusable(Need::kRequired, "its path is not one that can be called");
  return true;
}

std::optional<Input> OperationImport::MakeInput(Where where, const Node* schema,
                                                const Node* described) {
  Schemas& schemas = world_.schemas;
  const bool in_body = where == Where::kBody;
  Input input{.where = where};
  input.type = schemas.TypeOf(schema).value_or(
      in_body && operation_.body == BodyShape::kJson ? Type::kObject : Type::kString);
  const Node* values = schema;
  if (input.type == Type::kArray) {
    const auto items = schemas.ItemsOf(schema);
    if (!items && in_body) return std::nullopt;
    input.items = items.value_or(Type::kString);
    values = world_.references.Member(world_.references.Follow(schema), "items");
  }
  // What a path or a header holds is text, whatever it looks like.
  if (IsStructured(input) && (where == Where::kPath || where == Where::kHeader)) {
    input.type = Type::kString;
    input.items = Type::kString;
    values = nullptr;
  }
  const Type scalar = input.type == Type::kArray ? input.items : input.type;
  if (scalar != Type::kObject) input.allowed = schemas.AllowedOf(values, scalar);
  References& references = world_.references;
  const Node* followed = references.Follow(schema);
  std::string_view description = references.Text(described, "description");
  if (description.empty()) description = references.Text(followed, "description");
  input.description = CleanText(description, limits::kImportedInputTextMax);
  if (const auto fallback = CleanText(references.Text(followed, "default"), limits::kSentAsMax);
      !fallback.empty()) {
    input.description +=
        fmt::format("{}Without it {}.", input.description.empty() ? "" : " ", fallback);
  }
  for (const Node* of : {described, followed}) {
    const Node* example = references.Get(of, "example");
    const bool scalar_example =
        example != nullptr && example->kind != Kind::kList && example->kind != Kind::kMap;
    if (!scalar_example || !input.example.is_null()) continue;
    const bool shown = CheckShown(example->text, limits::kSentAsMax, Lines::kOne).has_value() &&
                       Trim(example->text) == example->text;
    if (!shown) continue;
    json value = ToJson(*example);
    if (!Misfit(input, value)) input.example = std::move(value);
  }
  return input;
}

bool OperationImport::TakeName(Input& input, std::string_view wanted) {
  constexpr int kTriesMax = 100;
  const std::string base = InputNameOf(wanted);
  for (int i = 0; i < kTriesMax; ++i) {
    input.name = base;
    if (i > 0) input.name = fmt::format("{}_{}", base, i + 1);
    if (i == 0 && input.where == Where::kBody && flags_.contains(FlagName(base))) {
      input.name = InputNameOf("body_" + base);
    }
    const std::string flag = FlagName(input.name);
    const bool boolean = input.type == Type::kBoolean;
    if (flags_.contains(flag) || (boolean && flags_.contains("no-" + flag))) continue;
    flags_.insert(flag);
    if (boolean) flags_.insert("no-" + flag);
    return true;
  }
  return false;
}

bool OperationImport::Add(Input input, std::string_view wire, const Node* schema) {
  if (wire.empty() || operation_.inputs.size() >= limits::kInputsMax) return false;
  std::string place(wire);
  if (input.where == Where::kHeader) place = ToLower(place);
  if (!sent_.emplace(input.where, place).second) return true;
  if (!TakeName(input, wire)) return false;
  if (input.where == Where::kPath) {
    path_inputs_[std::string(wire)] = input.name;
  } else if (input.name != wire) {
    const auto visible = [](char c) { return c > ' ' && c < 0x7f; };
    if (wire.size() > limits::kSentAsMax || !std::ranges::all_of(wire, visible)) return false;
    input.sent_as = wire;
  }
  const Node* followed = world_.references.Follow(schema);
  if (world_.references.Text(followed, "format") == "password") {
    operation_.redacted.push_back(input.name);
  }
  operation_.inputs.push_back(std::move(input));
  return true;
}

}  // namespace aileron::connector
