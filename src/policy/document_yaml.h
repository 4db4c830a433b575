// The policy file: aileron.yaml at a project's root, the user's policy.yaml, the built-in profiles.
//
// A rule with a method or a path is about requests and names hosts; one without is about the hosts.
// The file is strict (plain_yaml.h): what is unknown, repeated or of another type is an error with
// file, line and column, with what was found and what was expected. docs/policy.md has the grammar
// by example, and schema/policy.v1.json says the same to editors. Text in, values out.
#pragma once

#include <string_view>

#include "base/result.h"
#include "policy/document.h"

namespace aileron::policy {

// `layer` says which keys there may be: kBuiltin is a profile. `file` is for messages; `called`, or
// its last part, names rules ("aileron.yaml:4"). An empty text says nothing.
Result<Document> ParseDocument(std::string_view text, std::string_view file, Layer layer,
                               std::string_view called = {});

// The text of schema/policy.v1.json.
std::string_view DocumentSchema();

// The tests that stand beside a file: version and tests, and nothing else.
Result<std::vector<Case>> ParseCases(std::string_view text, std::string_view file);

}  // namespace aileron::policy
