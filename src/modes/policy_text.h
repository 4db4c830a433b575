// What a person, or a program, reads of policies.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "modes/api.h"
#include "modes/terminal.h"
#include "policy/comparison.h"
#include "policy/warnings.h"
#include "policy/widening.h"

namespace aileron::modes {

Json OpinionJson(const policy::Subject& subject, const policy::Opinion& opinion);
// A few lines: the verdict, and where the rule stands.
std::string OpinionText(const policy::Subject& subject, const policy::Opinion& opinion,
                        Colour colour);
// "policy.yaml:4 in /c/policy.yaml", "profile guarded": in one line.
std::string ByText(const policy::Opinion& opinion);

Json WarningJson(const policy::Warning& warning);
std::string WarningText(const policy::Warning& warning, Colour colour);

Json ChangeJson(const policy::Change& change);
// As a diff has it: the subject, "-" the verdict before, "+" the one after.
std::string ChangeText(const policy::Change& change, Colour colour);

Json CaseJson(const std::string& file, const policy::CaseResult& result);
// Of one that failed, as a diff has it.
std::string CaseText(const std::string& file, const policy::CaseResult& result, Colour colour);

// What a project's file would open, a line each.
std::string WideningText(std::span<const policy::Widening> widenings);
Json WideningJson(const policy::Widening& widening);

}  // namespace aileron::modes
