// Connectors: the installed connector specs, as they are now.
//
// Each is a file of state/connectors/, named by the SHA-256 of its bytes, so that what was added is
// what is used: a file whose bytes do not fit its name is left out, and said to be damaged. One
// connector of each name is installed; adding another replaces it.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "connector/connector.h"

namespace aileron::daemon {

struct InstalledConnector {
  std::string digest;  // lower-case hex
  Time added{};
  std::string text;  // the spec as it is kept
  connector::Connector spec;
};

class Connectors {
 public:
  explicit Connectors(std::string folder) : folder_(std::move(folder)) {}

  // Sorted by name. Read when it is first asked for.
  const std::vector<std::shared_ptr<const InstalledConnector>>& All();
  std::shared_ptr<const InstalledConnector> Find(std::string_view fqn);
  // What is wrong with the files, one line; empty when nothing is.
  const std::string& problem() const { return problem_; }

  // Every tool's name and summary, as a launcher gets them.
  nlohmann::json ToolList();
  // Called when the tools are others than before.
  void set_on_change(std::function<void()> call) { on_change_ = std::move(call); }

  // kInvalid when its tools clash with those of another connector.
  Result<std::shared_ptr<const InstalledConnector>> Add(connector::Connector spec);
  // kNotFound.
  Status Remove(std::string_view fqn);

  struct Tool {
    std::shared_ptr<const InstalledConnector> connector;
    const connector::Tool* tool = nullptr;
  };
  // The tool of that name; kNotFound, with the nearest one.
  Result<Tool> FindTool(std::string_view name);

 private:
  void Load();
  std::string PathOf(std::string_view digest) const;

  std::string folder_;
  std::function<void()> on_change_;
  bool loaded_ = false;
  std::string problem_;
  std::vector<std::shared_ptr<const InstalledConnector>> all_;
};

}  // namespace aileron::daemon
