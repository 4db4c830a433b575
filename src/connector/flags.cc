#include "connector/flags.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "connector/arguments.h"
#include "connector/check.h"
#include "connector/limits.h"
#include "connector/names.h"

namespace aileron::connector {
namespace {

using nlohmann::json;

constexpr std::size_t kQuotedMax = 100;

std::string Quoted(std::string_view text) {
  return fmt::format("\"{}\"", Printable(text.substr(0, kQuotedMax)));
}

std::optional<double> ParseNumber(std::string_view text) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && stop == text.data() + text.size();
  return whole && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

class Parser {
 public:
  Parser(const Operation& operation, std::span<const std::string> words)
      : operation_(operation), words_(words) {}

  Result<json> Parse() {
    if (words_.size() > limits::kWordsMax) {
      return Fail(Code::kInvalid, "there are more than {} words", limits::kWordsMax);
    }
    while (next_ < words_.size()) AILERON_TRY(ParseFlag(words_[next_++]));
    for (const Input& input : operation_.inputs) {
      const bool missing =
          input.required && input.default_value.is_null() && !arguments_.contains(input.name);
      if (missing) {
        return Fail(Code::kInvalid, "{} needs {}", operation_.name, Usage(input));
      }
    }
    AILERON_TRY(CheckArguments(operation_, arguments_));
    return std::move(arguments_);
  }

 private:
  static std::string Usage(const Input& input) {
    const Type type = input.type == Type::kArray ? input.items : input.type;
    const std::string_view placeholder = Placeholder(type);
    return fmt::format("--{}{}{}", FlagName(input.name), placeholder.empty() ? "" : " ",
                       placeholder);
  }

  Status ParseFlag(std::string_view word) {
    if (!word.starts_with("--") || word.size() < 3) {
      return Fail(Code::kInvalid, "{} is no flag of {}: arguments are given as --name value",
                  Quoted(word), operation_.name);
    }
    const std::size_t equals = word.find('=');
    const std::string_view flag = word.substr(2, equals - 2);
    std::optional<std::string_view> value;
    if (equals != std::string_view::npos) value = word.substr(equals + 1);
    const Input* input = FindInput(flag);
    if (input != nullptr) return TakeValue(*input, value);
    const Input* negated = flag.starts_with("no-") ? FindInput(flag.substr(3)) : nullptr;
    if (negated == nullptr || negated->type != Type::kBoolean) return Unknown(flag);
    if (value) return Fail(Code::kInvalid, "--{} takes no value", flag);
    return Put(*negated, false);
  }

  const Input* FindInput(std::string_view flag) const { return FindFlag(operation_, flag); }

  std::unexpected<Error> Unknown(std::string_view flag) const {
    std::vector<std::string> flags;
    for (const Input& input : operation_.inputs) flags.push_back(FlagName(input.name));
    const std::vector<std::string_view> views(flags.begin(), flags.end());
    const auto near = NearestWord(flag.substr(0, kQuotedMax), views);
    return Fail(Code::kInvalid, "{} has no flag --{}{}", operation_.name,
                Printable(flag.substr(0, kQuotedMax)),
                near            ? fmt::format(". Did you mean --{}?", *near)
                : flags.empty() ? std::string(": it takes none")
                                : fmt::format(". It takes --{}", fmt::join(flags, ", --")));
  }

  Status TakeValue(const Input& input, std::optional<std::string_view> value) {
    if (input.type == Type::kBoolean) {
      if (!value) return Put(input, true);
      if (*value == "true" || *value == "false") return Put(input, *value == "true");
      return Fail(Code::kInvalid, "--{} is true or false, not {}", FlagName(input.name),
                  Quoted(*value));
    }
    if (!value) {
      if (next_ == words_.size()) return Fail(Code::kInvalid, "{} needs a value", Usage(input));
      value = words_[next_];
      // A value that was forgotten, more likely than one that looks like a flag of this operation.
      const std::string_view name = value->substr(0, value->find('='));
      if (name.starts_with("--") && FindInput(name.substr(2)) != nullptr) {
        return Fail(Code::kInvalid, "{} needs a value; write --{}={} if {} is it", Usage(input),
                    FlagName(input.name), Printable(value->substr(0, kQuotedMax)), Quoted(*value));
      }
      ++next_;
    }
    AILERON_ASSIGN(json parsed,
                   ParseValue(input, fmt::format("--{}", FlagName(input.name)), *value));
    return Put(input, std::move(parsed));
  }

  Status Put(const Input& input, json value) {
    const auto found = arguments_.find(input.name);
    if (input.type == Type::kArray) {
      if (found == arguments_.end()) arguments_[input.name] = json::array();
      arguments_[input.name].push_back(std::move(value));
      return {};
    }
    if (found != arguments_.end()) {
      return Fail(Code::kInvalid, "--{} is given twice", FlagName(input.name));
    }
    arguments_[input.name] = std::move(value);
    return {};
  }

  const Operation& operation_;
  std::span<const std::string> words_;
  std::size_t next_ = 0;
  json arguments_ = json::object();
};

}  // namespace

const Input* FindFlag(const Operation& operation, std::string_view flag) {
  for (const Input& input : operation.inputs) {
    if (input.name == flag || FlagName(input.name) == flag) return &input;
  }
  return nullptr;
}

Result<json> ParseValue(const Input& input, std::string_view name, std::string_view text) {
  const auto wrong = [&](std::string_view expected) {
    return Fail(Code::kInvalid, "{} must be {}, not {}", name, expected, Quoted(text));
  };
  switch (input.type == Type::kArray ? input.items : input.type) {
    case Type::kInteger: {
      if (const auto value = ParseInteger<std::int64_t>(text)) return *value;
      if (const auto value = ParseInteger<std::uint64_t>(text)) return *value;
      return wrong("a whole number");
    }
    case Type::kNumber: {
      if (const auto value = ParseInteger<std::int64_t>(text)) return *value;
      if (const auto value = ParseNumber(text)) return *value;
      return wrong("a number");
    }
    case Type::kBoolean:
      if (text == "true" || text == "false") return text == "true";
      return wrong("true or false");
    case Type::kObject: {
      json value = json::parse(text, nullptr, false);
      if (value.is_object()) return value;
      return wrong("a JSON object, as in '{\"name\": \"value\"}'");
    }
    case Type::kString:
    case Type::kArray:
      break;
  }
  return json(text);
}

std::string_view Placeholder(Type type) {
  switch (type) {
    case Type::kInteger:
    case Type::kNumber:
      return "NUMBER";
    case Type::kBoolean:
      return "";
    case Type::kObject:
      return "JSON";
    case Type::kString:
    case Type::kArray:
      break;
  }
  return "TEXT";
}

Result<json> ParseFlags(const Operation& operation, std::span<const std::string> words) {
  return Parser(operation, words).Parse();
}

}  // namespace aileron::connector
