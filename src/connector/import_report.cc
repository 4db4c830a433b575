#include "connector/import_report.h"

#include <algorithm>

#include "base/text.h"
#include "connector/import_text.h"
#include "connector/limits.h"

namespace aileron::connector {

namespace {

void Append(std::string& text, std::string_view heading,
            const std::vector<ImportReport::Group>& groups) {
  if (groups.empty()) return;
  text += fmt::format("{}:\n", heading);
  for (const ImportReport::Group& group : groups) {
    text += fmt::format("  {} × {}\n", group.count, group.reason);
    for (const std::string& example : group.examples) text += fmt::format("      {}\n", example);
    if (group.count > group.examples.size()) {
      text += fmt::format("      and {} more\n", group.count - group.examples.size());
    }
  }
}

}  // namespace

void ImportReport::Add(std::vector<Group>& groups, std::string_view reason, std::string_view what) {
  const std::string clean = CleanText(reason, limits::kImportedInputTextMax);
  auto group = std::ranges::find(groups, clean, &Group::reason);
  if (group == groups.end()) {
    if (groups.size() < limits::kReportGroupsMax) {
      group = groups.insert(groups.end(), Group{.reason = clean});
    } else {
      group = groups.end() - 1;
      group->reason = "other reasons";
    }
  }
  ++group->count;
  if (group->examples.size() < limits::kReportExamplesMax) {
    group->examples.push_back(CleanText(what, limits::kImportedSummaryMax));
  }
}

std::size_t ImportReport::left_out_count() const {
  std::size_t count = 0;
  for (const Group& group : left_out_) count += group.count;
  return count;
}

std::string ImportReport::Text() const {
  std::string text;
  Append(text, "Left out", left_out_);
  Append(text, "Not quite as the document says", notes_);
  return text;
}

}  // namespace aileron::connector
