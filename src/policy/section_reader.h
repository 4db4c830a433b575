// SectionReader: values of a policy file in the types that are expected, or what was found instead.
// Tested by src/policy/document_yaml_test.cc.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "policy/plain_yaml.h"

namespace aileron::policy {

class SectionReader {
 public:
  // Borrows: `file` is for messages, `called` for the names of rules.
  SectionReader(std::string_view file, std::string_view called) : file_(file), called_(called) {}

  std::string_view called() const { return called_; }

  // "aileron.yaml:4": how what stands there is called.
  std::string IdOf(const Place& place) const;
  std::unexpected<Error> At(const Place& place, std::string_view what) const {
    return FailAt(file_, place, what);
  }
  // "port: expected a number from 1 to 65535, found \"x\"".
  std::unexpected<Error> Expected(const YamlNode& node, std::string_view key,
                                  std::string_view what) const;

  // A map with these keys and no others; `what` names it ("a rule").
  Status Map(const YamlNode& node, std::string_view what,
             std::span<const std::string_view> known) const;
  Result<const YamlNode*> Required(const YamlNode& map, std::string_view key,
                                   std::string_view what) const;
  Status List(const YamlNode& node, std::string_view key, std::size_t most) const;

  // What the entry says is kept for each of the `count` that its `list` names: all together that
  // is at most limits::kSpreadMax bytes.
  Status Spread(const YamlNode& entry, const YamlNode& list, std::size_t count) const;

  Result<std::string> Word(const YamlNode& node, std::string_view key) const;
  struct PlacedWord {
    Place place;
    std::string text;
  };
  // A word, or a list of 1 to `most`.
  Result<std::vector<PlacedWord>> Words(const YamlNode& node, std::string_view key,
                                        std::size_t most) const;
  // The index in `known`.
  Result<std::size_t> Choice(const YamlNode& node, std::string_view key,
                             std::span<const std::string_view> known) const;
  Result<std::size_t> ChoiceOf(const PlacedWord& word, std::string_view key,
                               std::span<const std::string_view> known) const;
  // A program, as rules name it ("by").
  Result<std::string> Program(const YamlNode& node, std::string_view key) const;
  Result<std::uint16_t> Port(const YamlNode& node, std::string_view key) const;
  Result<bool> Flag(const YamlNode& node, std::string_view key) const;
  Result<Duration> Length(const YamlNode& node, std::string_view key, Duration least,
                          Duration most) const;

 private:
  std::string_view file_;
  std::string_view called_;
};

}  // namespace aileron::policy
