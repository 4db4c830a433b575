// The arguments of a call: an object of input names and values, as an agent gives them.
//
// Checked here and nowhere else; what people and the audit log see of them is decided here too. A
// redacted input's value is in none of it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "connector/connector.h"

namespace aileron::connector {

inline constexpr std::string_view kMask = "•••";

// kInvalid names the argument: unknown, missing, of a wrong type, none of those allowed, too deep
// or not UTF-8. A null is no value.
Status CheckArguments(const Operation& operation, const nlohmann::json& arguments);

// These three take arguments that nobody checked yet; one that is nested too deep or not
// UTF-8 is left out.
//
// What a person is shown: the known arguments, redacted ones as kMask. Strings are as they were
// given: who prints them makes them printable (base/text.h).
nlohmann::json MaskedArguments(const Operation& operation, const nlohmann::json& arguments);
// What goes into the audit log: the ones that the spec lets be recorded.
nlohmann::json RecordedArguments(const Operation& operation, const nlohmann::json& arguments);

// One printable line for a person: "Open an issue: owner=octocat repo=hello title="It is broken"".
std::string Describe(const Operation& operation, const nlohmann::json& arguments);

// The preview's arguments, for an operation that has one.
nlohmann::json PreviewArguments(const Operation& operation, const nlohmann::json& arguments);

// `arguments` with a person's changes. kInvalid where `edits` names one that is not editable, or
// the result is not valid.
Result<nlohmann::json> EditedArguments(const Operation& operation, const nlohmann::json& arguments,
                                       const nlohmann::json& edits);

}  // namespace aileron::connector
