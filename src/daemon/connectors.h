// Connectors: the installed connector specs, as they are now.
//
// state/connectors.json says which are installed, and who signed them. Each is a file of
// state/connectors/, named by the SHA-256 of its bytes, so that what was added is what is used: a
// file whose bytes do not fit its name is left out, and said to be damaged, until it is added again
// or removed; one that the list does not name is not looked at. The list is replaced as a whole, so
// that several are added together or not at all. One connector of each name is installed; adding
// another replaces it.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "connector/connector.h"

namespace aileron::daemon {

// A signature on the spec as it came, which was good when it was added.
struct SignedBy {
  std::string key;      // its id, as crypto::KeyIdText() writes it
  std::string comment;  // the trusted one: its signer's words
  bool operator==(const SignedBy&) const = default;
};

struct InstalledConnector {
  std::string digest;  // lower-case hex
  Time added{};
  std::string text;  // the spec as it is kept
  connector::Connector spec;
  std::optional<SignedBy> signed_by;
};
using SharedConnector = std::shared_ptr<const InstalledConnector>;

class Connectors {
 public:
  // The list stands beside the folder.
  explicit Connectors(std::string folder) : folder_(std::move(folder)) {}

  // Sorted by name. Read when it is first asked for.
  const std::vector<SharedConnector>& All();
  SharedConnector Find(std::string_view fqn);
  // What is wrong with the files, one line; empty when nothing is.
  const std::string& problem() const { return problem_; }

  // Every tool, as a launcher is told of it.
  nlohmann::json ToolList();
  // Called when the tools are others than before.
  void set_on_change(std::function<void()> call) { on_change_ = std::move(call); }

  // A spec as it would be kept. Takes long where it has thousands of operations.
  static SharedConnector Prepare(connector::Connector spec, std::optional<SignedBy> signed_by);
  // kInvalid when two have one name, tools clash with each other's or with those of another
  // connector, or there are too many.
  Status Check(std::span<const SharedConnector> fresh);
  // All of them, or none.
  Status Add(std::span<const SharedConnector> fresh);
  // kNotFound.
  Status Remove(std::string_view fqn);

  struct Tool {
    SharedConnector connector;
    const connector::Tool* tool = nullptr;
  };
  // The tool of that name; kNotFound, with the nearest one.
  Result<Tool> FindTool(std::string_view name);

 private:
  // What the list says of one.
  struct Listed {
    std::string fqn;
    std::string digest;
    Time added{};
    std::optional<SignedBy> signed_by;
  };
  static Result<Listed> ReadListed(const nlohmann::json& entry);
  static Result<std::vector<Listed>> ReadList(std::string_view text);

  void Load();
  Result<SharedConnector> Read(const Listed& listed) const;
  // What would be installed with these.
  std::vector<SharedConnector> With(std::span<const SharedConnector> fresh);
  // Makes these what is installed, and `damaged` what is listed besides.
  Status Replace(std::vector<SharedConnector> next, std::vector<Listed> damaged);
  void RemoveUnlisted() const;
  std::string PathOf(std::string_view digest) const;
  std::string ListPath() const { return folder_ + ".json"; }

  std::string folder_;
  std::function<void()> on_change_;
  bool loaded_ = false;
  Status list_;  // why it cannot be read: then nothing may replace it
  std::string problem_;
  std::vector<SharedConnector> all_;
  std::vector<Listed> damaged_;
};

}  // namespace aileron::daemon
