// Merge: what the files of a launch say together.
//
// Deny beats ask beats allow in any order and layer, so rules are merely put side by side. A
// project that nobody trusted narrows: what it denies, hides or scrubs holds, what it asks about is
// asked about where it would be allowed, credentials and scopes are the fewer, times are the
// shorter, of what becomes of other commands the stricter holds; and all that would open something
// is left out, and listed (widening.h). Of one that is trusted all holds. A project may have
// several files, in folders above each other: what narrows of each one holds, and what opens
// something needs trust in the file that says it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "command/rules.h"
#include "policy/document.h"

namespace aileron::policy {

enum class Trust : std::uint8_t { kNone, kTrusted };

struct ProjectFile {
  Document document;
  Trust trust = Trust::kNone;
};

struct Layers {
  Document user;
  std::vector<ProjectFile> project = {};  // the nearest one first
  std::string agent = {};                 // the program that is launched, without folders
  std::optional<Profile> profile = {};    // that the command line asks for
};

// What both offer; one that says nothing offers all.
void NarrowScopes(std::optional<std::vector<std::string>>& scopes,
                  const std::optional<std::vector<std::string>>& other);

// All of them, the user's first. Borrows.
std::vector<const Document*> Documents(const Layers& layers);

// Rules for files, of one layer. In a layer the deeper path wins, between layers the stricter.
struct FileLayer {
  Layer layer = Layer::kUser;
  Reach reach = Reach::kFull;  // kNarrows: shows nothing that is not shown without it
  std::string file = {};       // as messages name it
  std::string folder = {};     // where relative paths begin; empty: in the workspace
  std::vector<FileRule> rules;
};

// A service with where it was found.
struct PlacedService {
  std::string file;
  std::string folder;  // as in a FileLayer
  ServiceEntry entry;
};

struct Merged {
  Profile profile = Profile::kGuarded;
  std::vector<Rule> hosts;
  std::vector<RequestRule> requests;
  std::vector<CredentialRule> credentials;
  std::vector<OpaqueHost> opaque;
  std::vector<command::CommandRule> commands;
  std::optional<CommandDefault> command_default;  // the strictest
  command::Action command_action() const {
    return command_default ? command_default->action : command::Action::kAllow;
  }
  std::vector<FileLayer> files;
  std::vector<VariablePattern> pass;
  std::vector<VariablePattern> scrub;
  Approvals approvals;
  std::vector<PlacedService> services;
};

Merged Merge(const Layers& layers);

// Of two files both have their services, and neither knows of the other's names. kInvalid names the
// second with its place.
Status CheckServiceNames(const Merged& merged);

}  // namespace aileron::policy
