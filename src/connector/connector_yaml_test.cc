#include "connector/connector_yaml.h"

#include <gtest/gtest.h>

#include <set>

#include "connector/keys.h"
#include "connector/limits.h"

namespace aileron::connector {
namespace {

using nlohmann::json;

constexpr std::string_view kGood = R"(schema: aileron.connector.v1
fqn: example.com/notes
version: "1.0"
summary: Notes
hosts: [API.example.com:443, api.example.com:8443]
credential: token/notes
tools:
  - name: notes
    summary: Notes
operations:
  - name: notes.get
    summary: Show a note
    method: GET
    path: /notes/{id}
    inputs:
      - {name: id, type: string, where: path, required: true}
  - name: notes.put
    summary: Write a note
    description: |-
      Over what
      was there.
    method: PUT
    path: /v1/{id}/note
    headers: {Accept: text/plain}
    inputs:
      - {name: id, type: string, where: path, required: true}
      - {name: text, type: string, where: body, required: true, example: "a: b"}
      - {name: tags, type: array, where: body, sent_as: "tags[]", enum: [a, b], default: [a]}
      - {name: pinned, type: boolean, where: body, default: false}
      - {name: weight, type: number, where: query, enum: [1, 2.5], default: 2.5}
      - {name: trace, type: string, where: header, sent_as: X-Trace}
      - {name: secret, type: object, where: body}
    body: json
    approval:
      mode: ask
      preview: {operation: notes.get, inputs: {id: id}}
      editable: [text]
    credential: ""
    audit: {fields: [id], redact: [secret]}
)";

std::string ErrorOf(std::string_view text) {
  const auto connector = ParseConnector(text, "c.yaml");
  return connector ? "" : connector.error().message;
}

// The good one with one text in it replaced.
std::string With(std::string_view old, std::string_view fresh) {
  std::string text(kGood);
  const std::size_t at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return text.replace(at, old.size(), fresh);
}

// What is said of it, and whether its line is that of `fresh`.
std::string ErrorWith(std::string_view old, std::string_view fresh) {
  const std::string text = With(old, fresh);
  const std::string error = ErrorOf(text);
  const auto line = std::ranges::count(text.substr(0, text.find(fresh)), '\n') + 1;
  EXPECT_TRUE(error.starts_with(fmt::format("c.yaml:{}: ", line))) << fresh << " -> " << error;
  return error.substr(std::min(error.size(), error.find(": ") + 2));
}

TEST(ConnectorYaml, AGoodSpecIsRead) {
  const auto connector = ParseConnector(kGood, "c.yaml");
  ASSERT_TRUE(connector) << connector.error().message;
  EXPECT_EQ(connector->fqn, "example.com/notes");
  ASSERT_EQ(connector->operations.size(), 2u);
  const Operation& get = connector->operations[0];
  EXPECT_EQ(get.hosts, (std::vector<std::string>{"api.example.com", "api.example.com:8443"}));
  EXPECT_EQ(get.credential, "token/notes");
  EXPECT_EQ(get.idempotency, Idempotency::kSafe);
  EXPECT_EQ(get.approval, Approval::kNever);
  const Operation& put = connector->operations[1];
  EXPECT_EQ(put.description, "Over what\nwas there.");
  EXPECT_EQ(put.idempotency, Idempotency::kIdempotent);
  EXPECT_EQ(put.approval, Approval::kAsk);
  EXPECT_EQ(put.preview->operation, "notes.get");
  EXPECT_EQ(put.credential, "");
  EXPECT_EQ(put.Find("tags")->default_value, json::parse(R"(["a"])"));
  EXPECT_EQ(put.Find("weight")->allowed, (std::vector<json>{1, 2.5}));
  EXPECT_EQ(put.Find("trace")->wire_name(), "X-Trace");
}

TEST(ConnectorYaml, WhatIsWrittenReadsBackTheSame) {
  auto connector = *ParseConnector(kGood, "c.yaml");
  connector.summary = "It's \"quoted\": \\ # no comment, 'ünïcode' – and {more}";
  connector.operations[1].description = "- a\n# b\n  c: \"d\"\n\n%41 ~ null";
  connector.operations[1].idempotency = Idempotency::kKey;
  connector.operations[1].idempotency_header = "Idempotency-Key";
  connector.operations[1].inputs[6].example =
      json::parse(R"({"a": [1, -2.5e30, {"b": null}], "c d": true})");
  connector.operations[1].inputs[1].default_value = "2026-01-01";
  connector.tools[0].overrides = true;
  connector.tools[0].operations = {"notes"};
  const std::string text = WriteConnector(connector);
  const auto again = ParseConnector(text, "c.yaml");
  ASSERT_TRUE(again) << again.error().message << text;
  EXPECT_EQ(*again, connector);
  EXPECT_EQ(WriteConnector(*again), text);
}

TEST(ConnectorYaml, JsonIsReadByTheSameRules) {
  json spec = {{"schema", "aileron.connector.v1"},
               {"fqn", "example.com/notes"},
               {"version", "1"},
               {"summary", "Notes"},
               {"operations",
                {{{"name", "notes.list"},
                  {"summary", "List notes"},
                  {"method", "GET"},
                  {"path", "/notes"},
                  {"hosts", {"api.example.com"}}}}}};
  const auto connector = ParseConnector(spec.dump(2), "c.json");
  ASSERT_TRUE(connector) << connector.error().message;
  EXPECT_EQ(connector->operations[0].name, "notes.list");
  spec["operations"][0]["methd"] = "GET";
  const std::string error = ErrorOf(spec.dump(2));
  EXPECT_TRUE(error.starts_with("c.yaml:")) << error;
  EXPECT_TRUE(error.ends_with("unknown key \"methd\". Did you mean \"method\"?")) << error;
  spec["operations"][0].erase("methd");
  spec["version"] = 1;
  EXPECT_TRUE(ErrorOf(spec.dump(2))
                  .ends_with("\"version\" must be text, and is a number: write \"1\" in quotes"));
}

TEST(ConnectorYaml, AMistakeIsToldWithItsLineAndTheNearestWord) {
  EXPECT_EQ(ErrorWith("    method: GET", "    metod: GET"),
            "unknown key \"metod\". Did you mean \"method\"?");
  EXPECT_EQ(ErrorWith("method: GET", "summary: again"), "\"summary\" stands here a second time");
  EXPECT_EQ(ErrorWith("method: GET", "method: [GET]"), "\"method\" must be text, and is a list");
  EXPECT_EQ(ErrorWith("version: \"1.0\"", "version: 1.0"),
            "\"version\" must be text, and is a number: write \"1.0\" in quotes");
  EXPECT_EQ(ErrorWith("type: boolean", "type: bolean"),
            "\"bolean\" is none of string, integer, number, boolean, array, object. Did you mean "
            "\"boolean\"?");
  EXPECT_EQ(ErrorWith("editable: [text]", "editable: [txt]"),
            "there is no input \"txt\". Did you mean \"text\"?");
  EXPECT_EQ(ErrorWith("{operation: notes.get, inputs: {id: id}}", "{operation: note.get}"),
            "there is no operation \"note.get\". Did you mean \"notes.get\"?");
  EXPECT_EQ(ErrorWith("/notes/{id}", "/notes/{idd}"),
            "there is no input for {idd} of the path. Did you mean \"id\"?");
  EXPECT_EQ(ErrorOf(With("fqn: example.com/notes\n", "")), "c.yaml:1: a connector needs \"fqn\"");
}

TEST(ConnectorYaml, EveryKindOfMistakeIsRefused) {
  const std::pair<std::string_view, std::string_view> changes[] = {
      {"aileron.connector.v1", "aileron.connector.v2"},
      {"example.com/notes", "notes"},
      {"example.com/notes", "Example.com/notes"},
      {"\"1.0\"", "\"1 0\""},
      {"API.example.com:443", "\"*.example.com\""},
      {"API.example.com:443", "api.example.com/x"},
      {"API.example.com:443", "api.example.com:0"},
      {"API.example.com:443", "\"127.1\""},
      {"token/notes", "notes"},
      {"- name: notes\n", "- name: Notes\n"},
      {"- name: notes\n", "- name: aileron\n"},
      {"name: notes.put", "name: notes.get"},
      {"name: notes.put", "name: notes..put"},
      {"name: notes.put", "name: notesPut"},
      {"method: PUT", "method: put"},
      {"method: PUT", "method: CONNECT"},
      {"/notes/{id}", "notes/{id}"},
      {"/notes/{id}", "/notes"},
      {"/notes/{id}", "/notes/{id}/{id}"},
      {"/notes/{id}", "/notes/{id"},
      {"/notes/{id}", "/notes/../{id}"},
      {"/notes/{id}", "/notes/%2e%2E/{id}"},
      {"/notes/{id}", "/notes//{id}"},
      {"/notes/{id}", "/notes/{id}?a=b"},
      {"/notes/{id}", "/no tes/{id}"},
      {"/notes/{id}", "/notes/%zz/{id}"},
      {"where: path, required: true}\n  - name: notes.put", "where: path}\n  - name: notes.put"},
      {"name: weight, type: number, where: query", "name: weight, type: number, where: path"},
      {"sent_as: X-Trace", "sent_as: Host"},
      {"sent_as: X-Trace", "sent_as: content-LENGTH"},
      {"sent_as: X-Trace", "sent_as: Transfer-Encoding"},
      {"sent_as: X-Trace", "sent_as: Authorization"},
      {"sent_as: X-Trace", "sent_as: Cookie"},
      {"sent_as: X-Trace", "sent_as: Connection"},
      {"sent_as: X-Trace", "sent_as: Proxy-Authorization"},
      {"sent_as: X-Trace", "sent_as: Sec-Fetch-Site"},
      {"sent_as: X-Trace", "sent_as: X-HTTP-Method-Override"},
      {"sent_as: X-Trace", "sent_as: \"X Trace\""},
      {"sent_as: X-Trace", "sent_as: accept"},
      {"Accept: text/plain", "Upgrade: h2c"},
      {"Accept: text/plain", "Accept: \"text\\r\\nX: y\""},
      {"name: trace", "name: t:race"},
      {"name: trace", "name: help"},
      {"name: trace", "name: text"},
      {"name: trace", "name: Text"},
      {"name: trace", "name: no_pinned"},
      {"sent_as: \"tags[]\"", "sent_as: text"},
      {"type: array, where: body", "type: array, items: array, where: body"},
      {"type: number, where", "type: number, items: integer, where"},
      {"default: [a]", "default: [c]"},
      {"default: [a]", "default: a"},
      {"default: false", "default: \"no\""},
      {"enum: [1, 2.5]", "enum: [1, b]"},
      {"enum: [1, 2.5]", "enum: []"},
      {"default: 2.5", "default: 3"},
      {"example: \"a: b\"", "example: 7"},
      {"body: json", "body: none"},
      {"body: json", "body: raw"},
      {"body: json", "body: {shape: json, content_type: text/plain}"},
      {"body: json", "body: jsn"},
      {"body: json", "body: json\n    idempotency: key"},
      {"body: json", "body: json\n    idempotency: {key: Host}"},
      {"body: json", "body: json\n    idempotency: {key: x-trace}"},
      {"mode: ask", "mode: never"},
      {"mode: ask", "mode: maybe"},
      {"{id: id}", "{id: text}, more: x"},
      {"{id: id}", "{idd: id}"},
      {"{id: id}", "{id: pinned}"},
      {"{id: id}", "{}"},
      {"operation: notes.get", "operation: notes.put"},
      {"editable: [text]", "editable: [text, text]"},
      {"editable: [text]", "editable: [secret]"},
      {"fields: [id]", "fields: [secret]"},
      {"redact: [secret]", "redact: [nothing]"},
      {"summary: Show a note", "summary: \"\""},
      {"summary: Show a note", "summary: \"a\\e[2J\""},
      {"summary: Show a note", "summary: \"a\\u202eb\""},
      {"summary: Show a note", "summary: \"a\\u200bb\""},
      {"summary: Show a note", "summary: \"a\\U000E0061b\""},
      {"summary: Show a note", "summary: \"a\\nb\""},
      {"summary: Show a note", "summary: &x b"},
      {"example: \"a: b\"", "example: \"\\u2066\""},
      {"tools:", "tols:"},
      {"tools:", "tools: x\nother:"},
  };
  for (const auto& [old, fresh] : changes) {
    const std::string error = ErrorOf(With(old, fresh));
    if (fresh.contains("&x")) {
      EXPECT_EQ(error, "") << "an anchor that nothing refers to does no harm";
      continue;
    }
    EXPECT_TRUE(error.starts_with("c.yaml:")) << old << " -> " << fresh << ": " << error;
  }
}

TEST(ConnectorYaml, APreviewMustBeSafeAndAskNobody) {
  EXPECT_TRUE(ErrorOf(With("path: /notes/{id}", "path: /notes/{id}\n    approval: ask"))
                  .contains("must be \"idempotency: safe\" and \"approval: never\""));
  EXPECT_TRUE(ErrorOf(With("path: /notes/{id}", "path: /notes/{id}\n    idempotency: none"))
                  .contains("no preview"));
}

TEST(ConnectorYaml, DuplicatesNameBothLines) {
  const std::string error = ErrorOf(With("name: notes.put", "name: notes.get"));
  EXPECT_TRUE(error.ends_with("there is a \"notes.get\" already; the other one is on line 11"))
      << error;
}

TEST(ConnectorYaml, WhatIsNoSpecIsRefused) {
  for (const std::string_view text :
       {"", "x", "[]", "{}", "schema: aileron.connector.v1", "- a", "a: b\n---\nc: d", "schema: [a",
        "a: *b", "? [a]\n: b", "{\"schema\": \"aileron.connector.v1\",}", "\"",
        "schema: aileron.connector.v1\nfqn: &a example.com/x\nversion: *a"}) {
    EXPECT_TRUE(ErrorOf(text).starts_with("c.yaml:")) << text << " -> " << ErrorOf(text);
  }
  EXPECT_TRUE(ErrorOf(std::string(limits::kFileMax + 1, ' ')).contains("larger than"));
}

constexpr char kGithub[] = {
#embed "../../connectors/github-issues.yaml"
};
constexpr char kSlack[] = {
#embed "../../connectors/slack-chat.yaml"
};
constexpr char kStripe[] = {
#embed "../../connectors/stripe-customers.yaml"
};

TEST(ConnectorYaml, TheSpecsThatComeWithItAreValidAndAskBeforeTheyWrite) {
  for (const std::string_view text :
       {std::string_view(kGithub, sizeof kGithub), std::string_view(kSlack, sizeof kSlack),
        std::string_view(kStripe, sizeof kStripe)}) {
    const auto connector = ParseConnector(text, "c.yaml");
    ASSERT_TRUE(connector) << connector.error().message;
    EXPECT_EQ(ParseConnector(WriteConnector(*connector), "w.yaml"), *connector);
    EXPECT_GE(connector->operations.size(), 6u);
    for (const Operation& operation : connector->operations) {
      EXPECT_EQ(operation.approval == Approval::kAsk, operation.method != "GET") << operation.name;
    }
  }
}

constexpr char kSchema[] = {
#embed "../../schema/connector.v1.json"
};

TEST(ConnectorYaml, TheSchemaForEditorsHasTheReadersKeysAndWords) {
  const json schema = json::parse(std::string_view(kSchema, sizeof kSchema));
  const auto expect_keys = [](const json& mapping, std::span<const std::string_view> known) {
    std::set<std::string, std::less<>> keys;
    for (const auto& [key, value] : mapping["properties"].items()) keys.insert(key);
    EXPECT_EQ(keys, (std::set<std::string, std::less<>>(known.begin(), known.end())));
    EXPECT_EQ(mapping["additionalProperties"], false);
  };
  const json& parts = schema["$defs"];
  expect_keys(schema, kConnectorKeys);
  expect_keys(parts["tool"], kToolKeys);
  expect_keys(parts["operation"], kOperationKeys);
  expect_keys(parts["input"], kInputKeys);
  expect_keys(parts["body"], kBodyKeys);
  expect_keys(parts["idempotency"], kIdempotencyKeys);
  expect_keys(parts["approval"], kApprovalKeys);
  expect_keys(parts["preview"], kPreviewKeys);
  expect_keys(parts["audit"], kAuditKeys);
  EXPECT_EQ(schema["properties"]["schema"]["const"], kSchemaName);
  EXPECT_EQ(schema["properties"]["operations"]["maxItems"], limits::kOperationsMax);
  EXPECT_EQ(parts["operation"]["properties"]["inputs"]["maxItems"], limits::kInputsMax);
  const auto expect_words = [](const json& listed, const auto& words) {
    std::vector<std::string_view> texts;
    for (const auto& word : words) texts.push_back(word.text);
    EXPECT_EQ(listed, json(texts));
  };
  expect_words(parts["input"]["properties"]["where"]["enum"], kWhereWords);
  expect_words(parts["input"]["properties"]["list"]["enum"], kListWords);
  expect_words(parts["shape"]["enum"], kBodyWords);
  expect_words(parts["mode"]["enum"], kApprovalWords);
}

}  // namespace
}  // namespace aileron::connector
