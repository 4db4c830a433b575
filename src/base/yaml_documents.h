// Whether a YAML text is one document. Tested by src/vault/binding_yaml_test.cc.
//
// YAML::LoadAll has no end for a text such as "]", of which it makes one empty document after the
// other: a file that is to hold one is asked here first, and then loaded by YAML::Load.
#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <optional>
#include <sstream>
#include <string>

namespace aileron {

// Where a second document begins; nothing when there is none. Throws YAML::Exception.
inline std::optional<YAML::Mark> SecondDocument(const std::string& text) {
  class Starts final : public YAML::EventHandler {
   public:
    void OnDocumentStart(const YAML::Mark& where) override { mark = where; }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}
    YAML::Mark mark;
  };
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Starts starts;
  const bool second = parser.HandleNextDocument(starts) && parser.HandleNextDocument(starts);
  return second ? std::optional(starts.mark) : std::nullopt;
}

}  // namespace aileron
