#include "daemon/asking.h"

#include "approval/limits.h"
#include "daemon/limits.h"

namespace aileron::daemon {

std::uint64_t Asking::IdOf(const Waiter& waiter) {
  return std::visit([](const auto& ask) { return ask.id; }, waiter);
}

std::string Asking::SameOf(const About& about) { return about.Key() + '\n' + about.Same(); }

std::optional<Asking::Yes> Asking::Remembered(const std::string& key, Time now) {
  const auto found = yes_.find(key);
  if (found == yes_.end()) return std::nullopt;
  if (now < found->second.until) return found->second;
  yes_.erase(found);
  return std::nullopt;
}

void Asking::Remember(const std::string& key, const Yes& yes) {
  if (yes_.size() >= limits::kVerdictHosts) yes_.clear();
  yes_[key] = yes;
}

std::optional<Asking::Yes> Asking::TakeUnused(const About& about, Time now) {
  const auto found = unused_.extract(SameOf(about));
  if (found.empty() || now >= found.mapped().until) return std::nullopt;
  return std::move(found.mapped());
}

void Asking::KeepUnused(const About& about, const Yes& yes, Time now) {
  if (unused_.size() >= limits::kVerdictHosts) unused_.clear();
  unused_[SameOf(about)] = {now + approval::limits::kYesLife, yes.rule};
}

Asking::Joined Asking::Add(std::uint64_t ticket, About about, Waiter waiter) {
  if (auto* request = std::get_if<proxy::AskRequest>(&waiter)) {
    // The question has it already.
    request->body.clear();
    request->body.shrink_to_fit();
  }
  for (auto& [number, group] : groups_) {
    if (group.about->subject != about.subject || SameOf(*group.about) != SameOf(about)) continue;
    if (group.waiters.size() >= limits::kAsksHeld) return Joined::kFull;
    group.waiters.push_back(std::move(waiter));
    return Joined::kJoined;
  }
  Group& fresh = groups_[ticket];
  fresh.about = std::make_shared<const About>(std::move(about));
  fresh.waiters.push_back(std::move(waiter));
  return Joined::kNew;
}

Asking::Group Asking::Take(std::uint64_t ticket) {
  auto found = groups_.extract(ticket);
  AILERON_CHECK(!found.empty());  // each question is told of once
  return std::move(found.mapped());
}

void Asking::Gone(std::uint64_t id) {
  for (auto& [ticket, group] : groups_) {
    if (std::erase_if(group.waiters, [&](const Waiter& one) { return IdOf(one) == id; }) > 0)
      return;
  }
}

void Asking::Withdraw() {
  yes_.clear();
  unused_.clear();
}

}  // namespace aileron::daemon
