#include "modes/changes_text.h"

#include <algorithm>

#include "base/text.h"

namespace aileron::modes {

namespace {

using changes::Change;
using changes::Entry;
using changes::Kind;
using changes::Type;

std::string_view NameOf(Type type) {
  switch (type) {
    case Type::kNothing:
      return "nothing";
    case Type::kFile:
      return "file";
    case Type::kFolder:
      return "folder";
    case Type::kLink:
      return "link";
    case Type::kSpecial:
      return "special";
  }
  return "nothing";
}

std::string_view NameOf(Kind kind) {
  return kind == Kind::kAdded ? "added" : kind == Kind::kModified ? "modified" : "deleted";
}

char LetterOf(Kind kind) {
  return kind == Kind::kAdded ? 'A' : kind == Kind::kModified ? 'M' : 'D';
}

Style StyleOf(Kind kind) {
  return kind == Kind::kAdded      ? Style::kGreen
         : kind == Kind::kModified ? Style::kYellow
                                   : Style::kRed;
}

// What stands at the name while the change is told.
const Entry& Shown(const Change& change) {
  return change.kind == Kind::kDeleted ? change.before : change.after;
}

std::string PathOf(const Change& change) {
  std::string path = Printable(change.path);
  if (Shown(change).type == Type::kFolder) path += '/';
  if (Shown(change).type == Type::kLink)
    path += fmt::format(" -> {}", Printable(Shown(change).target));
  return path;
}

std::string Details(const Change& change) {
  const Entry& before = change.before;
  const Entry& after = change.after;
  if (change.kind == Kind::kDeleted) return {};
  std::vector<std::string> details;
  const bool other = change.kind == Kind::kModified && before.type != after.type;
  if (other) details.push_back(fmt::format("was a {}", NameOf(before.type)));
  if (after.type == Type::kSpecial) details.emplace_back("a pipe, socket or device");
  if (after.type == Type::kFile) {
    const bool sizes = change.kind == Kind::kModified && !other;
    details.push_back(sizes ? fmt::format("{} -> {}", Bytes(before.size), Bytes(after.size))
                            : Bytes(after.size));
  }
  if (change.kind == Kind::kModified && !other && before.mode != after.mode) {
    details.push_back(fmt::format("mode {:03o} -> {:03o}", before.mode, after.mode));
  } else if (change.kind == Kind::kAdded && after.type == Type::kFile && (after.mode & 0111) != 0) {
    details.push_back(fmt::format("mode {:03o}", after.mode));
  }
  return fmt::format("{}", fmt::join(details, ", "));
}

Json EntryJson(const Entry& entry) {
  if (entry.type == Type::kNothing) return nullptr;
  Json json = {{"type", NameOf(entry.type)}};
  if (entry.type == Type::kFile) json["size"] = entry.size;
  if (entry.type == Type::kLink) {
    json["target"] = entry.target;
  } else {
    json["mode"] = fmt::format("{:04o}", entry.mode);
  }
  return json;
}

}  // namespace

std::string ChangeLine(const ToldChange& told, Colour colour) {
  const Change& change = told.change;
  std::string line = Paint(colour, StyleOf(change.kind),
                           fmt::format("{} {}", LetterOf(change.kind), PathOf(change)));
  if (const std::string details = Details(change); !details.empty())
    line += Paint(colour, Style::kDim, "  " + details);
  if (!told.held.empty()) line += Paint(colour, Style::kRed, fmt::format("  [{}]", told.held));
  return line + "\n";
}

std::string StatLine(const ToldChange& told) {
  const Change& change = told.change;
  const auto size = [](const Entry& entry) { return entry.type == Type::kFile ? entry.size : 0; };
  return fmt::format(" {} | {} -> {} bytes{}\n", PathOf(change), size(change.before),
                     size(change.after), told.held.empty() ? "" : fmt::format("  [{}]", told.held));
}

std::string ChangesSummary(const std::vector<Change>& all) {
  std::vector<std::string> parts;
  for (const Kind kind : {Kind::kAdded, Kind::kModified, Kind::kDeleted}) {
    const auto count = std::ranges::count(all, kind, &Change::kind);
    if (count != 0) parts.push_back(fmt::format("{} {}", count, NameOf(kind)));
  }
  return fmt::format("{} {}: {}", all.size(), all.size() == 1 ? "change" : "changes",
                     fmt::join(parts, ", "));
}

Json ChangeJson(const ToldChange& told) {
  const Change& change = told.change;
  return {{"path", change.path},
          {"status", NameOf(change.kind)},
          {"before", EntryJson(change.before)},
          {"after", EntryJson(change.after)},
          {"held", told.held.empty() ? Json() : Json(told.held)}};
}

}  // namespace aileron::modes
