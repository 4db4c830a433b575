// Evaluator: what a policy says to a request or a command, and where it is written: what the daemon
// would do, for whoever writes policies.
// Pure.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/decision.h"
#include "policy/merge.h"
#include "policy/request.h"

namespace aileron::policy {

struct Opinion {
  std::string verdict;  // allow, ask, deny, record, redirect
  std::string rule;     // "aileron.yaml:4", "guarded/npm", "profile guarded"
  std::string layer;    // builtin, user, project, flag
  std::string file;     // where the rule stands; empty: on no line of a file
  int line = 0;
  std::string reason;  // empty when it is allowed
  // The credentials that may go along, where a rule says so.
  std::optional<std::vector<std::string>> credentials;
  std::vector<std::string> kept;  // credentials that rules list for other programs
  std::string command;            // of a command: the one that decided, as it was understood
  std::string redirect;           // … and what runs instead
};

class Evaluator {
 public:
  static Result<Evaluator> Compile(const Layers& layers);
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;
  ~Evaluator();

  // `by` is the program that does it, as rules name it; empty: one that none names.
  Opinion OnRequest(const Request& request, std::string_view by = {}) const;
  // argv as a person types it, its program first, with all that it would start; or, where its file
  // is known, one execution as the daemon judges it, which sees the others when they come.
  Opinion OnCommand(std::span<const std::string> argv, const std::string& executable = {},
                    std::string_view by = {}) const;

 private:
  struct Compiled;
  explicit Evaluator(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace aileron::policy
