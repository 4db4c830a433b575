#include "connector/help.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "connector/flags.h"
#include "connector/names.h"

namespace aileron::connector {
namespace {

using nlohmann::json;

constexpr std::size_t kWidth = 80;
constexpr std::size_t kWidestName = 28;
constexpr std::size_t kListedMax = 60;  // operations; beyond it groups are listed

// Columns of text whose characters are one wide.
std::size_t Columns(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// `text` in lines, each but the first behind `indent` blanks. A word that is wider stands alone.
std::string Wrapped(std::string_view text, std::size_t indent) {
  std::string wrapped;
  std::size_t column = indent;
  for (const std::string_view line : Split(text, '\n')) {
    if (!wrapped.empty()) {
      wrapped += "\n" + std::string(indent, ' ');
      column = indent;
    }
    for (const std::string_view word : Split(Trim(line), ' ')) {
      if (word.empty()) continue;
      const std::size_t width = Columns(word);
      if (column > indent && column + 1 + width > kWidth) {
        wrapped += "\n" + std::string(indent, ' ');
        column = indent;
      } else if (column > indent) {
        wrapped += ' ';
        ++column;
      }
      wrapped += word;
      column += width;
    }
  }
  return wrapped;
}

struct Entry {
  std::string name;
  std::string meaning;
};

// "  name   meaning", the meanings aligned.
std::string Entries(const std::vector<Entry>& entries) {
  std::size_t column = 0;
  for (const Entry& entry : entries) {
    if (Columns(entry.name) <= kWidestName) column = std::max(column, Columns(entry.name));
  }
  std::string text;
  for (const Entry& entry : entries) {
    text += "  " + entry.name;
    if (entry.meaning.empty()) {
      text += '\n';
      continue;
    }
    if (Columns(entry.name) > column) {
      text += "\n" + std::string(column + 2, ' ');
    } else {
      text.append(column - Columns(entry.name), ' ');
    }
    text += "  " + Wrapped(entry.meaning, column + 4) + "\n";
  }
  return text;
}

// The name as words of a command line: "issues create".
std::string Words(std::string_view name) {
  std::string words(name);
  std::ranges::replace(words, '.', ' ');
  return words;
}

std::string FlagText(const Input& input) {
  if (input.type == Type::kBoolean) return "--" + FlagName(input.name);
  const Type type = input.type == Type::kArray ? input.items : input.type;
  // The items of an array stand alone, and so do booleans among them.
  const std::string_view placeholder = type == Type::kBoolean ? "BOOLEAN" : Placeholder(type);
  return fmt::format("--{} {}", FlagName(input.name), placeholder);
}

std::string ValueText(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string MeaningOf(const Input& input) {
  std::vector<std::string> parts;
  if (!input.description.empty()) parts.push_back(input.description);
  if (!input.allowed.empty()) {
    std::vector<std::string> values;
    for (const json& value : input.allowed) values.push_back(ValueText(value));
    parts.push_back(fmt::format("One of {}.", fmt::join(values, ", ")));
  }
  if (input.type == Type::kArray) parts.emplace_back("May be given several times.");
  if (input.type == Type::kBoolean) {
    parts.push_back(fmt::format("--no-{} says no.", FlagName(input.name)));
  }
  if (!input.default_value.is_null()) {
    parts.push_back(fmt::format("Without it {}.", ValueText(input.default_value)));
  }
  return Join(parts, "\n");
}

bool IsNeeded(const Input& input) { return input.required && input.default_value.is_null(); }

// The flag with a value that could stand there.
std::string ExampleFlag(const Input& input) {
  json value = input.example;
  if (value.is_null()) value = input.default_value;
  if (value.is_null() && !input.allowed.empty()) value = input.allowed.front();
  const Type type = input.type == Type::kArray ? input.items : input.type;
  if (value.is_array()) value = value.empty() ? json() : value.front();
  if (value.is_null() && type == Type::kObject) value = json::object();
  if (value.is_null() && (type == Type::kInteger || type == Type::kNumber)) value = 1;
  if (value.is_null() && type == Type::kBoolean) value = true;
  if (value.is_null()) value = Placeholder(type);
  if (input.type == Type::kBoolean) {
    return fmt::format("--{}{}", value == json(false) ? "no-" : "", FlagName(input.name));
  }
  return fmt::format("--{} {}", FlagName(input.name), ShellQuoted(ValueText(value)));
}

std::string ConsentOf(const Operation& operation) {
  if (operation.approval == Approval::kNever) return {};
  std::string text = "A person is asked before it runs";
  if (operation.preview) {
    text += fmt::format(", and sees what \"{}\" says", Words(operation.preview->operation));
  }
  std::vector<std::string> flags;
  for (const std::string& name : operation.editable) flags.push_back("--" + FlagName(name));
  if (!flags.empty()) text += fmt::format("; they may change {}", fmt::join(flags, ", "));
  return text + ".";
}

std::string Marked(const Operation& operation) {
  return operation.approval == Approval::kAsk ? operation.summary + " (asks)" : operation.summary;
}

// Each group below `above` and how many operations it has, in the spec's order.
std::vector<Entry> GroupsOf(const std::vector<const Operation*>& operations,
                            std::string_view above) {
  const std::size_t skip = above.empty() ? 0 : above.size() + 1;
  std::vector<Entry> entries;
  std::map<std::string_view, std::size_t, std::less<>> places;
  std::vector<std::size_t> counts;
  for (const Operation* operation : operations) {
    const std::string_view name = operation->name;
    const std::size_t dot = name.find('.', std::min(skip, name.size()));
    if (dot == std::string_view::npos) {
      entries.push_back({Words(name), Marked(*operation)});
      counts.push_back(0);
      continue;
    }
    const auto [place, fresh] = places.emplace(name.substr(0, dot), entries.size());
    if (fresh) {
      entries.push_back({Words(name.substr(0, dot)), ""});
      counts.push_back(0);
    }
    ++counts[place->second];
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (counts[i] == 0) continue;
    entries[i].name += " …";
    entries[i].meaning = fmt::format("{} operation{}", counts[i], counts[i] == 1 ? "" : "s");
  }
  return entries;
}

}  // namespace

std::string HelpText(const Connector& connector, const Tool& tool, std::string_view group) {
  std::vector<const Operation*> operations = OperationsOf(connector, tool);
  if (!group.empty()) {
    std::erase_if(operations, [&](const Operation* each) { return !InGroup(each->name, group); });
  }
  std::string text = Wrapped(fmt::format("{}: {}", tool.name, tool.summary), 0) + "\n\nUsage:\n";
  text += fmt::format("  {} OPERATION [--flag value]...\n", tool.name);
  text += fmt::format("  {} OPERATION --help\n", tool.name);
  std::vector<Entry> entries;
  if (operations.size() > kListedMax) {
    entries = GroupsOf(operations, group);
  } else {
    for (const Operation* each : operations) entries.push_back({Words(each->name), Marked(*each)});
  }
  const bool asks = std::ranges::any_of(
      operations, [](const Operation* each) { return each->approval == Approval::kAsk; });
  text += fmt::format("\nOperations{}:\n",
                      group.empty() ? std::string() : fmt::format(" of {}", Words(group)));
  text += Entries(entries);
  if (asks) text += "\n\"asks\": a person is asked before it runs.\n";
  return text;
}

std::string HelpText(const Tool& tool, const Operation& operation) {
  std::string text =
      Wrapped(fmt::format("{} {}: {}", tool.name, Words(operation.name), operation.summary), 0) +
      "\n";
  if (!operation.description.empty()) text += "\n" + Wrapped(operation.description, 0) + "\n";
  std::vector<Entry> needed;
  std::vector<Entry> optional;
  for (const Input& input : operation.inputs) {
    (IsNeeded(input) ? needed : optional).push_back({FlagText(input), MeaningOf(input)});
  }
  if (!needed.empty()) text += "\nRequired:\n" + Entries(needed);
  if (!optional.empty()) text += "\nOptional:\n" + Entries(optional);
  if (const std::string consent = ConsentOf(operation); !consent.empty()) {
    text += "\n" + Wrapped(consent, 0) + "\n";
  }
  return text + "\nExample:\n  " + ExampleOf(tool, operation) + "\n";
}

std::string ExampleOf(const Tool& tool, const Operation& operation) {
  constexpr std::size_t kIndent = 4;
  std::string text = fmt::format("{} {}", tool.name, Words(operation.name));
  std::size_t column = 2 + text.size();
  for (const Input& input : operation.inputs) {
    if (!IsNeeded(input)) continue;
    const std::string flag = ExampleFlag(input);
    if (column + 1 + Columns(flag) + 2 > kWidth && column > kIndent) {
      text += " \\\n" + std::string(kIndent, ' ');
      column = kIndent;
    } else {
      text += ' ';
      ++column;
    }
    text += flag;
    column += Columns(flag);
  }
  return text;
}

}  // namespace aileron::connector
