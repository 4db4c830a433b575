// Arguments: the JSON object that an operation runs with, and what a person may change in it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aileron::approval {

// kInvalid unless `text` is a JSON object within limits::kArgumentsMax and kArgumentsDepth.
Status CheckArguments(std::string_view text);

struct EditedArguments {
  std::string text;
  std::vector<std::string> names;  // of what has another value now
};

// `arguments` with the members of `edits` in the place of its own. kInvalid for a member that is
// not in `editable`.
Result<EditedArguments> EditArguments(std::string_view arguments,
                                      std::span<const std::string> editable,
                                      std::string_view edits);

}  // namespace aileron::approval
