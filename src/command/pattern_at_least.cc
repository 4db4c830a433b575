// A pattern's words among those of a command that may have more.
// Tested by src/command/pattern_test.cc
#include "command/pattern.h"

namespace aileron::command {
namespace {

bool IsDash(std::string_view text) { return text.size() > 1 && text.starts_with('-'); }
bool IsAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// What is known of a word's beginning.
std::string_view Sure(const Word& word) { return word.text.substr(0, word.text.find(kHole)); }

// Whether a long option's name is the one that the glob means: itself, or GNU's abbreviation of it.
bool NameMeans(std::string_view glob, std::string_view name) {
  if (glob.empty() || name.empty()) return false;
  if (MatchGlob(glob, {name}) == Match::kMet) return true;
  const std::string_view whole = glob.substr(0, glob.find('*'));
  return name.size() < whole.size() && whole.starts_with(name) && whole[name.size()] != '-';
}

// An option's value: attached to it, or the next word.
Match MatchValue(const std::optional<std::string>& value, std::optional<Word> attached,
                 std::span<const Word> behind) {
  if (!value) return Match::kMet;
  if (attached) return MatchGlob(*value, *attached);
  return behind.empty() ? Match::kNo : MatchGlob(*value, behind.front());
}

Word Rest(const Word& word, std::size_t from) {
  return {word.text.substr(from), word.count, word.holes};
}

// An absolute path's glob and an operand that may lead there by another spelling.
Match MatchPath(std::string_view glob, const Word& word, std::string_view cwd) {
  const bool placed = word.text.starts_with('/') || cwd.starts_with('/');
  if (word.known() && placed) return MatchGlob(glob, {NormalPath(word.text, cwd)});
  if (word.count == Word::Count::kAny) return Match::kCouldBe;
  const bool up = word.holes == Word::Holes::kAny || word.text.find("..") != std::string_view::npos;
  if (!up && placed) {
    if (word.text.starts_with('/')) return Match::kNo;
    const std::string whole = std::string(cwd == "/" ? "" : cwd) + "/" + std::string(word.text);
    return MatchGlob(glob, {whole, Word::Count::kSome, word.holes});
  }
  // It may climb; only its last part is sure.
  const std::size_t hole = word.text.rfind(kHole);
  const std::string_view last = word.text.substr(hole == std::string_view::npos ? 0 : hole + 1);
  const bool climbs = last.find_first_not_of("./") == std::string_view::npos;
  const std::string anywhere = std::string("/\0", 2) + std::string(climbs ? "" : BaseName(last));
  return MatchGlob(glob, {anywhere}) == Match::kNo ? Match::kNo : Match::kCouldBe;
}

Match MatchOperand(const std::string& glob, const Word& word, std::string_view cwd) {
  const Match as_written = MatchGlob(glob, word);
  if (as_written == Match::kMet || !glob.starts_with('/')) return as_written;
  return std::max(as_written, MatchPath(glob, word, cwd));
}

void Raise(Match& match, Match to) { match = std::max(match, to); }

}  // namespace

// Whether one of the words is the option. With a guess a word of which nothing is known could be.
Match Pattern::MatchNeed(const Need& need, std::span<const Word> words, Guess guess) {
  const auto has_letter = [&](char c) {
    return c == need.letter || need.letters.find(c) != std::string::npos;
  };
  const auto is_name = [&](std::string_view name) {
    return NameMeans(need.name, name) || NameMeans(need.other_name, name);
  };
  const auto as_long = [&](const Word& word, std::span<const Word> behind) {
    const std::string_view sure = Sure(word).substr(2);
    const std::size_t equals = sure.find('=');
    if (equals != std::string_view::npos) {
      if (!is_name(sure.substr(0, equals))) return Match::kNo;
      return MatchValue(need.value, Rest(word, equals + 3), behind);
    }
    if (word.known()) {
      return is_name(sure) ? MatchValue(need.value, std::nullopt, behind) : Match::kNo;
    }
    const auto could = [&](std::string_view name) {
      const std::string_view whole = name.substr(0, name.find('*'));
      return !name.empty() && (whole.starts_with(sure) || sure.starts_with(whole));
    };
    return could(need.name) || could(need.other_name) ? Match::kCouldBe : Match::kNo;
  };
  const auto as_short = [&](const Word& word, std::span<const Word> behind) {
    const std::string_view sure = Sure(word);
    const std::string_view name = sure.substr(1, sure.find('=') - 1);
    const bool whole = name.size() > 1 && (MatchGlob(need.name, {name}) == Match::kMet ||
                                           MatchGlob(need.other_name, {name}) == Match::kMet);
    if (word.known() && whole) {
      const bool attached = name.size() + 1 < sure.size();
      return MatchValue(
          need.value, attached ? std::optional(Rest(word, name.size() + 2)) : std::nullopt, behind);
    }
    std::size_t i = 1;
    Match best = Match::kNo;
    for (; i < sure.size() && IsAlnum(sure[i]); ++i) {
      if (!has_letter(sure[i])) continue;
      const bool attached = i + 1 < word.text.size();
      Raise(best, MatchValue(need.value, attached ? std::optional(Rest(word, i + 1)) : std::nullopt,
                             behind));
      if (attached && word.text[i + 1] == '=') {
        Raise(best, MatchValue(need.value, Rest(word, i + 2), behind));
      }
    }
    const bool open = !word.known() && i == sure.size();  // the letters go on, unknown
    return std::max(best, open ? Match::kCouldBe : Match::kNo);
  };
  Match best = Match::kNo;
  for (std::size_t i = 0; i < words.size() && best != Match::kMet; ++i) {
    const Word& word = words[i];
    const std::span<const Word> behind = words.subspan(i + 1);
    if (!need.word.empty()) Raise(best, MatchGlob(need.word, word));
    if (!need.other_word.empty()) Raise(best, MatchGlob(need.other_word, word));
    const std::string_view sure = Sure(word);
    if (word.count == Word::Count::kAny || (!word.known() && sure.empty())) {
      if (guess == Guess::kYes) Raise(best, Match::kCouldBe);
    } else if (sure.starts_with("--")) {
      Raise(best, as_long(word, behind));
    } else if (sure.starts_with('-')) {
      Raise(best, as_short(word, behind));
    }
  }
  return best;
}

// "--network host": the option with that value.
Match Pattern::MatchPair(const Need& need, const std::string& value, std::span<const Word> words) {
  Need whole = need;
  whole.value = value;
  return MatchNeed(whole, words, Guess::kNo);
}

// Whether the operands stand among the words, in their order. One row of places, the first
// operands met so far, is carried from word to word.
Match Pattern::MatchOperands(std::span<const Word> words, std::string_view cwd,
                             std::span<const Element* const> operands) const {
  const std::size_t count = operands.size();
  std::vector<Match> row(count + 1, Match::kNo);
  std::vector<Match> next(count + 1, Match::kNo);
  row[0] = Match::kMet;
  bool value = false;  // the word may be the value of the option before it
  bool ended = false;  // behind "--"
  for (const Word& word : words) {
    if (row[count] == Match::kMet) return Match::kMet;
    const bool known = word.known();
    const bool option = known && IsDash(word.text);
    const bool many = word.count == Word::Count::kAny;
    std::ranges::fill(next, Match::kNo);
    for (std::size_t i = 0; i <= count; ++i) {
      if (row[i] == Match::kNo) continue;
      const bool stays = i == count || !operands[i]->first || option || value;
      Raise(next[i], stays ? row[i] : known ? Match::kNo : std::min(row[i], Match::kCouldBe));
      if (i == count || (option && !ended)) continue;
      Raise(next[i + 1], std::min(row[i], MatchOperand(operands[i]->operand, word, cwd)));
      for (std::size_t k = i + 2; many && k <= count; ++k) Raise(next[k], Match::kCouldBe);
    }
    const bool could = known ? option : BeginsWith(word, "-") != Match::kNo;
    value = could && word.text.find('=') == std::string_view::npos && !ended;
    ended |= known && word.text == "--";
    std::swap(row, next);
  }
  return row[count];
}

Match Pattern::AtLeast(std::span<const Word> words, std::string_view cwd) const {
  using Kind = Element::Kind;
  std::vector<const Element*> operands;
  std::vector<const Element*> apart;  // without those that are an option's value
  Match needs = Match::kMet;
  Match needs_apart = Match::kMet;
  for (std::size_t i = 0; i < elements_.size(); ++i) {
    const Element& element = elements_[i];
    if (element.kind == Kind::kNeed) {
      const Match met = MatchNeed(element.need, words, Guess::kYes);
      if (met == Match::kNo) return Match::kNo;
      needs = std::min(needs, met);
      needs_apart = std::min(needs_apart, met);
    } else if (element.kind == Kind::kOperand) {
      operands.push_back(&element);
      const Match pair = element.may_be_value
                             ? MatchPair(elements_[i - 1].need, element.operand, words)
                             : Match::kNo;
      if (pair == Match::kNo) {
        apart.push_back(&element);
      } else {
        needs_apart = std::min(needs_apart, pair);
      }
    }
  }
  const Match places = MatchOperands(words, cwd, operands);
  Match best = std::min(needs, places);
  if (apart.size() < operands.size()) {
    Raise(best, std::min(needs_apart, MatchOperands(words, cwd, apart)));
  }
  if (best != Match::kCouldBe || needs != Match::kCouldBe || places != Match::kCouldBe) return best;
  // One unknown word is not an option and an operand at once.
  const auto unknown = std::ranges::count_if(words, [](const Word& w) { return !w.known(); });
  const bool many =
      std::ranges::any_of(words, [](const Word& word) { return word.count != Word::Count::kOne; });
  return many || unknown > 1 ? best : Match::kNo;
}

}  // namespace aileron::command
