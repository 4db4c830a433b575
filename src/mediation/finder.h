// Finder: answers the daemon's questions about whose a connection is.
#pragma once

#include <map>
#include <string>

#include "mediation/holders.h"
#include "mediation/messages.h"

namespace aileron::mediation {

class Finder {
 public:
  explicit Finder(Holders holders) : holders_(std::move(holders)) {}

  Found Answer(const Find& find);
  Holders& holders() { return holders_; }

 private:
  const command::By* Compiled(const std::string& program);

  Holders holders_;
  std::map<std::string, command::By> programs_;  // that were asked about
};

}  // namespace aileron::mediation
