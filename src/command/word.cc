#include "command/word.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "command/limits.h"

namespace aileron::command {
namespace {

// One step of a glob or a form: a byte, or any number of them.
struct Step {
  char byte = 0;
  bool any = false;
};

std::vector<Step> GlobSteps(std::string_view glob) {
  std::vector<Step> steps;
  for (std::size_t i = 0; i < glob.size(); ++i) {
    if (glob[i] == '*') {
      if (steps.empty() || !steps.back().any) steps.push_back({.any = true});
    } else {
      if (glob[i] == '\\' && i + 1 < glob.size()) ++i;
      steps.push_back({.byte = glob[i]});
    }
  }
  return steps;
}

// Whether known bytes meet the glob: the usual walk, back to the last star where it fails.
bool Meets(std::span<const Step> glob, std::string_view text) {
  std::size_t at = 0;
  std::size_t star = glob.size();
  std::size_t star_text = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (at < glob.size() && glob[at].any) {
      star = at++;
      star_text = i;
    } else if (at < glob.size() && glob[at].byte == text[i]) {
      ++at;
      ++i;
    } else if (star != glob.size()) {
      at = star + 1;
      i = ++star_text;
    } else {
      return false;
    }
  }
  while (at < glob.size() && glob[at].any) ++at;
  return at == glob.size();
}

// Whether some text is of the form and meets the glob: a row of the glob's places for each step of
// the form.
bool Intersects(std::span<const Step> glob, const Word& word) {
  std::vector<char> here(glob.size() + 1, 0);
  std::vector<char> next(glob.size() + 1, 0);
  here[0] = 1;
  const auto pass_stars = [&](std::vector<char>& row) {
    for (std::size_t i = 0; i < glob.size(); ++i) {
      if (row[i] != 0 && glob[i].any) row[i + 1] = 1;
    }
  };
  pass_stars(here);
  for (const char c : word.text) {
    std::ranges::fill(next, 0);
    for (std::size_t i = 0; i <= glob.size(); ++i) {
      if (here[i] == 0) continue;
      if (c == kHole) next[i] = 1;
      if (i == glob.size()) continue;
      if (glob[i].any) {
        next[i] = 1;
      } else if (c == glob[i].byte) {
        next[i + 1] = 1;
      }
    }
    if (c == kHole) {  // what a hole has taken, it may take more behind
      for (std::size_t i = 0; i < glob.size(); ++i) {
        const bool fits = word.holes != Word::Holes::kName || glob[i].any || glob[i].byte != '/';
        if (next[i] != 0 && fits) next[i + 1] = 1;
      }
    }
    pass_stars(next);
    std::swap(here, next);
  }
  return here[glob.size()] != 0;
}

bool IsPlain(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./:=@%+,^").find(c) != std::string_view::npos || (c & 0x80) != 0;
  });
}

}  // namespace

Match MatchGlob(std::string_view glob, const Word& word) {
  if (glob == "*" && word.count == Word::Count::kOne) return Match::kMet;
  if (word.count == Word::Count::kAny) return Match::kCouldBe;
  const bool form = word.text.find(kHole) != std::string_view::npos;
  if (!form && glob.find_first_of("*\\") == std::string_view::npos) {
    return glob == word.text ? Match::kMet : Match::kNo;
  }
  const std::vector<Step> steps = GlobSteps(glob);
  if (!form) return Meets(steps, word.text) ? Match::kMet : Match::kNo;
  if (word.text.size() > limits::kFormMax) return Match::kCouldBe;
  return Intersects(steps, word) ? Match::kCouldBe : Match::kNo;
}

Match BeginsWith(const Word& word, std::string_view beginning) {
  if (word.count == Word::Count::kAny) return Match::kCouldBe;
  const std::size_t hole = std::min(word.text.find(kHole), word.text.size());
  const std::string_view sure = word.text.substr(0, hole);
  if (sure.starts_with(beginning)) return Match::kMet;
  return hole < word.text.size() && beginning.starts_with(sure) ? Match::kCouldBe : Match::kNo;
}

std::string_view BaseName(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string NormalPath(std::string_view path, std::string_view cwd) {
  std::string whole;
  if (!path.starts_with('/')) {
    if (!cwd.starts_with('/')) return std::string(path);
    whole.append(cwd).append("/");
  }
  whole.append(path);
  std::string normal;
  for (const std::string_view part : Split(whole, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      normal.resize(normal.empty() ? 0 : normal.rfind('/'));
      continue;
    }
    normal.append("/").append(part);
  }
  return normal.empty() ? "/" : normal;
}

std::string Quoted(std::string_view text) {
  if (IsPlain(text)) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string Shown(std::span<const Word> words) {
  std::string line;
  for (const Word& word : words) {
    if (line.size() > limits::kShownMax) break;
    if (!line.empty()) line += ' ';
    const std::string_view text = word.text.substr(0, limits::kShownMax);
    if (word.count == Word::Count::kAny) {
      line += '?';
    } else if (text.find(kHole) == std::string_view::npos) {
      line += Quoted(text);
    } else {
      for (const char c : text) line += c == kHole ? '?' : c;
    }
  }
  if (line.size() > limits::kShownMax) {
    line.resize(limits::kShownMax);
    line += " …";
  }
  return Printable(line);
}

}  // namespace aileron::command
