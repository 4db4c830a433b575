// NetworkSection: the entries of "network" as rules (the grammar stands in document_yaml.h).
// Tested by src/policy/document_yaml_test.cc.
#pragma once

#include "base/result.h"
#include "policy/document.h"
#include "policy/section_reader.h"

namespace aileron::policy {

// Adds what the list says. Rules of a profile are called PROFILE/NAME, others by their place.
Status ReadNetwork(const SectionReader& reader, const YamlNode& list, const Document& document,
                   Sections& into);

// allow, ask, deny: in the order of Action.
std::span<const std::string_view> ActionNames();

}  // namespace aileron::policy
