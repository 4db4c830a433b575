// FindProgram: a program of the host in PATH, where no agent writes.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace aileron::os {

// The absolute path of `name` in the folders of `path`, the variable PATH, by the name that was
// found, since some programs go by it. Folders that are not absolute are left out, and so is what
// lies in `projects` (absolute folders), by its name or by where that leads. Empty: there is none.
std::string FindProgram(std::string_view name, std::string_view path,
                        std::span<const std::string> projects);

// Whether a program, absolute, can be started and lies outside of `projects` in both ways.
bool IsProgramOutside(const std::string& program, std::span<const std::string> projects);

}  // namespace aileron::os
