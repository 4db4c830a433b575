// A pattern's words, compared with a command that has these and no others.
// Tested by src/command/pattern_test.cc
#include "command/pattern.h"
#include "command/spellings.h"

namespace aileron::command {
namespace {

bool IsDash(std::string_view text) { return text.size() > 1 && text.starts_with('-'); }

bool Climbs(std::string_view path) {
  return path == ".." || path.starts_with("../") || path.ends_with("/..") ||
         path.find("/../") != std::string_view::npos;
}

bool MeetsOperand(const std::string& glob, std::string_view text) {
  if (MatchGlob(glob, {text}) != Match::kMet) return false;
  return glob.find('*') == std::string::npos || !Climbs(text);
}

}  // namespace

// Walks the elements and the words side by side: a run of options, then what ends it.
class Pattern::Exact {
 public:
  Exact(const Pattern& pattern, std::span<const Word> words) : pattern_(pattern), words_(words) {}

  bool Holds() {
    while (true) {
      const std::size_t begin = at_;
      while (Is(Element::Kind::kNeed)) ++at_;
      run_ = std::span(pattern_.elements_).subspan(begin, at_ - begin);
      met_.assign(run_.size(), false);
      value_taken_ = false;
      const bool others = !TakeOptions();  // an option that is none of the run's
      if (!AllMet()) return false;
      if (Is(Element::Kind::kRest)) return true;
      if (others) return false;
      if (at_ == pattern_.elements_.size()) return words_.empty();
      if (!value_taken_ && !TakeOperand()) return false;
      ++at_;
    }
  }

 private:
  bool Is(Element::Kind kind) const {
    return at_ < pattern_.elements_.size() && pattern_.elements_[at_].kind == kind;
  }
  bool AllMet() const { return std::ranges::find(met_, false) == met_.end(); }

  // The words that are options, each one of the run's. Where "**" follows, the first that is not
  // belongs to it.
  bool TakeOptions() {
    while (!ended_ && !words_.empty() && words_.front().known() && IsDash(words_.front().text) &&
           words_.front().text != "--" && !value_taken_) {
      if (!TakeOption()) return false;
    }
    return true;
  }

  bool TakeOption() {
    const std::string_view text = words_.front().text;
    for (std::size_t i = 0; i < run_.size(); ++i) {
      const Need& need = run_[i].need;
      if (!need.word.empty() && MatchGlob(need.word, {text}) == Match::kMet) return Take(i, {});
      if (need.name.empty()) continue;
      const std::size_t dashes = text.starts_with("--") ? 2 : 1;
      if (dashes == 1 && !HasWordOptions(pattern_.key_)) continue;
      const std::size_t equals = text.find('=');
      if (MatchGlob(need.name, {text.substr(dashes, equals - dashes)}) != Match::kMet) continue;
      if (equals == std::string_view::npos) return Take(i, std::nullopt);
      return Take(i, text.substr(equals + 1));
    }
    return !text.starts_with("--") && TakeCluster(text.substr(1));
  }

  // -rf: each letter is one of the run's.
  bool TakeCluster(std::string_view letters) {
    for (std::size_t c = 0; c < letters.size(); ++c) {
      const auto found = std::ranges::find_if(
          run_, [&](const Element& each) { return each.need.letter == letters[c]; });
      if (found == run_.end()) return false;
      met_[static_cast<std::size_t>(found - run_.begin())] = true;
    }
    words_ = words_.subspan(1);
    return true;
  }

  // The option is the run's `i`th; `value`: what is attached to it by "=".
  bool Take(std::size_t i, std::optional<std::string_view> value) {
    const Need& need = run_[i].need;
    met_[i] = true;
    words_ = words_.subspan(1);
    if (!need.word.empty()) return true;
    if (need.value) {
      if (!value) {
        if (words_.empty() || !words_.front().known()) return false;
        value = words_.front().text;
        words_ = words_.subspan(1);
      }
      return MeetsOperand(*need.value, *value);
    }
    if (!value) return true;
    // "--opt v" of the pattern, "--opt=v" of the command.
    value_taken_ = i + 1 == run_.size() && Is(Element::Kind::kOperand) &&
                   MeetsOperand(pattern_.elements_[at_].operand, *value);
    return value_taken_;
  }

  bool TakeOperand() {
    if (words_.empty() || !words_.front().known()) return false;
    const std::string_view text = words_.front().text;
    const bool end = !ended_ && text == "--";
    if (Is(Element::Kind::kEndOfOptions)) {
      if (!end) return false;
      ended_ = true;
    } else if (end || (!ended_ && IsDash(text)) ||
               !MeetsOperand(pattern_.elements_[at_].operand, text)) {
      return false;
    }
    words_ = words_.subspan(1);
    return true;
  }

  const Pattern& pattern_;
  std::span<const Word> words_;  // those that are left
  std::size_t at_ = 0;           // the element
  std::span<const Element> run_;
  std::vector<bool> met_;
  bool value_taken_ = false;  // the operand that ends the run came with its option
  bool ended_ = false;        // behind "--"
};

Match Pattern::Exactly(std::span<const Word> words) const {
  return Exact(*this, words).Holds() ? Match::kMet : Match::kNo;
}

}  // namespace aileron::command
