// Operations for this room's tests.
#pragma once

#include <gtest/gtest.h>

#include "connector/connector_yaml.h"

namespace aileron::connector {

// One that has an input of every type and place.
inline constexpr std::string_view kEverything = R"(schema: aileron.connector.v1
fqn: example.com/things
version: "1"
summary: Things
hosts: [api.example.com:8443, other.example.com]
tools:
  - {name: things, summary: All about things}
operations:
  - name: things.send
    summary: Send a thing
    description: It goes far.
    method: POST
    path: /v1/{place}/things/{ids}
    headers: {Accept: text/plain}
    inputs:
      - {name: place, type: string, where: path, required: true, example: Berlin}
      - {name: ids, type: array, items: integer, where: path, required: true}
      - {name: q, type: string, where: query, description: What to look for.}
      - {name: maxResults, type: integer, where: query, default: 5}
      - {name: many, type: array, where: query, sent_as: "many[]"}
      - {name: few, type: array, where: query, list: comma, enum: [a, "b,c"]}
      - {name: filter, type: object, where: query}
      - {name: trace, type: string, where: header, sent_as: X-Trace}
      - {name: title, type: string, where: body, required: true, example: It is broken}
      - {name: weight, type: number, where: body}
      - {name: draft, type: boolean, where: body}
      - {name: labels, type: array, where: body}
      - {name: more, type: object, where: body}
      - {name: pin, type: string, where: body}
    body: json
    idempotency: {key: Idempotency-Key}
    approval: {mode: ask, editable: [title, draft]}
    audit: {fields: [place, ids], redact: [pin]}
  - name: things.list
    summary: List things
    method: GET
    path: /v1/things
    inputs:
      - {name: page, type: integer, where: query}
  - name: things.count
    summary: Count things
    method: GET
    path: /v1/things/count
  - name: places.move
    summary: Move a thing to another place
    method: POST
    path: /v1/places
    inputs:
      - {name: place, type: object, where: body, required: true}
      - {name: items, type: array, items: object, where: body}
      - {name: tags, type: array, where: body, sent_as: "tags[]"}
    body: form
    approval:
      mode: ask
  - name: places.note
    summary: Write a note
    method: PUT
    path: /v1/note
    inputs:
      - {name: text, type: string, where: body, required: true}
    body: {shape: raw, content_type: text/plain}
)";

inline const Connector& Everything() {
  static const Connector connector = [] {
    auto parsed = ParseConnector(kEverything, "everything.yaml");
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
    return parsed ? *std::move(parsed) : Connector();
  }();
  return connector;
}

inline const Operation& Send() { return *Everything().Find("things.send"); }

}  // namespace aileron::connector
