// Finder: answers the daemon's questions about whose a connection is.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "mediation/holders.h"
#include "mediation/messages.h"

namespace aileron::mediation {

class Finder {
 public:
  explicit Finder(Holders holders) : holders_(std::move(holders)) {}

  // `changing` as Holders has it. With patience nothing, where a moment later it may be known.
  enum class Patience : std::uint8_t { kNone, kSome };
  std::optional<Found> Answer(const Find& find, std::span<const pid_t> changing, Patience patience);
  Holders& holders() { return holders_; }

 private:
  Result<Found> Look(const Find& find, std::span<const pid_t> changing);
  const command::By* Compiled(const std::string& program);

  Holders holders_;
  std::map<std::string, command::By> programs_;  // that were asked about
};

}  // namespace aileron::mediation
