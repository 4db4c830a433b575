// JsonReader: values of a JSON file in the types that are expected, or what was found instead.
// Tested by src/image/devcontainer_test.cc.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "image/jsonc.h"

namespace aileron::image {

// What a reader goes on with, and a person should know: "FILE:LINE:COLUMN" and what.
struct Warning {
  Place place;
  std::string text;
  bool operator==(const Warning&) const = default;
};

using TextPairs = std::vector<std::pair<std::string, std::string>>;  // in the order of the file

// What is said about a word that is none of `known`: `"alow" is not an action. Did you mean
// "allow"?`, or what is known where that is short.
std::string Unknown(std::string_view word, std::string_view what,
                    std::span<const std::string_view> known);

class JsonReader {
 public:
  // Borrows both: `file` is for messages, and warnings are added.
  JsonReader(std::string_view file, std::vector<Warning>& warnings)
      : file_(file), warnings_(&warnings) {}

  std::string_view file() const { return file_; }
  std::unexpected<Error> At(const Place& place, std::string_view what) const {
    return FailAt(file_, place, what);
  }
  // "port: expected a number from 1 to 65535, found \"x\"".
  std::unexpected<Error> Expected(const JsonNode& node, std::string_view key,
                                  std::string_view what) const;
  void Warn(const Place& place, std::string text) const {
    warnings_->push_back({place, std::move(text)});
  }

  Status Object(const JsonNode& node, std::string_view key) const;
  Status Array(const JsonNode& node, std::string_view key) const;
  // A member that is none of `known` is an error, or a warning.
  Status KnownMembers(const JsonNode& node, std::string_view what,
                      std::span<const std::string_view> known) const;
  void WarnOfMembers(const JsonNode& node, std::string_view what,
                     std::span<const std::string_view> known) const;

  Result<std::string> Text(const JsonNode& node, std::string_view key) const;
  Result<std::string> Word(const JsonNode& node, std::string_view key) const;  // not empty
  Result<std::vector<std::string>> Texts(const JsonNode& node, std::string_view key) const;
  Result<std::vector<std::string>> TextOrTexts(const JsonNode& node, std::string_view key) const;
  Result<TextPairs> Pairs(const JsonNode& node, std::string_view key) const;
  Result<bool> Flag(const JsonNode& node, std::string_view key) const;
  Result<std::string> Choice(const JsonNode& node, std::string_view key,
                             std::span<const std::string_view> known) const;
  // A whole number from `least` to `most`.
  Result<std::uint64_t> Number(const JsonNode& node, std::string_view key, std::uint64_t least,
                               std::uint64_t most) const;
  // "8gb": digits, and tb, gb, mb or kb (powers of 1024).
  Result<std::uint64_t> Bytes(const JsonNode& node, std::string_view key) const;

 private:
  std::string_view file_;
  std::vector<Warning>* warnings_;
};

}  // namespace aileron::image
