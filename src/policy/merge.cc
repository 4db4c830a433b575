#include "policy/merge.h"

#include <algorithm>

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

void AddSections(const Sections& sections, Layer layer, Reach reach, Merged& into) {
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
  Append(into.credentials, sections.credentials);
  Append(into.scrub, sections.environment.scrub);
  if (!sections.files.empty()) into.files.push_back({layer, reach, sections.files});
}

void AddDocument(const Document& document, Reach reach, const std::string& agent, Merged& into) {
  AddSections(document.sections, document.layer, reach, into);
  // In a file what is said of an agent stands for what is said of all, between files the stricter.
  std::optional<CommandDefault> command_default = document.sections.command_default;
  for (const AgentSections& one : document.agents) {
    if (one.name != agent) continue;
    AddSections(one.sections, document.layer, reach, into);
    if (one.sections.command_default) command_default = one.sections.command_default;
  }
  if (command_default &&
      (!into.command_default || command_default->action > into.command_default->action)) {
    into.command_default = std::move(command_default);
  }
  if (reach == Reach::kFull) Append(into.services, document.services);
}

void Shorten(std::optional<Duration>& length, const std::optional<Duration>& other) {
  if (other) length = length ? std::min(*length, *other) : *other;
}

void NarrowApprovals(Approvals& approvals, const Approvals& other) {
  Shorten(approvals.hold, other.hold);
  Shorten(approvals.expires, other.expires);
  if (!other.scopes) return;
  if (!approvals.scopes) {
    approvals.scopes = other.scopes;
    return;
  }
  std::erase_if(*approvals.scopes, [&](const std::string& scope) {
    return std::ranges::find(*other.scopes, scope) == other.scopes->end();
  });
}

// The stricter of two profiles is the later one.
Profile ProfileOf(const Layers& layers) {
  const Profile mine = layers.profile.value_or(layers.user.profile.value_or(kDefaultProfile));
  if (!layers.project || !layers.project->profile) return mine;
  const bool opens = layers.trust == Trust::kTrusted && !layers.profile;
  return opens ? *layers.project->profile : std::max(mine, *layers.project->profile);
}

}  // namespace

Merged Merge(const Layers& layers) {
  Merged merged{.profile = ProfileOf(layers)};
  AddDocument(layers.user, Reach::kFull, layers.agent, merged);
  merged.approvals = layers.user.approvals;
  if (layers.project) {
    const Reach reach = layers.trust == Trust::kTrusted ? Reach::kFull : Reach::kNarrows;
    AddDocument(*layers.project, reach, layers.agent, merged);
    NarrowApprovals(merged.approvals, layers.project->approvals);
  }
  return merged;
}

}  // namespace aileron::policy
