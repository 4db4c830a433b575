// Document: what a policy file says: aileron.yaml of a project, policy.yaml of a user, a profile.
//
// Values only, in the order of the file, each with its place in it; document_yaml.h reads them.
// What a layer may do, and which of two wins, is merge.h's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/host_pattern.h"
#include "base/request_scope.h"
#include "base/time.h"
#include "command/rules.h"
#include "policy/network.h"
#include "policy/plain_yaml.h"
#include "policy/request.h"
#include "policy/request_rules.h"

namespace aileron::policy {

// Which credentials may go with requests that a rule names: the ones listed, and no others.
struct CredentialRule {
  HostPattern host;
  std::optional<std::uint16_t> port;
  RequestScope scope;
  std::vector<std::string> credentials;  // entries of the vault; empty: none at all
  std::string id;
  Layer layer = Layer::kUser;
  int line = 0;
  // Only with this program's requests, and of them only these; empty: whoever's.
  std::string by = {};
  std::size_t document = 0;  // which of a launch's files says it (Merge)
};

// A host that is reached without anybody looking inside. Its rule that allows stands with the rest.
struct OpaqueHost {
  HostPattern host;
  std::uint16_t port = 443;
  int line = 0;
};

// What the agent may do with a file or folder, and with all below it. A later one beats an earlier.
enum class FileAccess : std::uint8_t { kReadWrite, kReadOnly, kHidden };
std::string_view Name(FileAccess access);

struct FileRule {
  Place place;
  // Relative to the file's folder, of a user's to the workspace; or "~/…", or absolute. No ".." and
  // no final "/".
  std::string path;
  FileAccess access = FileAccess::kReadOnly;
  bool narrows = false;  // it shows nothing that is not shown without it
};

// NAME, or a part of names with "*" for what stands before it, behind it, or both.
struct VariablePattern {
  Place place;
  std::string text;
  bool Matches(std::string_view name) const;
};

struct Environment {
  std::vector<VariablePattern> pass;   // of the caller's variables
  std::vector<VariablePattern> scrub;  // in no case
};

struct Approvals {
  std::optional<Duration> hold;     // a request waits so long before it is answered "pending"
  std::optional<Duration> expires;  // a question nobody answers is refused then
  std::optional<std::vector<std::string>> scopes;  // that a person may choose from
  Place scopes_place;
};

// A program that init keeps running beside the agent (service/service.h has what each means).
struct ServiceEntry {
  Place place;
  std::string name;
  std::vector<std::string> command;
  std::string folder;  // relative as the paths of files are; empty: that folder itself
  std::vector<std::uint16_t> publish;
  std::string restart = "on-failure";
  std::uint16_t health_port = 0;
  std::string health_command;
};

// What becomes of a command that no rule speaks of.
struct CommandDefault {
  command::Action action = command::Action::kAllow;  // allow, ask or deny
  Layer layer = Layer::kUser;
  Place place;
  std::string id;  // "aileron.yaml:3"
};

// What holds for every agent, or for one.
struct Sections {
  std::vector<Rule> hosts;
  std::vector<RequestRule> requests;
  std::vector<CredentialRule> credentials;
  std::vector<OpaqueHost> opaque;
  std::vector<command::CommandRule> commands;
  std::optional<CommandDefault> command_default;
  std::vector<FileRule> files;
  Environment environment;
};

struct AgentSections {
  Place place;
  std::string name;  // of the program that is launched, without folders
  Sections sections;
};

// What a file claims of itself: this request or command meets that verdict.
struct Case {
  Place place;
  std::string by;  // the program that does it; empty: whoever
  std::optional<Request> request;
  std::vector<std::string> command;  // or an argv
  std::string expect;                // a verdict
};

struct Document {
  std::string file;    // as messages name it
  std::string called;  // as its rules name it: "aileron.yaml", "../aileron.yaml"
  Layer layer = Layer::kUser;
  std::string name;                // of a profile
  std::optional<Action> fallback;  // of a profile: what happens to hosts that no rule names
  std::optional<Profile> profile;  // what the file stands on
  Place profile_place;
  Sections sections;
  std::vector<AgentSections> agents;
  Approvals approvals;
  std::vector<ServiceEntry> services;
  std::vector<Case> tests;
};

// What holds whatever is launched, as the agent "", and then what holds for each agent alone.
template <typename Visit>
void ForEachSections(const Document& document, Visit&& visit) {
  visit(document.sections, std::string_view());
  for (const AgentSections& one : document.agents) visit(one.sections, std::string_view(one.name));
}

}  // namespace aileron::policy
