// The commands of the installed connectors beside each other, and which operation words mean.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/connector.h"

namespace aileron::connector {

// No two tools share a name. kInvalid names both sides and what to do. What a sandbox has already
// is known there alone (shim/command_names.h).
Status CheckTools(std::span<const Connector* const> installed);

// The operation that the first words of a command line name: "issues create", "issues.create". The
// rest are its flags.
struct Chosen {
  const Operation* operation = nullptr;
  std::size_t words = 0;  // how many named it
};
// kNotFound with the nearest one.
Result<Chosen> ChooseOperation(const Connector& connector, const Tool& tool,
                               std::span<const std::string> words);

// The words before the first flag, as the name of an operation or a group: "issues.create".
std::string Spoken(std::span<const std::string> words);

// What a call of one operation needs of the connector: the tool, the operation, and its preview.
Connector OnlyFor(const Connector& connector, const Tool& tool, const Operation& operation);

}  // namespace aileron::connector
