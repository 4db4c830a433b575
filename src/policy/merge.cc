#include "policy/merge.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace aileron::policy {
namespace {

constexpr Profile kDefaultProfile = Profile::kGuarded;

template <typename T>
void Append(std::vector<T>& all, const std::vector<T>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

// What asks or denies, of rules of which the rest would open something.
template <typename T>
void AppendNarrowing(std::vector<T>& all, const std::vector<T>& more) {
  for (const T& rule : more) {
    if (rule.action == Action::kAllow) continue;
    all.push_back(rule);
    all.back().reach = Reach::kNarrows;
  }
}

// Paths of a project mean the same wherever below it somebody starts; a user's file is about each
// workspace.
std::string FolderOf(const Document& document) {
  if (document.layer != Layer::kProject) return {};
  const std::size_t slash = document.file.rfind('/');
  return slash == std::string::npos ? std::string() : document.file.substr(0, slash);
}

// `number` is the document's among those of the launch.
void AddSections(const Sections& sections, const Document& document, std::size_t number,
                 Reach reach, Merged& into) {
  if (reach == Reach::kFull) {
    Append(into.hosts, sections.hosts);
    Append(into.requests, sections.requests);
    Append(into.opaque, sections.opaque);
    Append(into.commands, sections.commands);
    Append(into.pass, sections.environment.pass);
  } else {
    AppendNarrowing(into.hosts, sections.hosts);
    AppendNarrowing(into.requests, sections.requests);
    for (const command::CommandRule& rule : sections.commands) {
      if (rule.action == command::Action::kAllow || rule.action == command::Action::kRedirect) {
        continue;
      }
      into.commands.push_back(rule);
      into.commands.back().narrows = true;
    }
  }
  for (const CredentialRule& rule : sections.credentials) {
    into.credentials.push_back(rule);
    into.credentials.back().document = number;
  }
  Append(into.scrub, sections.environment.scrub);
  if (!sections.files.empty()) {
    into.files.push_back(
        {document.layer, reach, document.file, FolderOf(document), sections.files});
  }
}

void AddDocument(const Document& document, std::size_t number, Reach reach,
                 const std::string& agent, Merged& into) {
  AddSections(document.sections, document, number, reach, into);
  // In a file what is said of an agent stands for what is said of all, between files the stricter.
  std::optional<CommandDefault> command_default = document.sections.command_default;
  for (const AgentSections& one : document.agents) {
    if (one.name != agent) continue;
    AddSections(one.sections, document, number, reach, into);
    if (one.sections.command_default) command_default = one.sections.command_default;
  }
  if (command_default &&
      (!into.command_default || command_default->action > into.command_default->action)) {
    into.command_default = std::move(command_default);
  }
  if (reach == Reach::kNarrows) return;
  for (const ServiceEntry& entry : document.services) {
    into.services.push_back({document.file, FolderOf(document), entry});
  }
}

void Shorten(std::optional<Duration>& length, const std::optional<Duration>& other) {
  if (other) length = length ? std::min(*length, *other) : *other;
}

void NarrowApprovals(Approvals& approvals, const Approvals& other) {
  Shorten(approvals.hold, other.hold);
  Shorten(approvals.expires, other.expires);
  NarrowScopes(approvals.scopes, other.scopes);
}

// The stricter of two profiles is the later one. One of a file that is trusted stands for the
// user's, but not for the command line's.
Profile ProfileOf(const Layers& layers) {
  Profile profile = layers.profile.value_or(layers.user.profile.value_or(kDefaultProfile));
  Profile strictest = Profile::kOpen;
  for (const ProjectFile& file : layers.project) {
    if (!file.document.profile) continue;
    strictest = std::max(strictest, *file.document.profile);
    if (file.trust == Trust::kTrusted && !layers.profile) profile = Profile::kOpen;
  }
  return std::max(profile, strictest);
}

}  // namespace

void NarrowScopes(std::optional<std::vector<std::string>>& scopes,
                  const std::optional<std::vector<std::string>>& other) {
  if (!other) return;
  if (!scopes) {
    scopes = other;
    return;
  }
  std::erase_if(*scopes, [&](const std::string& scope) {
    return std::ranges::find(*other, scope) == other->end();
  });
}

std::vector<const Document*> Documents(const Layers& layers) {
  std::vector<const Document*> documents = {&layers.user};
  for (const ProjectFile& file : layers.project) documents.push_back(&file.document);
  return documents;
}

Merged Merge(const Layers& layers) {
  Merged merged{.profile = ProfileOf(layers)};
  std::size_t number = 0;
  AddDocument(layers.user, number, Reach::kFull, layers.agent, merged);
  merged.approvals = layers.user.approvals;
  for (const ProjectFile& file : layers.project) {
    const Reach reach = file.trust == Trust::kTrusted ? Reach::kFull : Reach::kNarrows;
    AddDocument(file.document, ++number, reach, layers.agent, merged);
    NarrowApprovals(merged.approvals, file.document.approvals);
  }
  return merged;
}

Status CheckServiceNames(const Merged& merged) {
  std::map<std::string_view, const PlacedService*> names;
  for (const PlacedService& placed : merged.services) {
    const auto [at, fresh] = names.emplace(placed.entry.name, &placed);
    if (fresh) continue;
    const PlacedService& first = *at->second;
    return FailAt(Printable(placed.file), placed.entry.place,
                  fmt::format("there is a service \"{}\" already, at {}:{}; give one of them "
                              "another name",
                              placed.entry.name, Printable(first.file), first.entry.place.line));
  }
  return {};
}

}  // namespace aileron::policy
