// MetadataFields: the keys that devcontainer.json, an image's label and a feature have in common.
// Tested by src/image/devcontainer_test.cc.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "image/devcontainer.h"
#include "image/json_reader.h"

namespace aileron::image {

// Their names, initializeCommand among them.
std::span<const std::string_view> MetadataKeys();

// Reads a member that is one of them into `metadata`; false for another key.
Result<bool> ReadMetadataField(const JsonNode& node, const JsonReader& reader, Metadata& metadata);

}  // namespace aileron::image
