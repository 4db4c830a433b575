#include "connector/tools.h"

#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "connector/limits.h"

namespace aileron::connector {

namespace {

std::size_t WordsBeforeFlags(std::span<const std::string> words) {
  const auto flag = std::ranges::find_if(words, [](const auto& w) { return w.starts_with('-'); });
  return static_cast<std::size_t>(flag - words.begin());
}

}  // namespace

Status CheckTools(std::span<const Connector* const> installed) {
  std::unordered_map<std::string_view, const Connector*> owners;
  for (const Connector* connector : installed) {
    for (const Tool& tool : connector->tools) {
      const auto [owner, fresh] = owners.emplace(tool.name, connector);
      if (fresh) continue;
      return Fail(Code::kInvalid,
                  "the tool \"{}\" of {} {} has the name of a tool of {} {}: remove one of the two "
                  "connectors, or give its tool another name in its spec",
                  tool.name, connector->fqn, connector->version, owner->second->fqn,
                  owner->second->version);
    }
  }
  return {};
}

Result<Chosen> ChooseOperation(const Connector& connector, const Tool& tool,
                               std::span<const std::string> words) {
  const auto operations = OperationsOf(connector, tool);
  // The longest name that the words before the first flag make first.
  std::size_t count = std::min(WordsBeforeFlags(words), limits::kOperationNameMax);
  const std::string spoken = Join(words.subspan(0, count), " ");
  for (; count > 0; --count) {
    const std::string name = Join(words.subspan(0, count), ".");
    if (name.size() > limits::kOperationNameMax) continue;
    const auto found = std::ranges::find(operations, name, &Operation::name);
    if (found != operations.end()) return Chosen{*found, count};
  }
  if (spoken.empty()) {
    return Fail(Code::kNotFound, "{} needs the name of an operation. Run \"{} --help\" for a list",
                tool.name, tool.name);
  }
  std::vector<std::string_view> names;
  for (const Operation* operation : operations) names.push_back(operation->name);
  std::string wanted = spoken.substr(0, limits::kOperationNameMax);
  std::ranges::replace(wanted, ' ', '.');
  const auto near = NearestWord(wanted, names);
  std::string shown(near.value_or(""));
  std::ranges::replace(shown, '.', ' ');
  return Fail(Code::kNotFound, "{} has no operation \"{}\"{}", tool.name,
              Printable(spoken.substr(0, limits::kOperationNameMax)),
              near ? fmt::format(". Did you mean \"{} {}\"?", tool.name, shown)
                   : fmt::format(". Run \"{} --help\" for a list", tool.name));
}

std::string Spoken(std::span<const std::string> words) {
  return Join(words.first(WordsBeforeFlags(words)), ".");
}

Connector OnlyFor(const Connector& connector, const Tool& tool, const Operation& operation) {
  Connector only{.fqn = connector.fqn,
                 .version = connector.version,
                 .summary = connector.summary,
                 .tools = {tool},
                 .operations = {operation}};
  only.tools[0].operations = {operation.name};
  const Operation* preview =
      operation.preview ? connector.Find(operation.preview->operation) : nullptr;
  if (preview != nullptr) only.operations.push_back(*preview);
  return only;
}

}  // namespace aileron::connector
