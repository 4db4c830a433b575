#include "os/find_program.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>

#include "base/below.h"
#include "base/text.h"

namespace aileron::os {

namespace {

constexpr int kLinks = 40;  // as the kernel has it

enum class Place : std::uint8_t { kNone, kInProject, kOutside };

// Follows a path link by link: each part of it, and not its ends alone, has to be outside. A link
// of a project is one that an agent can let lead elsewhere after this look.
class Walk {
 public:
  explicit Walk(std::span<const std::string> projects) : projects_(projects) {}

  Place Go(std::string_view path, int& links) {
    for (const std::string_view part : Split(path, '/')) {
      if (part.empty() || part == ".") continue;
      if (part == "..") {
        at_.resize(at_.empty() ? 0 : at_.rfind('/'));
        continue;
      }
      const std::string next = fmt::format("{}/{}", at_, part);
      if (IsInProject(next)) return Place::kInProject;
      struct stat info;
      if (lstat(next.c_str(), &info) != 0) return Place::kNone;
      if (!S_ISLNK(info.st_mode)) {
        at_ = next;
        continue;
      }
      std::array<char, PATH_MAX> target;
      const ssize_t size = readlink(next.c_str(), target.data(), target.size());
      if (size <= 0 || static_cast<std::size_t>(size) == target.size() || --links < 0)
        return Place::kNone;
      if (target[0] == '/') at_.clear();
      const Place led = Go({target.data(), static_cast<std::size_t>(size)}, links);
      if (led != Place::kOutside) return led;
    }
    return Place::kOutside;
  }
  const std::string& at() const { return at_; }

 private:
  bool IsInProject(std::string_view path) const {
    return std::ranges::any_of(projects_,
                               [&](std::string_view project) { return IsOrBelow(path, project); });
  }

  std::span<const std::string> projects_;
  std::string at_;  // without a link; empty: the root
};

bool IsProgram(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && access(path.c_str(), X_OK) == 0;
}

bool IsProject(const std::string& folder) {
  constexpr std::string_view kMarks[] = {".git", "aileron.yaml", ".devcontainer",
                                         ".devcontainer.json"};
  return std::ranges::any_of(kMarks, [&](std::string_view mark) {
    struct stat info;
    return lstat(fmt::format("{}/{}", folder, mark).c_str(), &info) == 0;
  });
}

}  // namespace

ProgramSearch FindProgramAt(const std::string& path, std::span<const std::string> projects) {
  Walk walk(projects);
  int links = kLinks;
  const Place place = walk.Go(path, links);
  if (place == Place::kInProject && IsProgram(path)) return {.found = {}, .left_out = path};
  if (place != Place::kOutside || !IsProgram(walk.at())) return {};
  return {.found = Program{.path = walk.at(), .called = path}, .left_out = {}};
}

ProgramSearch FindProgram(std::string_view name, std::string_view path,
                          std::span<const std::string> projects) {
  ProgramSearch search;
  for (const std::string_view folder : Split(path, ':')) {
    if (!folder.starts_with('/')) continue;
    ProgramSearch here = FindProgramAt(fmt::format("{}/{}", folder, name), projects);
    if (search.left_out.empty()) search.left_out = std::move(here.left_out);
    if (!here.found) continue;
    search.found = std::move(here.found);
    break;
  }
  return search;
}

std::string TellLeftOut(std::string_view left_out) {
  if (left_out.empty()) return {};
  return fmt::format(
      "; {} is not started, since it lies in a folder that the agent can write, or is reached "
      "through one",
      Printable(left_out));
}

std::vector<std::string> ProjectFolders(const std::string& folder, const std::string& home) {
  char real[PATH_MAX];
  if (realpath(folder.c_str(), real) == nullptr || std::string_view(real) == "/") return {};
  std::vector<std::string> found = {real};
  std::string top;
  for (std::string above = real; !above.empty() && above != home; above.resize(above.rfind('/'))) {
    if (IsProject(above)) top = above;
  }
  if (!top.empty() && top != found[0]) found.push_back(std::move(top));
  return found;
}

}  // namespace aileron::os
