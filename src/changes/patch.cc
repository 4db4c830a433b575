#include "changes/patch.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "base/text.h"
#include "changes/limits.h"

namespace aileron::changes {

namespace {

constexpr std::size_t kContext = 3;
constexpr std::size_t kBinaryLook = 8000;

using Lines = std::vector<std::string_view>;

// Each with its newline; the last one may have none.
Lines LinesOf(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t size = end == text.npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

// Of both sides in order: kept, removed or added lines.
struct Step {
  char mark;  // ' ', '-', '+'
  std::string_view line;
};

// Where both ends of a path of the algorithm are, by diagonal, one list for each number of edits.
using Trace = std::vector<std::vector<int>>;

// The furthest points of each number of edits until the ends meet; nothing when they are too many.
Trace Search(std::span<const std::string_view> a, std::span<const std::string_view> b) {
  const int n = static_cast<int>(a.size()), m = static_cast<int>(b.size());
  const int most =
      static_cast<int>(std::min<std::size_t>(a.size() + b.size(), limits::kPatchEdits));
  Trace trace;
  for (int d = 0; d <= most; ++d) {
    std::vector<int> now(static_cast<std::size_t>(2 * d + 1));
    const auto at = [&](int k) {  // of one edit less
      return trace[static_cast<std::size_t>(d - 1)][static_cast<std::size_t>(k + d - 1)];
    };
    bool met = false;
    for (int k = -d; k <= d; k += 2) {
      int x = 0;
      if (d > 0) x = k == -d || (k != d && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
      while (x < n && x - k < m && x - k >= 0 &&
             a[static_cast<std::size_t>(x)] == b[static_cast<std::size_t>(x - k)])
        ++x;
      now[static_cast<std::size_t>(k + d)] = x;
      met = met || (x >= n && x - k >= m);
    }
    trace.push_back(std::move(now));
    if (met) return trace;
  }
  return {};
}

void Replace(std::span<const std::string_view> a, std::span<const std::string_view> b,
             std::vector<Step>& steps) {
  for (const std::string_view line : a) steps.push_back({'-', line});
  for (const std::string_view line : b) steps.push_back({'+', line});
}

void Compare(std::span<const std::string_view> a, std::span<const std::string_view> b,
             std::vector<Step>& steps) {
  const Trace trace = a.empty() || b.empty() ? Trace() : Search(a, b);
  if (trace.empty()) return Replace(a, b, steps);
  std::vector<Step> back;
  int x = static_cast<int>(a.size()), y = static_cast<int>(b.size());
  const auto keep = [&](int down_to) {
    for (; x > down_to && y > 0; --x, --y)
      back.push_back({' ', a[static_cast<std::size_t>(x - 1)]});
  };
  for (int d = static_cast<int>(trace.size()) - 1; d > 0; --d) {
    const std::vector<int>& less = trace[static_cast<std::size_t>(d - 1)];
    const auto at = [&](int k) { return less[static_cast<std::size_t>(k + d - 1)]; };
    const int k = x - y;
    const bool down = k == -d || (k != d && at(k - 1) < at(k + 1));
    const int from = down ? at(k + 1) : at(k - 1);
    keep(down ? from : from + 1);
    if (down) {
      back.push_back({'+', b[static_cast<std::size_t>(--y)]});
    } else {
      back.push_back({'-', a[static_cast<std::size_t>(--x)]});
    }
  }
  keep(0);
  steps.insert(steps.end(), back.rbegin(), back.rend());
}

std::vector<Step> StepsOf(const Lines& a, const Lines& b) {
  const std::span<const std::string_view> mine(a), theirs(b);
  std::size_t begin = 0, end = 0;
  const std::size_t least = std::min(a.size(), b.size());
  while (begin < least && a[begin] == b[begin]) ++begin;
  while (end < least - begin && a[a.size() - 1 - end] == b[b.size() - 1 - end]) ++end;
  std::vector<Step> steps;
  for (std::size_t i = 0; i < begin; ++i) steps.push_back({' ', a[i]});
  Compare(mine.subspan(begin, a.size() - begin - end),
          theirs.subspan(begin, b.size() - begin - end), steps);
  for (std::size_t i = a.size() - end; i < a.size(); ++i) steps.push_back({' ', a[i]});
  return steps;
}

// "12,3": from which line, and how many; git leaves a single 1 out.
std::string Range(std::size_t lines_before, std::size_t count) {
  const std::size_t first = count == 0 ? lines_before : lines_before + 1;
  return count == 1 ? fmt::format("{}", first) : fmt::format("{},{}", first, count);
}

std::string Hunks(const std::vector<Step>& steps) {
  std::string text;
  std::size_t mine = 0, theirs = 0;  // lines before `at`
  std::size_t at = 0;
  const auto pass = [&](const Step& step) {
    if (step.mark != '+') ++mine;
    if (step.mark != '-') ++theirs;
  };
  while (at < steps.size()) {
    std::size_t change = at;
    while (change < steps.size() && steps[change].mark == ' ') ++change;
    if (change == steps.size()) break;
    for (; at + kContext < change; ++at) pass(steps[at]);
    // To the last change that no long run of what is the same follows.
    std::size_t last = change, next = change;
    for (; next < steps.size() && next - last <= 2 * kContext; ++next) {
      if (steps[next].mark != ' ') last = next;
    }
    const std::size_t end = std::min(steps.size(), last + 1 + kContext);
    const std::size_t mine_before = mine, theirs_before = theirs;
    std::string lines;
    for (; at < end; ++at) {
      pass(steps[at]);
      lines.append(1, steps[at].mark).append(steps[at].line);
      if (!lines.ends_with('\n')) lines += "\n\\ No newline at end of file\n";
    }
    text += fmt::format("@@ -{} +{} @@\n", Range(mine_before, mine - mine_before),
                        Range(theirs_before, theirs - theirs_before));
    text += lines;
  }
  return text;
}

// As git quotes names that have what a line could not (quote.c).
std::string Quoted(std::string_view name) {
  std::string quoted = "\"";
  bool plain = true;
  for (const char c : name) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (c == '"' || c == '\\') {
      quoted.append(1, '\\').append(1, c);
    } else if (byte < 0x20 || byte >= 0x7f) {
      quoted += fmt::format("\\{:03o}", unsigned{byte});
    } else {
      quoted += c;
      continue;
    }
    plain = false;
  }
  return plain ? std::string(name) : quoted + "\"";
}

bool IsFile(const PatchSide& side) { return side.type == Type::kFile || side.type == Type::kLink; }

// git knows two modes of files.
unsigned GitMode(const PatchSide& side) {
  if (side.type == Type::kLink) return 0120000;
  return (side.mode & 0100) != 0 ? 0100755 : 0100644;
}

bool IsText(const PatchSide& side) {
  return side.whole && !std::string_view(side.bytes).substr(0, kBinaryLook).contains('\0');
}

std::string OnePatch(std::string_view path, const PatchSide& before, const PatchSide& after) {
  const std::string a = Quoted(fmt::format("a/{}", path)), b = Quoted(fmt::format("b/{}", path));
  const bool is = IsFile(after), was = IsFile(before);
  std::string text = fmt::format("diff --git {} {}\n", a, b);
  if (!was) {
    text += fmt::format("new file mode {:o}\n", GitMode(after));
  } else if (!is) {
    text += fmt::format("deleted file mode {:o}\n", GitMode(before));
  } else if (GitMode(before) != GitMode(after)) {
    text += fmt::format("old mode {:o}\nnew mode {:o}\n", GitMode(before), GitMode(after));
  }
  if (before.whole && after.whole && before.bytes == after.bytes) return text;
  const std::string from = was ? a : "/dev/null", to = is ? b : "/dev/null";
  if (!IsText(before) || !IsText(after))
    return text + fmt::format("Binary files {} and {} differ\n", from, to);
  // patch(1) takes a name to its first blank, unless a tab ends it, as git's do.
  const char* end = path.contains(' ') && !b.starts_with('"') ? "\t" : "";
  return text + fmt::format("--- {}{}\n+++ {}{}\n", from, was ? end : "", to, is ? end : "") +
         Hunks(StepsOf(LinesOf(before.bytes), LinesOf(after.bytes)));
}

}  // namespace

std::string PatchOf(std::string_view path, const PatchSide& before, const PatchSide& after) {
  if (!IsFile(before) && !IsFile(after)) return {};
  // A file in the place of a link, or the other way round, is another one.
  if (IsFile(before) && IsFile(after) && before.type != after.type)
    return OnePatch(path, before, {}) + OnePatch(path, {}, after);
  const std::string text = OnePatch(path, before, after);
  return text.find('\n') + 1 == text.size() ? std::string() : text;
}

}  // namespace aileron::changes
