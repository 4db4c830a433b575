#include "approval/body_fields.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "approval/limits.h"
#include "approval/shown_text.h"
#include "base/json_depth.h"
#include "base/text.h"

namespace aileron::approval {
namespace {

constexpr auto kSecretNames = std::to_array<std::string_view>(
    {"password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "privatekey",
     "authorization", "credential", "cookie", "sessionid", "signature", "pin", "otp", "cvc", "cvv",
     "cardnumber", "iban"});
// A short one is meant only as a word of its own: "pin" is not in "shipping".
constexpr std::size_t kShortName = 4;
constexpr auto kSecretBeginnings = std::to_array<std::string_view>(
    {"ghp_",  "gho_",  "ghs_",  "ghu_",  "ghr_",     "github_pat_", "glpat-",
     "xoxb-", "xoxp-", "xapp-", "sk-",   "sk_live_", "sk_test_",    "rk_live_",
     "AKIA",  "ASIA",  "AIza",  "ya29.", "npm_",     "pypi-"});
constexpr std::size_t kSecretMin = 16;  // of a value; a shorter one is a word

bool IsPlainKey(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (ToLower(c) >= 'a' && ToLower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '$' || c == '@';
  });
}

enum class Mask { kNo, kYes };

Mask MaskOf(std::string_view name) { return NamesSecret(name) ? Mask::kYes : Mask::kNo; }

// Collects fields within their bounds, and counts what did not fit.
class Collector {
 public:
  void Add(std::string_view name, std::string_view value, Mask mask) {
    Field field{.name = std::string(name), .value = std::string(value)};
    if (mask == Mask::kYes || LooksSecret(value)) {
      field.value =
          fmt::format("{} ({} byte{})", kMasked, value.size(), value.size() == 1 ? "" : "s");
    }
    const std::size_t size = ShownText(field.name, limits::kFieldNameMax).size() +
                             ShownText(field.value, limits::kFieldValueMax).size();
    if (fields_.size() >= limits::kBodyFields || bytes_ + size > limits::kBodyFieldsMax) {
      ++left_out_;
      return;
    }
    bytes_ += size;
    fields_.push_back(std::move(field));
  }
  std::vector<Field> Take() {
    if (left_out_ > 0) {
      fields_.push_back({"body …", fmt::format("{} more, not shown", left_out_)});
    }
    return std::move(fields_);
  }

 private:
  std::vector<Field> fields_;
  std::size_t bytes_ = 0;
  std::size_t left_out_ = 0;
};

// Hears a JSON document in its order, duplicates and all.
class JsonWalk final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit JsonWalk(Collector& found) : found_(found) {}

  bool null() override { return Tell("null"); }
  bool boolean(bool value) override { return Tell(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return Tell(fmt::format("{}", value)); }
  bool number_unsigned(number_unsigned_t value) override { return Tell(fmt::format("{}", value)); }
  bool number_float(number_float_t, const string_t& text) override { return Tell(text); }
  bool string(string_t& value) override { return Tell(value); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Enter(Level::kObject); }
  bool start_array(std::size_t) override { return Enter(Level::kArray); }
  bool end_object() override { return Leave("{}"); }
  bool end_array() override { return Leave("[]"); }
  bool key(string_t& name) override {
    levels_.back().key = name;
    levels_.back().mask = MaskOf(name);
    levels_.back().empty = false;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

 private:
  struct Level {
    enum Kind { kObject, kArray } kind;
    std::string key;
    std::size_t index = 0;
    Mask mask = Mask::kNo;  // of the member that it is in now
    bool empty = true;
  };

  std::string Name() const {
    std::string name = "body";
    for (const Level& level : levels_) {
      if (level.kind == Level::kArray) {
        name += fmt::format("[{}]", level.index);
      } else if (IsPlainKey(level.key)) {
        name += "." + level.key;
      } else {
        name += fmt::format("[\"{}\"]", level.key);
      }
      // The rest would be cut from what is shown.
      if (name.size() > limits::kFieldNameMax * 2) break;
    }
    return name;
  }
  Mask Masked() const {
    const bool masked =
        std::ranges::any_of(levels_, [](const Level& level) { return level.mask == Mask::kYes; });
    return masked ? Mask::kYes : Mask::kNo;
  }
  void Next() {
    if (levels_.empty() || levels_.back().kind == Level::kObject) return;
    ++levels_.back().index;
    levels_.back().empty = false;
  }
  bool Tell(std::string_view value) {
    found_.Add(Name(), value, Masked());
    Next();
    return true;
  }
  bool Enter(Level::Kind kind) {
    levels_.push_back({.kind = kind});
    return true;
  }
  bool Leave(std::string_view when_empty) {
    const bool empty = levels_.back().empty;
    levels_.pop_back();
    if (empty) return Tell(when_empty);
    Next();
    return true;
  }

  Collector& found_;
  std::vector<Level> levels_;
};

std::vector<Field> Told(std::string what) { return {{"body", std::move(what)}}; }

std::vector<Field> JsonFields(std::string_view body) {
  if (NestsDeeperThan(body, limits::kArgumentsDepth)) {
    return Told(
        fmt::format("not shown: it is nested deeper than {} levels", limits::kArgumentsDepth));
  }
  Collector found;
  JsonWalk walk(found);
  if (!nlohmann::json::sax_parse(body, &walk)) {
    return Told("not shown: it says that it is JSON, and is not");
  }
  return found.Take();
}

std::vector<Field> FormFields(std::string_view body) {
  Collector found;
  for (const std::string_view pair : Split(body, '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto decoded = [](std::string_view text) {
      std::string blanks(text);
      std::ranges::replace(blanks, '+', ' ');
      // As it stands there where the site would have to guess, too.
      return PercentDecode(blanks).value_or(std::string(text));
    };
    const std::string name = decoded(pair.substr(0, equals));
    found.Add("body." + name, decoded(pair.substr(std::min(equals + 1, pair.size()))),
              MaskOf(name));
  }
  return found.Take();
}

}  // namespace

bool NamesSecret(std::string_view name) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  std::string plain, word;
  bool short_one = false;
  for (const char c : std::string(name) + '.') {
    const char lower = ToLower(c);
    if (alphanumeric(lower)) {
      plain += lower;
      word += lower;
      continue;
    }
    short_one |=
        word.size() < kShortName && std::ranges::find(kSecretNames, word) != kSecretNames.end();
    word.clear();
  }
  // Of a model's API: how many, and not which.
  if (plain.ends_with("tokens")) return false;
  return short_one || std::ranges::any_of(kSecretNames, [&](std::string_view one) {
           return one.size() >= kShortName && plain.contains(one);
         });
}

bool LooksSecret(std::string_view value) {
  if (value.starts_with("-----BEGIN ")) return true;
  for (const std::string_view scheme : {"Bearer ", "Basic "}) {
    if (!value.starts_with(scheme)) continue;
    value.remove_prefix(scheme.size());
    return value.size() >= kSecretMin && !value.contains(' ');
  }
  if (value.size() < kSecretMin || value.contains(' ')) return false;
  return std::ranges::any_of(
      kSecretBeginnings, [&](std::string_view beginning) { return value.starts_with(beginning); });
}

std::vector<Field> BodyFields(std::string_view content_type, std::string_view body) {
  if (body.empty()) return {};
  const std::string type = ToLower(Trim(content_type.substr(0, content_type.find(';'))));
  if (type == "application/json" || type.ends_with("+json")) return JsonFields(body);
  if (type == "application/x-www-form-urlencoded") return FormFields(body);
  return Told("not shown: it is neither JSON nor a form");
}

}  // namespace aileron::approval
