// What a connector must be beyond its shape: names, places and references that fit together.
//
// The reader of specs turns a flaw's place into a line; an importer leaves out what has one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connector/connector.h"

namespace aileron::connector {

struct Flaw {
  std::string place;    // keys and indexes from the top: "operations/3/inputs/0/where"
  std::string message;  // what was found and what was expected
  std::string other{};  // the place of what it contradicts, if there is one
};

// `operation` alone; places begin below it ("inputs/0/where").
std::optional<Flaw> CheckOperation(const Operation& operation);

// All of it.
std::optional<Flaw> CheckConnector(const Connector& connector);

// application/json and everything +json.
bool IsJson(std::string_view content_type);

// What is wrong where `value` is not of the input's type or none of those it allows.
std::optional<std::string> Misfit(const Input& input, const nlohmann::json& value);

}  // namespace aileron::connector
