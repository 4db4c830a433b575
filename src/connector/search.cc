#include "connector/search.h"

#include <algorithm>
#include <array>
#include <string>
#include <tuple>

#include "base/text.h"
#include "connector/limits.h"

namespace aileron::connector {
namespace {

bool IsWordChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

// A word of the question, and its score where another word of the same meaning stands.
struct Wanted {
  std::string word;
  std::span<const std::string_view> synonyms{};
};

// What people say for what operations are called.
constexpr auto kCreate = std::to_array<std::string_view>({"create", "add", "new", "post", "open"});
constexpr auto kList = std::to_array<std::string_view>({"list", "get", "show", "read", "fetch"});
constexpr auto kUpdate =
    std::to_array<std::string_view>({"update", "edit", "change", "modify", "patch"});
constexpr auto kDelete = std::to_array<std::string_view>({"delete", "remove", "destroy"});
constexpr auto kSearch = std::to_array<std::string_view>({"search", "find", "query"});
constexpr std::array<std::span<const std::string_view>, 5> kSynonyms = {kCreate, kList, kUpdate,
                                                                        kDelete, kSearch};

std::vector<Wanted> WordsOf(std::string_view question) {
  const std::string lower = ToLower(question.substr(0, limits::kSearchTextMax));
  std::vector<Wanted> words;
  std::size_t at = 0;
  while (at < lower.size() && words.size() < limits::kSearchWordsMax) {
    if (!IsWordChar(lower[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < lower.size() && IsWordChar(lower[end])) ++end;
    Wanted wanted{.word = lower.substr(at, end - at)};
    at = end;
    for (const auto synonyms : kSynonyms) {
      if (std::ranges::find(synonyms, wanted.word) != synonyms.end()) wanted.synonyms = synonyms;
    }
    // "issues" finds "issue" as well; "issue" finds "issues" as its beginning.
    if (wanted.word.size() > 3 && wanted.word.ends_with('s') && !wanted.word.ends_with("ss")) {
      wanted.word.pop_back();
    }
    const bool fresh = std::ranges::find(words, wanted.word, &Wanted::word) == words.end();
    if (fresh) words.push_back(std::move(wanted));
  }
  return words;
}

// How well a word stands in a text: as a whole (a plural's end counts as that), at the beginning of
// a word, or within one.
enum class Fit { kNone, kPart, kBeginning, kWhole };

Fit FitOf(std::string_view text, std::string_view word) {
  Fit best = Fit::kNone;
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    if (at > 0 && IsWordChar(text[at - 1])) {
      best = std::max(best, Fit::kPart);
      continue;
    }
    std::size_t end = at + word.size();
    if (end < text.size() && text[end] == 's') ++end;
    if (end == text.size() || !IsWordChar(text[end])) return Fit::kWhole;
    best = Fit::kBeginning;
  }
  return best;
}

struct Weights {
  int whole;
  int beginning;
  int part;
};
constexpr Weights kInName = {100, 60, 30};
constexpr Weights kInOwner = {50, 30, 10};
constexpr Weights kInSummary = {40, 20, 8};
constexpr Weights kInPath = {20, 10, 4};

int ScoreOf(std::string_view text, std::string_view word, const Weights& weights) {
  switch (FitOf(text, word)) {
    case Fit::kWhole:
      return weights.whole;
    case Fit::kBeginning:
      return weights.beginning;
    case Fit::kPart:
      return weights.part;
    case Fit::kNone:
      break;
  }
  return 0;
}

// The texts of an operation in lower case, in buffers that are used again for the next one.
struct Texts {
  std::string name;
  std::string summary;
  std::string path;

  void Set(const Operation& operation) {
    Lower(operation.name, name);
    Lower(operation.summary, summary);
    Lower(operation.path, path);
  }
  static void Lower(std::string_view text, std::string& into) {
    into.assign(text);
    for (char& c : into) c = ToLower(c);
  }
};

int ScoreOfWord(const Texts& texts, std::string_view owner, const Wanted& wanted) {
  int best = ScoreOf(texts.name, wanted.word, kInName);
  if (best == kInName.whole) return best;
  for (const std::string_view synonym : wanted.synonyms) {
    // A little less than the word itself.
    if (FitOf(texts.name, synonym) == Fit::kWhole) best = std::max(best, kInName.whole * 8 / 10);
  }
  best = std::max(best, ScoreOf(texts.summary, wanted.word, kInSummary));
  best = std::max(best, ScoreOf(owner, wanted.word, kInOwner));
  return std::max(best, ScoreOf(texts.path, wanted.word, kInPath));
}

struct Ranked {
  Hit hit;
  std::size_t found = 0;  // words
};

bool Before(const Ranked& a, const Ranked& b) {
  const auto key = [](const Ranked& each) {
    return std::tuple(-static_cast<int>(each.found), -each.hit.score,
                      each.hit.operation->name.size(), std::string_view(each.hit.operation->name),
                      std::string_view(each.hit.connector->fqn));
  };
  return key(a) < key(b);
}

}  // namespace

std::vector<Hit> Search(std::span<const Connector* const> connectors, std::string_view words,
                        std::size_t limit) {
  const std::vector<Wanted> wanted = WordsOf(words);
  std::vector<Ranked> ranked;
  std::size_t most = 1;
  Texts texts;
  for (const Connector* connector : connectors) {
    std::string owner = ToLower(connector->fqn);
    for (const Tool& tool : connector->tools) owner += " " + ToLower(tool.name);
    for (const Operation& operation : connector->operations) {
      texts.Set(operation);
      Ranked each{.hit = {connector, &operation}};
      for (const Wanted& word : wanted) {
        const int score = ScoreOfWord(texts, owner, word);
        each.hit.score += score;
        each.found += score > 0 ? 1 : 0;
      }
      if (each.found < most) continue;
      most = each.found;
      ranked.push_back(each);
    }
  }
  std::erase_if(ranked, [&](const Ranked& each) { return each.found < most; });
  const std::size_t kept = std::min({limit, limits::kHitsMax, ranked.size()});
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(kept),
                    ranked.end(), Before);
  std::vector<Hit> hits;
  for (std::size_t i = 0; i < kept; ++i) hits.push_back(ranked[i].hit);
  return hits;
}

}  // namespace aileron::connector
