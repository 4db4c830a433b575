#include "modes/approval_text.h"

#include <algorithm>
#include <utility>
#include <vector>

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

constexpr std::size_t kNameColumns = 12;

void AddLine(std::string& text, Colour colour, std::size_t width, std::string_view name,
             const std::string& value) {
  if (value.empty()) return;
  constexpr std::size_t indent = kNameColumns + 2;
  const std::string shown = Printable(value);
  text += fmt::format("{}  {}\n", Paint(colour, Style::kDim, Pad(Printable(name), kNameColumns)),
                      width > indent * 2 ? Wrapped(shown, width, indent) : shown);
}

// How long ago `member` was, in the two largest units: "3m12s", "2h5m". Empty when it is no time.
std::string Age(const Json& approval, std::string_view member, Time now) {
  const auto time = ParseTime(TextOf(approval, member));
  if (!time) return "";
  auto age = std::chrono::floor<std::chrono::seconds>(std::max(now - *time, Duration::zero()));
  if (age >= std::chrono::hours(24)) {
    age = std::chrono::floor<std::chrono::hours>(age);
  } else if (age >= std::chrono::hours(1)) {
    age = std::chrono::floor<std::chrono::minutes>(age);
  }
  return FormatDuration(age);
}

// As much of each id's end as tells it apart, which is what the verbs take. In the list's order.
std::vector<std::string> ShortIds(const Json& approvals) {
  constexpr std::size_t kShown = 6;
  std::vector<std::pair<std::string, std::size_t>> backwards;  // with its place
  for (const Json& one : approvals) {
    const std::string id = TextOf(one, "id");
    backwards.emplace_back(std::string(id.rbegin(), id.rend()), backwards.size());
  }
  std::ranges::sort(backwards);
  std::vector<std::string> ids(backwards.size());
  for (std::size_t i = 0; i < backwards.size(); ++i) {
    const std::string& id = backwards[i].first;
    std::size_t length = kShown;
    // Those that have most in common stand beside each other.
    for (const std::size_t other : {i - 1, i + 1}) {
      if (other >= backwards.size()) continue;
      const auto differs = std::ranges::mismatch(id, backwards[other].first).in1;
      length = std::max(length, static_cast<std::size_t>(differs - id.begin()) + 1);
    }
    const std::string end = id.substr(0, length);
    ids[backwards[i].second] = std::string(end.rbegin(), end.rend());
  }
  return ids;
}

}  // namespace

Grid WaitingGrid(const Json& approvals, Time now) {
  Grid grid({"APPROVAL", "WAITS", "AGENT", "WHAT"});
  const std::vector<std::string> ids = ShortIds(approvals);
  auto id = ids.begin();
  for (const Json& one : approvals) {
    grid.Add({{*id++, Style::kBold},
              Age(one, "created", now),
              TextOf(one, "agent"),
              TextOf(one, "title")});
  }
  return grid;
}

Grid ApprovalGrid(const Json& approvals, Time now) {
  Grid grid({"APPROVAL", "STATE", "AGE", "AGENT", "DECIDED BY", "WHAT"});
  const std::vector<std::string> ids = ShortIds(approvals);
  auto id = ids.begin();
  for (const Json& one : approvals) {
    const std::string state = TextOf(one, "state");
    grid.Add({*id++,
              {state, StyleOfState(state)},
              Age(one, "created", now),
              TextOf(one, "agent"),
              state == "pending" ? "" : TextOf(one, "decided_by"),
              TextOf(one, "title")});
  }
  return grid;
}

std::string ApprovalText(const Json& approval, Colour colour, std::size_t width, Time now) {
  std::string text =
      fmt::format("{}\n", Paint(colour, Style::kBold, Printable(TextOf(approval, "title"))));
  const auto add = [&](std::string_view name, const std::string& value) {
    AddLine(text, colour, width, name, value);
  };
  const std::string state = TextOf(approval, "state");
  add("approval", TextOf(approval, "id"));
  add("state", state == "pending"
                   ? fmt::format("waits for {}, until {}", Age(approval, "created", now),
                                 LocalTime(approval, "expires"))
                   : state);
  add("agent", TextOf(approval, "agent"));
  add("project", TextOf(approval, "project"));
  add("session", TextOf(approval, "session"));
  for (const Json& field : ListOf(approval, "fields")) {
    add("  " + TextOf(field, "name"), TextOf(field, "value"));
  }
  add("credential", TextOf(approval, "credential"));
  std::string editable;
  for (const Json& input : ListOf(approval, "inputs")) {
    editable += (editable.empty() ? "" : ", ") + TextOf(input, "name");
  }
  add("can change", editable);
  if (const std::string opens = TextOf(approval, "opens"); !opens.empty()) {
    const std::string shown = Printable(opens);
    text += fmt::format(
        "{}  {}\n", Paint(colour, Style::kDim, Pad("a yes opens", kNameColumns)),
        Paint(colour, state == "pending" ? Style::kYellow : Style::kPlain,
              width > 2 * kNameColumns ? Wrapped(shown, width, kNameColumns + 2) : shown));
  }
  add("decided by", TextOf(approval, "decided_by"));
  add("scope", TextOf(approval, "scope"));
  add("reason", TextOf(approval, "reason"));
  std::string edited;
  for (const Json& name : ListOf(approval, "edited")) {
    if (name.is_string()) edited += (edited.empty() ? "" : ", ") + name.get<std::string>();
  }
  add("changed", edited);
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
