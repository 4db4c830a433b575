#include "connector/openapi.h"

#include <gtest/gtest.h>

#include <chrono>

#include "connector/call.h"
#include "connector/check.h"
#include "connector/connector_yaml.h"
#include "connector/limits.h"

namespace aileron::connector {
namespace {

using nlohmann::json;

Imported Import(std::string_view text, const ImportOptions& options = {}) {
  auto imported = ImportOpenApi(text, "api.yaml", options);
  EXPECT_TRUE(imported) << (imported ? "" : imported.error().message);
  if (!imported) return {};
  EXPECT_EQ(CheckConnector(imported->connector), std::nullopt);
  EXPECT_EQ(ParseConnector(WriteConnector(imported->connector), "w"), imported->connector);
  return *std::move(imported);
}

std::string ErrorOf(std::string_view text, const ImportOptions& options = {}) {
  const auto imported = ImportOpenApi(text, "api.yaml", options);
  return imported ? "" : imported.error().message;
}

constexpr std::string_view kPets = R"(openapi: 3.0.3
info: {title: Pet Store, version: 1.2 beta}
servers:
  - url: https://{region}.pets.example/v2/
    variables: {region: {default: eu}}
  - url: https://us.pets.example/v2
  - url: https://old.pets.example/v1
security: [{token: []}]
paths:
  /pets:
    parameters:
      - {name: X-Trace, in: header, schema: {type: string}}
    get:
      operationId: listPets
      tags: [Pets]
      summary: "List <b>pets</b>"
      parameters:
        - {name: limit, in: query, schema: {type: integer, default: 20}, description: How many.}
        - {name: "filter[kind]", in: query, schema: {type: string, enum: [cat, dog]}}
        - {name: tags, in: query, explode: false, schema: {type: array, items: {type: string}}}
        - {name: created, in: query, style: deepObject, schema: {type: object, properties: {gte: {type: integer}}}}
        - {name: session, in: cookie, schema: {type: string}}
        - {name: Authorization, in: header, required: true, schema: {type: string}}
    post:
      operationId: createPet
      tags: [Pets]
      description: Adds a pet. It is announced.
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: "#/components/schemas/Pet"}
  /pets/{pet-id}:
    get:
      operationId: pets/get
      parameters: [{$ref: "#/components/parameters/Id"}]
    delete:
      parameters: [{$ref: "#/components/parameters/Id"}]
      security: []
    put:
      deprecated: true
      operationId: replace
  /pets/{pet-id}/photo:
    post:
      operationId: photo
      parameters: [{$ref: "#/components/parameters/Id"}]
      requestBody:
        required: true
        content: {multipart/form-data: {schema: {type: object}}}
  /import:
    post:
      operationId: import
      requestBody:
        content:
          application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Pet"}}}
  /login:
    post:
      operationId: login
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, required: [user], properties: {user: {type: string}, more: {type: object}}}
  /note:
    put:
      operationId: note
      requestBody: {content: {text/plain: {schema: {type: string}}}}
components:
  securitySchemes:
    token: {type: http, scheme: bearer}
  parameters:
    Id: {name: pet-id, in: path, required: true, schema: {type: string}, example: p1}
  schemas:
    Pet:
      type: object
      required: [name]
      properties:
        id: {type: integer, readOnly: true}
        name: {type: string, example: Rex}
        limit: {type: integer}
        mother: {$ref: "#/components/schemas/Pet"}
        matrix: {type: array, items: {type: array}}
)";

TEST(OpenApi, AVersion3DocumentBecomesAConnector) {
  const Imported imported = Import(kPets);
  const Connector& connector = imported.connector;
  EXPECT_EQ(connector.fqn, "eu.pets.example/pet-store");
  EXPECT_EQ(connector.version, "1.2beta");
  EXPECT_EQ(connector.tools[0].name, "pet-store");
  std::vector<std::string> names;
  for (const Operation& operation : connector.operations) names.push_back(operation.name);
  EXPECT_EQ(names, (std::vector<std::string>{"pets.list-pets", "pets.create-pet", "pets.get",
                                             "pets.delete", "import", "login", "note"}));
  const Operation& list = connector.operations[0];
  EXPECT_EQ(list.summary, "List pets");
  EXPECT_EQ(list.path, "/v2/pets");
  EXPECT_EQ(list.hosts, (std::vector<std::string>{"eu.pets.example", "us.pets.example"}));
  EXPECT_EQ(list.approval, Approval::kNever);
  EXPECT_EQ(list.credential, "token/pet-store");
  EXPECT_EQ(list.Find("limit")->description, "How many. Without it 20.");
  EXPECT_TRUE(list.Find("limit")->default_value.is_null());
  EXPECT_EQ(list.Find("filter_kind")->sent_as, "filter[kind]");
  EXPECT_EQ(list.Find("tags")->list, ListForm::kComma);
  EXPECT_EQ(list.Find("created_gte")->sent_as, "created[gte]");
  EXPECT_EQ(list.Find("X-Trace")->where, Where::kHeader);
  EXPECT_EQ(list.Find("Authorization"), nullptr);
  const Operation& remove = connector.operations[3];
  EXPECT_EQ(remove.credential, "");
  EXPECT_EQ(remove.approval, Approval::kAsk);
  EXPECT_EQ(remove.path, "/v2/pets/{pet-id}");
}

TEST(OpenApi, ABodyBecomesInputs) {
  const Imported imported = Import(kPets);
  const Connector& connector = imported.connector;
  const Operation& create = *connector.Find("pets.create-pet");
  EXPECT_EQ(create.summary, "Adds a pet");
  EXPECT_EQ(create.Find("id"), nullptr);
  EXPECT_EQ(create.Find("mother")->type, Type::kObject);
  EXPECT_EQ(create.Find("matrix"), nullptr);
  const auto call = BuildCall(create, {{"name", "Rex"}, {"mother", {{"name", "Ada"}}}});
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->body, R"({"mother":{"name":"Ada"},"name":"Rex"})");
  EXPECT_FALSE(BuildCall(create, json::object()));
  const auto import = BuildCall(*connector.Find("import"), {{"body", {{{"name", "Rex"}}}}});
  ASSERT_TRUE(import) << import.error().message;
  EXPECT_EQ(import->body, R"([{"name":"Rex"}])");
  EXPECT_EQ(import->content_type, "application/json");
  EXPECT_EQ(BuildCall(*connector.Find("login"), {{"user", "a b"}, {"more", {{"x", 1}}}})->body,
            "user=a%20b&more%5Bx%5D=1");
  EXPECT_EQ(BuildCall(*connector.Find("note"), {{"body", "hi"}})->content_type, "text/plain");
}

TEST(OpenApi, WhatIsLeftOutIsReported) {
  const Imported imported = Import(kPets);
  const std::string report = imported.report.Text();
  for (const std::string_view line :
       {"1 × deprecated\n      PUT /pets/{pet-id}",
        "1 × its body is multipart\n      POST /pets/{pet-id}/photo",
        "1 × it takes a cookie\n      GET /pets: session",
        "1 × a member of its body cannot be an input\n      POST /pets: matrix"}) {
    EXPECT_TRUE(report.contains(line)) << line << "\n" << report;
  }
  ASSERT_EQ(imported.credentials.size(), 1u);
  EXPECT_EQ(imported.credentials[0].scheme, "bearer");
}

TEST(OpenApi, OptionsNarrowAndName) {
  const ImportOptions options{.fqn = "example.org/pets",
                              .version = "7",
                              .tool = "pets",
                              .hosts = {"PROXY.example:8443"},
                              .credential = "token/mine",
                              .include = {"pets"}};
  const Connector connector = Import(kPets, options).connector;
  EXPECT_EQ(connector.operations.size(), 2u);
  EXPECT_EQ(connector.operations[0].hosts, (std::vector<std::string>{"proxy.example:8443"}));
  EXPECT_EQ(connector.operations[0].credential, "token/mine");
  EXPECT_EQ(connector.tools[0].name, "pets");
  EXPECT_EQ(
      Import(kPets, {.include = {"/pets/{pet-id}", "POST /login"}}).connector.operations.size(),
      3u);
  EXPECT_EQ(ErrorOf(kPets, {.include = {"pet"}}),
            "api.yaml has no operation with the tag or path \"pet\". Did you mean \"Pets\"?");
  EXPECT_TRUE(ErrorOf(kPets, {.include = {"/pet"}}).contains("has no operation"));
  EXPECT_FALSE(ErrorOf(kPets, {.fqn = "x"}).empty());
  EXPECT_FALSE(ErrorOf(kPets, {.hosts = {"*.x"}}).empty());
  EXPECT_FALSE(ErrorOf(kPets, {.credential = "x"}).empty());
}

TEST(OpenApi, ASwagger2DocumentBecomesAConnector) {
  const Imported imported = Import(R"({"swagger": "2.0", "info": {"title": "Old", "version": "1"},
    "host": "old.example", "basePath": "/api", "schemes": ["https"],
    "securityDefinitions": {"k": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    "paths": {
      "/things": {
        "get": {"operationId": "things", "security": [{"k": []}], "parameters": [
          {"name": "ids", "in": "query", "type": "array", "items": {"type": "integer"}},
          {"name": "x-key", "in": "header", "type": "string", "required": true},
          {"name": "pin", "in": "query", "type": "string", "format": "password"},
          {"name": "tags", "in": "query", "type": "array", "items": {"type": "string"}, "collectionFormat": "multi"}]},
        "post": {"operationId": "add", "parameters": [
          {"name": "thing", "in": "body", "required": true, "schema": {"$ref": "#/definitions/Thing"}}]},
        "put": {"operationId": "form", "consumes": ["application/x-www-form-urlencoded"], "parameters": [
          {"name": "a", "in": "formData", "type": "string", "required": true}]},
        "patch": {"operationId": "file", "parameters": [
          {"name": "a", "in": "formData", "type": "file", "required": true}]}}},
    "definitions": {"Thing": {"type": "object", "properties": {"size": {"type": "number"}}}}})");
  const Connector& connector = imported.connector;
  EXPECT_EQ(connector.fqn, "old.example/old");
  ASSERT_EQ(connector.operations.size(), 3u);
  EXPECT_EQ(connector.operations[0].path, "/api/things");
  EXPECT_EQ(connector.operations[0].credential, "key/old");
  EXPECT_EQ(connector.operations[0].Find("ids")->list, ListForm::kComma);
  EXPECT_EQ(connector.operations[0].Find("ids")->items, Type::kInteger);
  EXPECT_EQ(connector.operations[0].Find("tags")->list, ListForm::kRepeat);
  EXPECT_EQ(connector.operations[0].inputs.size(), 3u);  // without the credential's header
  EXPECT_EQ(connector.operations[0].redacted, (std::vector<std::string>{"pin"}));
  EXPECT_EQ(connector.operations[1].body, BodyShape::kJson);
  EXPECT_EQ(connector.operations[1].Find("size")->type, Type::kNumber);
  EXPECT_EQ(connector.operations[2].body, BodyShape::kForm);
  EXPECT_EQ(imported.credentials[0].scheme, "header-template");
  EXPECT_EQ(imported.credentials[0].name, "X-Key");
}

std::string Document(std::string_view paths) {
  return fmt::format(R"({{"openapi": "3.1.0", "info": {{"title": "T", "version": "1"}},
    "servers": [{{"url": "https://a.example"}}], "paths": {}}})",
                     paths);
}

TEST(OpenApi, NamesAreMadeAndKeptApart) {
  const Connector connector = Import(Document(R"({
    "/a/{id}": {"get": {}, "post": {"operationId": "X"}, "put": {"operationId": "x"}},
    "/b": {"get": {"operationId": "help", "parameters": [
      {"name": "help", "in": "query"}, {"name": "a.b", "in": "query"}, {"name": "a_b", "in": "query"},
      {"name": "on", "in": "query", "schema": {"type": "boolean"}}, {"name": "no-on", "in": "query"}]}}})"))
                                  .connector;
  ASSERT_EQ(connector.operations.size(), 4u);
  EXPECT_EQ(connector.operations[0].name, "a.get");
  EXPECT_TRUE(connector.operations[0].Find("id")->required);
  EXPECT_EQ(connector.operations[1].name, "x");
  EXPECT_EQ(connector.operations[2].name, "x-2");
  EXPECT_EQ(connector.operations[3].inputs.size(), 5u);
}

TEST(OpenApi, WhatIsNoDocumentIsRefused) {
  for (const std::string_view text :
       {"", "x", "{}", "[]", R"({"openapi": "2.9"})", R"({"swagger": "1.2"})",
        R"({"openapi": "3.0.0"})", "openapi: 3.0.0\npaths: [\n"}) {
    EXPECT_TRUE(ErrorOf(text).starts_with("api.yaml")) << text << ErrorOf(text);
  }
  EXPECT_TRUE(ErrorOf(R"({"openapi": "3.0.0", "servers": [{"url": "/v1"}], "paths": {}})")
                  .contains("names no host"));
  EXPECT_TRUE(ErrorOf(Document("{}")).contains("no operation is left"));
  EXPECT_TRUE(ErrorOf(Document(R"({"/a b": {"get": {}}})"))
                  .contains("its path is not one that can be called"));
  EXPECT_TRUE(ErrorOf(Document(R"({"/a/../b": {"get": {}}})")).contains("no operation is left"));
}

TEST(OpenApi, AHostileDocumentIsBounded) {
  // Every operation refers to one large schema that refers to itself.
  std::string schema = R"({"allOf": [)";
  for (int i = 0; i < 2'000; ++i) schema += R"({"$ref": "#/x"},)";
  schema += R"({}], "required": [)";
  for (int i = 0; i < 20'000; ++i) schema += "\"a\",";
  schema += R"("b"]})";
  std::string paths = "{";
  for (int i = 0; i < 2'000; ++i) {
    paths += fmt::format(R"({}"/p{}": {{"post": {{"requestBody": {{"content": {{"application/json":
      {{"schema": {{"$ref": "#/x"}}}}}}}}}}}})",
                         i > 0 ? "," : "", i);
  }
  std::string text = Document(paths + "}");
  text.insert(text.size() - 1, R"(, "x": )" + schema);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Import(text).connector.operations.size(), 2'000u);
  const auto spent = std::chrono::steady_clock::now() - start;
  EXPECT_LT(std::chrono::duration<double>(spent).count(), 20.0);
}

TEST(OpenApi, WhatAllOperationsShareIsNotReadInFullForEach) {
  std::string paths = "{";
  for (int i = 0; i < 5'000; ++i) {
    paths +=
        fmt::format(R"({}"/p{}": {{"get": {{"$ref": "#/x/operation"}}}})", i > 0 ? "," : "", i);
  }
  std::string parameters = R"({"in": "query", "name": "a"})";
  for (int i = 0; i < 100'000; ++i) parameters += R"(,{"in": "query", "name": "a"})";
  const std::string large(5'000'000, ' ');
  std::string text = Document(paths + "}");
  text.insert(text.size() - 1,
              fmt::format(R"(, "x": {{"operation": {{"description": "{}", "operationId": "{}",
                "parameters": [{{"in": "query", "name": "{}"}}, {}]}}}})",
                          large, large, large, parameters));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(ErrorOf(text).contains("5000 × it has too many parameters"));
  const auto spent = std::chrono::steady_clock::now() - start;
  EXPECT_LT(std::chrono::duration<double>(spent).count(), 20.0);
}

TEST(OpenApi, TenThousandOperationsAreImportedInSeconds) {
  std::string paths = "{";
  for (int i = 0; i < 10'000; ++i) {
    paths +=
        fmt::format(R"({}
      "/groups/{}/items/{{id}}/part{}": {{"post": {{"operationId": "items{}.update", "tags": ["g{}"],
        "summary": "Change item {}", "description": "{}",
        "parameters": [{{"name": "id", "in": "path", "required": true, "schema": {{"type": "string"}}}},
          {{"name": "$top", "in": "query", "schema": {{"type": "integer"}}}}],
        "requestBody": {{"content": {{"application/json": {{"schema": {{"$ref": "#/components/schemas/S{}"}}}}}}}}}}}})",
                    i > 0 ? "," : "", i % 100, i, i, i % 100, i, std::string(300, 'd'), i % 3'000);
  }
  std::string schemas;
  for (int i = 0; i < 3'000; ++i) {
    schemas +=
        fmt::format(R"({}"S{}": {{"type": "object", "properties": {{"a": {{"type": "string"}},
      "b": {{"$ref": "#/components/schemas/S{}"}}, "c": {{"type": "array", "items": {{"type": "integer"}}}}}}}})",
                    i > 0 ? "," : "", i, (i * 7) % 3'000);
  }
  std::string text = Document(paths + "}");
  text.insert(text.size() - 1, R"(, "components": {"schemas": {)" + schemas + "}}");
  const auto start = std::chrono::steady_clock::now();
  const auto imported = ImportOpenApi(text, "api.json", {});
  const auto spent = std::chrono::steady_clock::now() - start;
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_EQ(imported->connector.operations.size(), 10'000u);
  EXPECT_EQ(imported->connector.operations[0].inputs.size(), 5u);
  // A second in a release build; generous here, where sanitizers may run.
  EXPECT_LT(std::chrono::duration<double>(spent).count(), 20.0);
}

}  // namespace
}  // namespace aileron::connector
