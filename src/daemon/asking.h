// Asking: which of one worker's questions wait for a person, and what was said of earlier ones.
//
// Questions that are the same wait together and are put to the person once. A yes that is
// remembered answers all of them; a yes for once answers the first who waits, and the others are
// asked about again: what one person allowed once does not happen twice. Whoever has gone takes no
// yes along: it is kept for the next who asks the same. Bounded; what does not fit is forgotten.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/time.h"
#include "daemon/approvals.h"
#include "daemon/questions.h"
#include "proxy/permit.h"

namespace aileron::daemon {

class Asking {
 public:
  using Waiter = std::variant<proxy::AskVerdict, proxy::AskRequest, proxy::AskCredential>;
  static std::uint64_t IdOf(const Waiter& waiter);

  struct Yes {
    Time until{};
    std::string rule;  // for the record
  };

  // What was said of that key and still holds.
  std::optional<Yes> Remembered(const std::string& key, Time now);
  void Remember(const std::string& key, const Yes& yes);
  // A yes for once whose asker had gone.
  std::optional<Yes> TakeUnused(const About& about, Time now);

  enum class Joined { kNew, kJoined, kFull };
  // `ticket` is for a new one, and not used otherwise.
  Joined Add(std::uint64_t ticket, About about, Waiter waiter);

  struct Group {
    std::shared_ptr<const About> about;
    std::vector<Waiter> waiters;
  };
  std::shared_ptr<const About> AboutOf(std::uint64_t ticket) const {
    return groups_.at(ticket).about;
  }
  // Each ticket is taken once.
  Group Take(std::uint64_t ticket);
  // Those whom a yes for once did not reach wait anew.
  void Again(std::uint64_t ticket, Group group) { groups_[ticket] = std::move(group); }
  void KeepUnused(const About& about, const Yes& yes, Time now);

  void Gone(std::uint64_t id);
  // What people said may not hold any more.
  void Withdraw();

 private:
  static std::string SameOf(const About& about);

  std::map<std::uint64_t, Group> groups_;        // by ticket
  std::unordered_map<std::string, Yes> yes_;     // by key
  std::unordered_map<std::string, Yes> unused_;  // by what makes two questions the same
};

}  // namespace aileron::daemon
