#include "shim/tool_line.h"

#include "base/json_members.h"
#include "base/text.h"
#include "connector/arguments.h"
#include "connector/completion.h"
#include "connector/flags.h"
#include "connector/help.h"
#include "connector/tools.h"
#include "shim/json_text.h"

namespace aileron::shim {

using connector::Connector;
using connector::Operation;
using connector::Tool;
using nlohmann::json;

namespace {

enum class Own { kArgs, kJson, kNoWait, kTimeout, kHelp };
struct OwnFlag {
  std::string_view name;
  Own own;
  bool has_value = false;
};
constexpr OwnFlag kOwnFlags[] = {{"--args", Own::kArgs, true}, {"--json", Own::kJson},
                                 {"--no-wait", Own::kNoWait},  {"--timeout", Own::kTimeout, true},
                                 {"--help", Own::kHelp},       {"-h", Own::kHelp}};
constexpr std::string_view kOwnHelp = R"(
Of every operation:
  --args JSON         All arguments as one JSON object; "-" reads standard input.
  --json              Print what became of the call as JSON.
  --no-wait           Do not wait for a person: print the call's id, exit with 75.
  --timeout DURATION  Wait no longer than that, such as 90s.
)";

std::string_view NameIn(std::string_view word) { return word.substr(0, word.find('=')); }

const OwnFlag* FindOwn(std::string_view word) {
  const auto* found = std::ranges::find(kOwnFlags, NameIn(word), &OwnFlag::name);
  return found == std::end(kOwnFlags) ? nullptr : found;
}

class Reader {
 public:
  Reader(const Connector& connector, const Tool& tool, std::span<const std::string> words)
      : connector_(connector), tool_(tool), words_(words) {}

  Result<ToolLine> Read() {
    while (next_ < words_.size() && words_[next_].starts_with('-')) {
      const OwnFlag* own = FindOwn(words_[next_]);
      if (own == nullptr) {
        return Fail(Code::kInvalid, "{} stands before an operation. Run \"{} --help\" for a list",
                    Printable(NameIn(words_[next_])), tool_.name);
      }
      AILERON_TRY(Take(*own));
    }
    const auto rest = words_.subspan(next_);
    if (rest.empty() || NamesGroup(rest)) return Overview(rest);
    AILERON_ASSIGN(const connector::Chosen chosen,
                   connector::ChooseOperation(connector_, tool_, rest));
    line_.operation = chosen.operation;
    next_ += chosen.words;
    while (next_ < words_.size()) AILERON_TRY(TakeBehind());
    if (help_) line_.help = connector::HelpText(tool_, *line_.operation) + std::string(kOwnHelp);
    return std::move(line_);
  }

 private:
  // Whether they name no operation but a group, and ask for nothing else than its help.
  bool NamesGroup(std::span<const std::string> words) {
    const std::string name = connector::Spoken(words);
    const auto flags =
        std::ranges::find_if(words, [](const auto& w) { return w.starts_with('-'); });
    const bool asks_help = std::all_of(flags, words.end(), [](const std::string& word) {
      return word == "--help" || word == "-h";
    });
    if (!asks_help) return false;
    bool group = false;
    for (const Operation* each : connector::OperationsOf(connector_, tool_)) {
      if (each->name == name) return false;
      group |= connector::InGroup(each->name, name);
    }
    return group;
  }

  Result<ToolLine> Overview(std::span<const std::string> words) {
    line_.help =
        connector::HelpText(connector_, tool_, connector::Spoken(words)) + std::string(kOwnHelp);
    return std::move(line_);
  }

  // A word behind the operation, with its value. What is nobody's is left to the operation's flags,
  // which know the nearest one.
  Status TakeBehind() {
    std::size_t count = OperationsWords();
    if (count == 0) {
      if (const OwnFlag* own = FindOwn(words_[next_])) return Take(*own);
      count = 1;
    }
    for (; count > 0; --count) line_.flags.push_back(words_[next_++]);
    return {};
  }

  // How many of the next words are a flag of the operation and its value.
  std::size_t OperationsWords() const {
    const std::string& word = words_[next_];
    if (!word.starts_with("--")) return 0;
    const std::string_view name = NameIn(word).substr(2);
    if (const connector::Input* input = connector::FindFlag(*line_.operation, name)) {
      const bool apart = input->type != connector::Type::kBoolean && !word.contains('=');
      return apart && next_ + 1 < words_.size() ? 2 : 1;
    }
    const connector::Input* negated =
        name.starts_with("no-") ? connector::FindFlag(*line_.operation, name.substr(3)) : nullptr;
    return negated != nullptr && negated->type == connector::Type::kBoolean ? 1 : 0;
  }

  Status Take(const OwnFlag& own) {
    AILERON_ASSIGN(const std::string value, ValueOf(own));
    switch (own.own) {
      case Own::kArgs:
        if (line_.arguments) return Fail(Code::kInvalid, "--args is given twice");
        line_.arguments = value;
        return {};
      case Own::kTimeout: {
        auto length = ParseDuration(value);
        if (!length) return Wrap(std::move(length).error(), "--timeout");
        line_.timeout = *length;
        return {};
      }
      case Own::kJson:
        line_.json = true;
        return {};
      case Own::kNoWait:
        line_.wait = false;
        return {};
      case Own::kHelp:
        help_ = true;
        return {};
    }
    return {};
  }

  // Goes to the word behind the flag.
  Result<std::string> ValueOf(const OwnFlag& own) {
    const std::string& word = words_[next_++];
    const std::size_t equals = word.find('=');
    if (!own.has_value) {
      if (equals == std::string::npos) return std::string();
      return Fail(Code::kInvalid, "{} takes no value", own.name);
    }
    if (equals != std::string::npos) return word.substr(equals + 1);
    if (next_ == words_.size()) return Fail(Code::kInvalid, "{} needs a value", own.name);
    return words_[next_++];
  }

  const Connector& connector_;
  const Tool& tool_;
  std::span<const std::string> words_;
  std::size_t next_ = 0;
  bool help_ = false;
  ToolLine line_;
};

}  // namespace

Result<ToolLine> ReadToolLine(const Connector& connector, const Tool& tool,
                              std::span<const std::string> words) {
  return Reader(connector, tool, words).Read();
}

std::vector<std::string> CompleteToolLine(const Connector& connector, const Tool& tool,
                                          std::span<const std::string> words) {
  std::array<std::string_view, std::size(kOwnFlags)> own;
  std::ranges::transform(kOwnFlags, own.begin(), &OwnFlag::name);
  return connector::Complete(connector, tool, words, own);
}

Result<json> ArgumentsOf(const ToolLine& line, std::string_view input) {
  if (!line.arguments) return connector::ParseFlags(*line.operation, line.flags);
  if (!line.flags.empty()) {
    return Fail(Code::kInvalid, "{}: give --args or {}, not both", line.operation->name,
                Printable(NameIn(line.flags.front())));
  }
  const std::string_view text = line.reads_input() ? input : *line.arguments;
  AILERON_ASSIGN(json arguments, ParseJson(text, "what --args says"));
  if (const auto name = RepeatedMember(text)) {
    return Fail(Code::kInvalid, "what --args says names \"{}\" twice in one object",
                Printable(*name));
  }
  if (!arguments.is_object()) {
    return Fail(Code::kInvalid,
                "what --args says is no JSON object, as in '{{\"name\": \"value\"}}'");
  }
  AILERON_TRY(connector::CheckArguments(*line.operation, arguments));
  return arguments;
}

}  // namespace aileron::shim
