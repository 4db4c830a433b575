// The body of an operation: which media type is sent, and which inputs it is made of.
//
// Tested by src/connector/openapi_test.cc.
#include <algorithm>

#include "base/text.h"
#include "connector/check.h"
#include "connector/limits.h"
#include "connector/names.h"
#include "connector/openapi_operation.h"

namespace aileron::connector {
namespace {

constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr std::size_t kMediaTypesMax = 50;

std::string_view WithoutParameters(std::string_view media) {
  return Trim(media.substr(0, std::min(media.find(';'), media.size())));
}

// JSON first, then a form, then what is sent as it is; multipart is not spoken.
enum class Media { kJson, kForm, kRaw, kMultipart };
Media MediaOf(std::string_view media) {
  const std::string_view type = WithoutParameters(media);
  if (IsJson(media) || type == "*/*" || type == "application/*") return Media::kJson;
  if (EqualsIgnoreCase(type, kForm)) return Media::kForm;
  return ToLower(type).starts_with("multipart/") ? Media::kMultipart : Media::kRaw;
}

}  // namespace

bool OperationImport::ReadBody() {
  const bool reads = source_.method == "GET" || source_.method == "HEAD";
  const Node* body = world_.references.Member(source_.operation, "requestBody");
  const bool openapi = world_.dialect == Dialect::kOpenApi3;
  const bool present = openapi ? body != nullptr && body->kind == Kind::kMap
                               : swagger_body_ != nullptr || !swagger_form_.empty();
  if (!present) return true;
  if (reads) {
    const Node* described = openapi ? body : swagger_body_;
    const Need need = described != nullptr ? NeedOf(*described) : Need::kOptional;
    return Unusable(need, "it has a body, and its method has none");
  }
  if (openapi) return ReadOpenApiBody(*body);
  return swagger_body_ != nullptr ? ReadSwaggerBody() : ReadSwaggerForm();
}

bool OperationImport::ReadOpenApiBody(const Node& body) {
  References& references = world_.references;
  const Need need = NeedOf(body);
  const Node* content = references.Member(&body, "content");
  if (content == nullptr || content->kind != Kind::kMap || content->items.empty()) return true;
  const Node* best = nullptr;
  for (const Node& each :
       std::span(content->items).first(std::min(content->items.size(), kMediaTypesMax))) {
    if (best == nullptr || MediaOf(each.key) < MediaOf(best->key)) best = &each;
  }
  const Node* schema = references.Member(references.Follow(best), "schema");
  switch (MediaOf(best->key)) {
    case Media::kJson:
      return ReadMembers(BodyShape::kJson, schema,
                         IsJson(best->key) ? std::string_view(best->key) : "application/json");
    case Media::kForm:
      return ReadMembers(BodyShape::kForm, schema, kForm);
    case Media::kRaw:
      return ReadWhole(nullptr, best->key);
    case Media::kMultipart:
      break;
  }
  return Unusable(need, "its body is multipart");
}

bool OperationImport::ReadSwaggerBody() {
  References& references = world_.references;
  const Node* consumes = references.Member(source_.operation, "consumes");
  if (consumes == nullptr) consumes = references.Member(&world_.root, "consumes");
  std::string_view media = "application/json";
  if (consumes != nullptr && consumes->kind == Kind::kList && !consumes->items.empty()) {
    const auto list =
        std::span(consumes->items).first(std::min(consumes->items.size(), kMediaTypesMax));
    const auto found = std::ranges::find_if(
        list, [](const Node& each) { return MediaOf(each.text) == Media::kJson; });
    if (found == list.end()) media = list.front().text;
  }
  const Node* schema = references.Member(swagger_body_, "schema");
  if (MediaOf(media) == Media::kJson) return ReadMembers(BodyShape::kJson, schema, media);
  return ReadWhole(nullptr, media);
}

bool OperationImport::ReadSwaggerForm() {
  References& references = world_.references;
  const bool required = std::ranges::any_of(
      swagger_form_, [&](const Node* each) { return NeedOf(*each) == Need::kRequired; });
  const bool file = std::ranges::any_of(
      swagger_form_, [&](const Node* each) { return references.Text(each, "type") == "file"; });
  if (file) return Unusable(required ? Need::kRequired : Need::kOptional, "its body is multipart");
  operation_.body = BodyShape::kForm;
  for (const Node* parameter : swagger_form_) {
    const std::string_view name = references.Text(parameter, "name");
    const Need need = NeedOf(*parameter);
    auto input = MakeInput(Where::kBody, parameter, parameter);
    if (input) {
      input->required = need == Need::kRequired;
      const bool repeats = references.Text(parameter, "collectionFormat") == "multi";
      if (input->type == Type::kArray && !repeats) input->list = ListForm::kComma;
    }
    if (input && Add(*std::move(input), name, parameter)) continue;
    if (!Unusable(need, "a member of its body cannot be an input", name)) return false;
  }
  return true;
}

bool OperationImport::ReadMembers(BodyShape shape, const Node* schema,
                                  std::string_view content_type) {
  const auto type = world_.schemas.TypeOf(schema);
  const auto properties = world_.schemas.PropertiesOf(schema);
  const bool object = type.value_or(Type::kObject) == Type::kObject && !properties.empty();
  const bool room = operation_.inputs.size() + properties.size() <= limits::kInputsMax;
  if (object && !room) {
    world_.report.Note("its body has too many members, and is one input", What());
  }
  if (!object || !room)
    return ReadWhole(shape == BodyShape::kJson ? schema : nullptr, content_type);
  operation_.body = shape;
  return std::ranges::all_of(properties, [&](const auto& each) { return ReadMember(each); });
}

bool OperationImport::ReadMember(const Schemas::Property& property) {
  auto input = MakeInput(Where::kBody, property.schema, nullptr);
  if (input) {
    input->required = property.required;
    if (Add(*std::move(input), property.name, property.schema)) return true;
  }
  return Unusable(property.required ? Need::kRequired : Need::kOptional,
                  "a member of its body cannot be an input", property.name);
}

bool OperationImport::ReadWhole(const Node* schema, std::string_view content_type) {
  if (!IsHeaderValue(content_type) || !content_type.contains('/') ||
      Printable(content_type) != content_type) {
    return Unusable(Need::kRequired, "its body has no media type");
  }
  operation_.body = BodyShape::kRaw;
  operation_.content_type = content_type;
  Input input{.where = Where::kBody, .required = true};
  if (IsJson(content_type)) {
    input.type = world_.schemas.TypeOf(schema).value_or(Type::kObject);
    if (input.type == Type::kArray) {
      const auto items = world_.schemas.ItemsOf(schema);
      if (!items)
        return Unusable(Need::kRequired, "its body is an array of arrays, or of anything");
      input.items = *items;
    }
  }
  input.description = "The whole body.";
  return Add(std::move(input), "body", schema) ||
         Unusable(Need::kRequired, "it has too many inputs");
}

}  // namespace aileron::connector
