#include "modes/approval_text.h"

#include "base/text.h"
#include "modes/command.h"

namespace aileron::modes {

namespace {

constexpr std::size_t kShortestEnd = 4;

Style StyleOfState(const std::string& state) {
  if (state == "pending") return Style::kYellow;
  if (state == "approved" || state == "running" || state == "succeeded") return Style::kGreen;
  return state == "denied" || state == "failed" ? Style::kRed : Style::kDim;
}

void AddLine(std::string& text, Colour colour, std::string_view name, const std::string& value) {
  if (value.empty()) return;
  constexpr std::size_t width = 12;
  text += fmt::format("{}  {}\n", Paint(colour, Style::kDim, Pad(name, width)), Printable(value));
}

}  // namespace

Grid ApprovalGrid(const Json& approvals) {
  Grid grid({"APPROVAL", "STATE", "ASKED", "AGENT", "WHAT", "DECIDED"});
  for (const Json& one : approvals) {
    const std::string state = TextOf(one, "state");
    grid.Add({TextOf(one, "id"),
              {state, StyleOfState(state)},
              LocalTime(one, "created"),
              TextOf(one, "agent"),
              TextOf(one, "title"),
              state == "pending" ? "" : TextOf(one, "decided_by")});
  }
  return grid;
}

std::string ApprovalText(const Json& approval, Colour colour) {
  std::string text =
      fmt::format("{}\n", Paint(colour, Style::kBold, Printable(TextOf(approval, "title"))));
  const std::string state = TextOf(approval, "state");
  AddLine(text, colour, "approval", TextOf(approval, "id"));
  AddLine(
      text, colour, "state",
      state == "pending" ? fmt::format("pending until {}", LocalTime(approval, "expires")) : state);
  AddLine(text, colour, "agent", TextOf(approval, "agent"));
  AddLine(text, colour, "project", TextOf(approval, "project"));
  AddLine(text, colour, "session", TextOf(approval, "session"));
  for (const Json& field : ListOf(approval, "fields")) {
    AddLine(text, colour, "  " + TextOf(field, "name"), TextOf(field, "value"));
  }
  AddLine(text, colour, "credential", TextOf(approval, "credential"));
  AddLine(text, colour, "a yes opens", TextOf(approval, "opens"));
  AddLine(text, colour, "decided by", TextOf(approval, "decided_by"));
  AddLine(text, colour, "scope", TextOf(approval, "scope"));
  AddLine(text, colour, "reason", TextOf(approval, "reason"));
  if (const std::string preview = TextOf(approval, "preview"); !preview.empty()) {
    text += Paint(colour, Style::kDim, "preview") + "\n";
    for (const std::string_view line : Split(preview, '\n')) {
      text += fmt::format("  | {}\n", Printable(line));
    }
  }
  return text;
}

Grid GrantGrid(const Json& grants) {
  Grid grid({"GRANT", "ANSWER", "SINCE", "SESSION", "WHAT"});
  for (const Json& one : grants) {
    const std::string answer = TextOf(one, "answer");
    grid.Add({TextOf(one, "id"),
              {answer, answer == "approve" ? Style::kGreen : Style::kRed},
              LocalTime(one, "created"),
              TextOf(one, "session").empty() ? "every" : TextOf(one, "session"),
              TextOf(one, "explained")});
  }
  return grid;
}

Result<std::string> FindApproval(const Json& approvals, std::string_view text) {
  std::string upper;
  for (const char c : text) upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  std::string found;
  for (const Json& one : approvals) {
    const std::string id = TextOf(one, "id");
    if (id == upper) return id;
    if (upper.size() < kShortestEnd || !id.ends_with(upper)) continue;
    if (!found.empty()) {
      return Fail(Code::kInvalid, "several approvals end in {}. Give more of its end.",
                  Printable(text));
    }
    found = id;
  }
  if (!found.empty()) return found;
  return Fail(Code::kNotFound, "there is no approval {}. Run \"aileron approvals list --all\".",
              Printable(text));
}

int ExitCodeOf(const Json& approval) {
  const std::string state = TextOf(approval, "state");
  if (state == "pending" || state == "running") return kExitPending;
  if (state == "approved" || state == "succeeded") return 0;
  return state == "failed" ? kExitFailure : kExitDenied;
}

}  // namespace aileron::modes
