// Tested by tests/launch/test_snapshots.py.

#include "modes/session_patch.h"

#include <fcntl.h>
#include <unistd.h>

#include <set>
#include <string>
#include <utility>

#include "base/text.h"
#include "changes/limits.h"
#include "changes/patch.h"
#include "modes/api.h"
#include "os/beneath.h"

namespace aileron::modes {

namespace {

using changes::Change;
using changes::Entry;
using changes::PatchSide;
using changes::Type;

Result<PatchSide> SideOf(const os::Fd& top, const std::string& path, const Entry& entry,
                         changes::Shut shut) {
  PatchSide side{.type = entry.type, .mode = entry.mode, .bytes = entry.target};
  if (entry.type != Type::kFile) return side;
  side.whole = entry.size <= changes::limits::kPatchFile;
  if (!side.whole) return side;
  const os::PathParts parts = os::SplitPath(path);
  AILERON_ASSIGN(const os::Fd folder,
                 os::OpenBeneath(top, parts.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  AILERON_ASSIGN(const os::Fd file, changes::OpenFile(folder, parts.name, shut));
  AILERON_ASSIGN(side.bytes, os::ReadAll(file, path, changes::limits::kPatchFile));
  return side;
}

Result<std::string> PatchText(const changes::Opened& opened, const Change& change) {
  AILERON_ASSIGN(const PatchSide before,
                 SideOf(opened.host, change.path, change.before, changes::Shut::kStays));
  AILERON_ASSIGN(const PatchSide after,
                 SideOf(opened.upper, change.path, change.after, changes::Shut::kLetsIn));
  return changes::PatchOf(change.path, before, after);
}

// What a patch has no words for.
std::string Unsaid(const Change& change) {
  const Entry &before = change.before, &after = change.after;
  if (before.type == Type::kSpecial || after.type == Type::kSpecial)
    return "a pipe, socket or device";
  if (before.type == Type::kFolder || after.type == Type::kFolder) return "a folder";
  if (before.mode != after.mode)
    return fmt::format("mode {:04o} instead of {:04o}", after.mode, before.mode);
  return "no line is different";
}

// Of a line before the first hunk of a file, or of one in a hunk.
Style StyleOf(std::string_view line, bool in_hunk) {
  if (line.starts_with("@@")) return Style::kCyan;
  if (!in_hunk) return Style::kBold;
  if (line.starts_with('+')) return Style::kGreen;
  return line.starts_with('-') ? Style::kRed : Style::kPlain;
}

// For eyes: no line of it moves the cursor.
std::string Shown(std::string_view text, Colour colour) {
  std::string shown;
  if (text.empty()) return shown;
  bool in_hunk = false;
  if (text.ends_with('\n')) text.remove_suffix(1);
  for (const std::string_view line : Split(text, '\n')) {
    std::string printable;
    for (const std::string_view part : Split(line, '\t'))
      printable += (printable.empty() && part.data() == line.data() ? "" : "\t") + Printable(part);
    // No line of a hunk begins like these two.
    in_hunk = line.starts_with("@@") || (in_hunk && !line.starts_with("diff "));
    shown += Paint(colour, StyleOf(line, in_hunk), printable) + "\n";
  }
  return shown;
}

}  // namespace

std::expected<void, Failure> PrintPatch(const changes::Opened& opened,
                                        const std::vector<Change>& all, Colour colour) {
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  std::size_t printed = 0;
  // Of folders that come or go with what is in them, that tells.
  std::set<std::string, std::less<>> folders;
  for (const Change& change : all) {
    for (std::size_t slash = change.path.rfind('/'); slash != std::string::npos && slash > 0;
         slash = change.path.rfind('/', slash - 1)) {
      if (!folders.insert(change.path.substr(0, slash)).second) break;
    }
  }
  for (const Change& change : all) {
    auto text = PatchText(opened, change);
    if (!text) {
      PrintNote(fmt::format("left out: {}: {}", Printable(change.path), text.error().message));
      continue;
    }
    const bool comes_or_goes =
        change.before.type == Type::kNothing || change.after.type == Type::kNothing;
    if (text->empty() && comes_or_goes && folders.contains(change.path)) continue;
    if (text->empty()) {
      PrintNote(fmt::format("not in the patch: {}: {}", Printable(change.path), Unsaid(change)));
      continue;
    }
    printed += text->size();
    if (printed > changes::limits::kPatch) {
      return std::unexpected(
          Failure(Error{Code::kUnsupported,
                        fmt::format("the patch is cut off before {}: it is larger than {}",
                                    Printable(change.path), Bytes(changes::limits::kPatch))}));
    }
    AILERON_TRY(Print(terminal ? Shown(*text, colour) : *text));
  }
  return {};
}

}  // namespace aileron::modes
