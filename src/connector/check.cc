#include "connector/check.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/entry_name.h"
#include "base/text.h"
#include "connector/limits.h"
#include "connector/names.h"
#include "http/chars.h"

namespace aileron::connector {
namespace {

using nlohmann::json;
using MaybeFlaw = std::optional<Flaw>;

constexpr auto kMethods =
    std::to_array<std::string_view>({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"});

MaybeFlaw ToFlaw(const Status& status, std::string place) {
  if (status) return std::nullopt;
  return Flaw{std::move(place), status.error().message};
}

// The first flaw among checks that are made in turn.
#define AILERON_FLAW(expression) \
  if (auto flaw = (expression)) return flaw

std::string Nearest(std::string_view word, std::span<const std::string_view> known) {
  const auto near = NearestWord(word.substr(0, limits::kOperationNameMax), known);
  return near ? fmt::format(". Did you mean \"{}\"?", *near) : std::string();
}

std::string NearestInput(const Operation& operation, std::string_view word) {
  std::vector<std::string_view> names;
  for (const Input& input : operation.inputs) names.push_back(input.name);
  return Nearest(word, names);
}

bool IsScalar(Type type) { return type != Type::kArray && type != Type::kObject; }

bool HasType(const json& value, Type type) {
  switch (type) {
    case Type::kString:
      return value.is_string();
    case Type::kInteger:
      return value.is_number_integer();
    case Type::kNumber:
      return value.is_number();
    case Type::kBoolean:
      return value.is_boolean();
    case Type::kArray:
      return value.is_array();
    case Type::kObject:
      return value.is_object();
  }
  return false;
}

std::string Article(Type type) {
  const std::string_view word = WordOf(kTypeWords, type);
  return fmt::format("{} {}", std::string_view("aio").contains(word.front()) ? "an" : "a", word);
}

std::string Choices(const std::vector<json>& allowed) {
  constexpr std::size_t kShown = 12;
  std::string text;
  for (std::size_t i = 0; i < std::min(allowed.size(), kShown); ++i) {
    if (i > 0) text += ", ";
    text += allowed[i].is_string() ? allowed[i].get<std::string>() : allowed[i].dump();
  }
  return allowed.size() > kShown ? text + ", …" : text;
}

// Strings and keys within a value are shown to people.
Status CheckShownValue(const json& value, std::size_t depth = 0) {
  if (depth > limits::kArgumentDepthMax) return Fail(Code::kInvalid, "the value is too deep");
  if (value.is_string()) {
    return CheckShown(value.get_ref<const std::string&>(), limits::kSpecValueMax, Lines::kMany);
  }
  if (!value.is_structured()) return {};
  for (const auto& [key, item] : value.items()) {
    AILERON_TRY(CheckShown(key, limits::kSpecValueMax, Lines::kOne));
    AILERON_TRY(CheckShownValue(item, depth + 1));
  }
  return {};
}

MaybeFlaw CheckValue(const Input& input, const json& value, const std::string& place) {
  if (value.is_null()) return std::nullopt;
  AILERON_FLAW(ToFlaw(CheckShownValue(value), place));
  if (value.dump().size() > limits::kSpecValueMax) return Flaw{place, "the value is too long"};
  if (const auto misfit = Misfit(input, value)) return Flaw{place, *misfit};
  if (input.where == Where::kHeader && value.is_string() &&
      !IsHeaderValue(value.get_ref<const std::string&>())) {
    return Flaw{place, "this is not the value of a header: visible characters in one line"};
  }
  return std::nullopt;
}

MaybeFlaw CheckAllowed(const Input& input, const std::string& place) {
  if (input.allowed.size() > limits::kAllowedMax) {
    return Flaw{place, fmt::format("there are {} values; at most {} may stand here",
                                   input.allowed.size(), limits::kAllowedMax)};
  }
  const Type type = input.type == Type::kArray ? input.items : input.type;
  if (!input.allowed.empty() && !IsScalar(type)) {
    return Flaw{place, "an enum belongs to strings, numbers and booleans, not to objects"};
  }
  for (std::size_t i = 0; i < input.allowed.size(); ++i) {
    const json& value = input.allowed[i];
    if (!HasType(value, type)) {
      return Flaw{fmt::format("{}/{}", place, i),
                  fmt::format("an enum of {} holds something else{}", WordOf(kTypeWords, type),
                              type == Type::kString ? ": write it in quotes" : "")};
    }
    AILERON_FLAW(ToFlaw(CheckShownValue(value), fmt::format("{}/{}", place, i)));
  }
  return std::nullopt;
}

MaybeFlaw CheckPlaceOf(const Operation& operation, const Input& input, const std::string& place) {
  const bool structured = input.type == Type::kObject ||
                          (input.type == Type::kArray && input.items == Type::kObject) ||
                          (input.type == Type::kArray && input.items == Type::kArray);
  switch (input.where) {
    case Where::kPath:
      if (structured) return Flaw{place + "/type", "an object has no place in a path"};
      if (!input.required && input.default_value.is_null()) {
        return Flaw{place, fmt::format("\"{}\" stands in the path: it needs \"required: true\" or "
                                       "a default",
                                       input.name)};
      }
      if (!input.sent_as.empty()) {
        return Flaw{place + "/sent_as", "an input of the path has no other name"};
      }
      break;
    case Where::kHeader:
      if (structured) return Flaw{place + "/type", "an object has no place in a header"};
      AILERON_FLAW(ToFlaw(CheckHeaderName(input.wire_name()),
                          place + (input.sent_as.empty() ? "/name" : "/sent_as")));
      break;
    case Where::kQuery:
      break;
    case Where::kBody:
      if (operation.body == BodyShape::kNone) {
        return Flaw{place + "/where",
                    "the operation has no body; expected \"body: json\", form or raw beside it"};
      }
      break;
  }
  const bool listed = input.where == Where::kQuery ||
                      (input.where == Where::kBody && operation.body == BodyShape::kForm);
  if (input.list != ListForm::kRepeat && (input.type != Type::kArray || !listed)) {
    return Flaw{place + "/list", "list belongs to arrays in a query or a form"};
  }
  return std::nullopt;
}

MaybeFlaw CheckInput(const Operation& operation, std::size_t index) {
  const Input& input = operation.inputs[index];
  const std::string place = fmt::format("inputs/{}", index);
  AILERON_FLAW(ToFlaw(CheckInputName(input.name), place + "/name"));
  if (FlagName(input.name) == "help") {
    return Flaw{place + "/name",
                "--help is every command's own: name the input otherwise and "
                "give the site's name as sent_as"};
  }
  if (input.type != Type::kArray && input.items != Type::kString) {
    return Flaw{place + "/items", "items belongs to arrays"};
  }
  if (input.items == Type::kArray) {
    return Flaw{place + "/items", "an array of arrays is not known: make it an object"};
  }
  const auto visible = [](char c) { return c > ' ' && c < 0x7f; };
  if (input.sent_as.size() > limits::kSentAsMax || !std::ranges::all_of(input.sent_as, visible) ||
      input.sent_as == input.name) {
    return Flaw{place + "/sent_as",
                fmt::format("sent_as is the site's name where that is another one: at most {} "
                            "visible ASCII characters",
                            limits::kSentAsMax)};
  }
  AILERON_FLAW(CheckPlaceOf(operation, input, place));
  AILERON_FLAW(ToFlaw(CheckShown(input.description, limits::kDescriptionMax, Lines::kMany),
                      place + "/description"));
  AILERON_FLAW(CheckAllowed(input, place + "/enum"));
  AILERON_FLAW(CheckValue(input, input.default_value, place + "/default"));
  return CheckValue(input, input.example, place + "/example");
}

// No two inputs share a name, a flag (or its --no- form) or a place in the request.
MaybeFlaw CheckInputsBesideEachOther(const Operation& operation) {
  std::unordered_map<std::string, std::size_t> flags;
  std::set<std::pair<Where, std::string>> sent;
  for (std::size_t i = 0; i < operation.inputs.size(); ++i) {
    const Input& input = operation.inputs[i];
    std::vector<std::string> mine = {FlagName(input.name)};
    if (input.type == Type::kBoolean) mine.push_back("no-" + mine.front());
    for (const std::string& flag : mine) {
      const auto [other, fresh] = flags.emplace(flag, i);
      if (fresh) continue;
      return Flaw{fmt::format("inputs/{}/name", i),
                  fmt::format("\"{}\" and \"{}\" would both be --{}", input.name,
                              operation.inputs[other->second].name, flag),
                  fmt::format("inputs/{}/name", other->second)};
    }
    std::string wire = input.wire_name();
    if (input.where == Where::kHeader) wire = ToLower(wire);
    if (!sent.emplace(input.where, wire).second) {
      return Flaw{fmt::format("inputs/{}", i),
                  fmt::format("another input of the {} is sent as \"{}\" already",
                              WordOf(kWhereWords, input.where), wire)};
    }
  }
  return std::nullopt;
}

MaybeFlaw CheckPath(const Operation& operation) {
  const auto pieces = SplitPath(operation.path);
  if (!pieces) return Flaw{"path", pieces.error().message};
  std::set<std::string_view> named;
  for (const PathPiece& piece : *pieces) {
    if (!piece.input) continue;
    if (!named.insert(piece.text).second) {
      return Flaw{"path", fmt::format("{{{}}} stands in the path twice", piece.text)};
    }
    const Input* input = operation.Find(piece.text);
    if (input == nullptr) {
      return Flaw{"path", fmt::format("there is no input for {{{}}} of the path{}", piece.text,
                                      NearestInput(operation, piece.text))};
    }
    if (input->where != Where::kPath) {
      return Flaw{"path", fmt::format("{{{}}} stands in the path, and its input says \"where: {}\"",
                                      piece.text, WordOf(kWhereWords, input->where))};
    }
  }
  for (std::size_t i = 0; i < operation.inputs.size(); ++i) {
    const Input& input = operation.inputs[i];
    if (input.where != Where::kPath || named.contains(input.name)) continue;
    return Flaw{fmt::format("inputs/{}", i),
                fmt::format("\"{}\" says \"where: path\", and the path has no {{{}}}", input.name,
                            input.name)};
  }
  return std::nullopt;
}

MaybeFlaw CheckHosts(const Operation& operation) {
  if (operation.hosts.empty()) {
    return Flaw{"hosts", "there is no host; expected \"hosts: [api.example.com]\""};
  }
  if (operation.hosts.size() > limits::kHostsMax) {
    return Flaw{"hosts", fmt::format("there are {} hosts; at most {} may stand here",
                                     operation.hosts.size(), limits::kHostsMax)};
  }
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < operation.hosts.size(); ++i) {
    const std::string place = fmt::format("hosts/{}", i);
    const auto host = CanonicalHost(operation.hosts[i]);
    if (!host) return Flaw{place, host.error().message};
    if (*host != operation.hosts[i]) return Flaw{place, fmt::format("write it as {}", *host)};
    if (!seen.insert(operation.hosts[i]).second) {
      return Flaw{place, fmt::format("{} stands here twice", *host)};
    }
  }
  return std::nullopt;
}

MaybeFlaw CheckHeaders(const Operation& operation) {
  std::set<std::string> seen;
  for (const Input& input : operation.inputs) {
    if (input.where == Where::kHeader) seen.insert(ToLower(input.wire_name()));
  }
  if (operation.headers.size() > limits::kHeadersMax) {
    return Flaw{"headers", fmt::format("there are more than {} headers", limits::kHeadersMax)};
  }
  for (const auto& [name, value] : operation.headers) {
    AILERON_FLAW(ToFlaw(CheckHeaderName(name), "headers/" + name));
    if (value.empty() || !IsHeaderValue(value) || Printable(value) != value) {
      return Flaw{"headers/" + name,
                  fmt::format("{} needs a value of visible characters in one line", name)};
    }
    if (!seen.insert(ToLower(name)).second) {
      return Flaw{"headers/" + name, fmt::format("the header {} is set twice", name)};
    }
  }
  if (operation.idempotency != Idempotency::kKey) {
    if (operation.idempotency_header.empty()) return std::nullopt;
    return Flaw{"idempotency", "a header belongs to a key"};
  }
  AILERON_FLAW(ToFlaw(CheckHeaderName(operation.idempotency_header), "idempotency"));
  if (!seen.contains(ToLower(operation.idempotency_header))) return std::nullopt;
  return Flaw{"idempotency", fmt::format("the header {} is set by the spec as well",
                                         operation.idempotency_header)};
}

MaybeFlaw CheckBody(const Operation& operation) {
  const auto inputs = std::ranges::count(operation.inputs, Where::kBody, &Input::where);
  const bool reads =
      operation.method == "GET" || operation.method == "HEAD" || operation.method == "OPTIONS";
  if (operation.body != BodyShape::kNone && reads) {
    return Flaw{"body", fmt::format("{} has no body", operation.method)};
  }
  if (operation.body != BodyShape::kRaw) {
    if (operation.content_type.empty()) return std::nullopt;
    return Flaw{"body/content_type",
                "content_type belongs to a raw body; the others have their own"};
  }
  if (inputs != 1) {
    return Flaw{"body",
                fmt::format("a raw body is made of one input; {} say \"where: body\"", inputs)};
  }
  if (operation.content_type.empty() || !IsHeaderValue(operation.content_type) ||
      !operation.content_type.contains('/') ||
      Printable(operation.content_type) != operation.content_type) {
    return Flaw{"body",
                "a raw body needs its content_type, as in {shape: raw, content_type: "
                "text/plain}"};
  }
  const auto body = std::ranges::find(operation.inputs, Where::kBody, &Input::where);
  if (!IsJson(operation.content_type) && body->type != Type::kString) {
    return Flaw{fmt::format("inputs/{}/type", body - operation.inputs.begin()),
                "a raw body that is not JSON is a string"};
  }
  return std::nullopt;
}

MaybeFlaw CheckNames(const Operation& operation, const std::vector<std::string>& names,
                     const std::string& place) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string here = fmt::format("{}/{}", place, i);
    if (operation.Find(names[i]) == nullptr) {
      return Flaw{here, fmt::format("there is no input \"{}\"{}",
                                    Printable(names[i].substr(0, limits::kInputNameMax)),
                                    NearestInput(operation, names[i]))};
    }
    if (!seen.insert(names[i]).second) {
      return Flaw{here, fmt::format("\"{}\" stands here twice", names[i])};
    }
  }
  return std::nullopt;
}

MaybeFlaw CheckConsent(const Operation& operation) {
  if (operation.approval == Approval::kNever &&
      (operation.preview || !operation.editable.empty())) {
    return Flaw{"approval", "a preview and editable inputs belong to \"mode: ask\""};
  }
  AILERON_FLAW(CheckNames(operation, operation.editable, "approval/editable"));
  AILERON_FLAW(CheckNames(operation, operation.recorded, "audit/fields"));
  AILERON_FLAW(CheckNames(operation, operation.redacted, "audit/redact"));
  const auto redacted = [&](const std::string& name) {
    return std::ranges::find(operation.redacted, name) != operation.redacted.end();
  };
  for (std::size_t i = 0; i < operation.recorded.size(); ++i) {
    if (!redacted(operation.recorded[i])) continue;
    return Flaw{fmt::format("audit/fields/{}", i),
                fmt::format("\"{}\" is redacted: it is never recorded", operation.recorded[i])};
  }
  for (std::size_t i = 0; i < operation.editable.size(); ++i) {
    if (!redacted(operation.editable[i])) continue;
    return Flaw{
        fmt::format("approval/editable/{}", i),
        fmt::format("\"{}\" is redacted: nobody sees it to edit it", operation.editable[i])};
  }
  if (operation.credential.empty()) return std::nullopt;
  return ToFlaw(CheckEntryName(operation.credential), "credential");
}

using ByName = std::unordered_map<std::string_view, const Operation*>;

MaybeFlaw CheckPreview(const ByName& operations, const Operation& operation) {
  const Preview& preview = *operation.preview;
  const auto found = operations.find(preview.operation);
  const Operation* shown = found == operations.end() ? nullptr : found->second;
  if (shown == nullptr) {
    std::vector<std::string_view> names;
    for (const auto& [name, each] : operations) names.push_back(name);
    std::ranges::sort(names);
    return Flaw{"approval/preview/operation",
                fmt::format("there is no operation \"{}\"{}",
                            Printable(preview.operation.substr(0, limits::kOperationNameMax)),
                            Nearest(preview.operation, names))};
  }
  if (shown->idempotency != Idempotency::kSafe || shown->approval != Approval::kNever) {
    return Flaw{"approval/preview/operation",
                fmt::format("\"{}\" is no preview: it must be \"idempotency: safe\" and "
                            "\"approval: never\", since it runs before anybody said yes",
                            shown->name)};
  }
  for (const auto& [theirs, ours] : preview.inputs) {
    const std::string place = "approval/preview/inputs/" + theirs;
    const Input* to = shown->Find(theirs);
    if (to == nullptr) {
      return Flaw{place, fmt::format("\"{}\" has no input \"{}\"{}", shown->name, Printable(theirs),
                                     NearestInput(*shown, theirs))};
    }
    const Input* from = operation.Find(ours);
    if (from == nullptr) {
      return Flaw{place, fmt::format("there is no input \"{}\"{}", Printable(ours),
                                     NearestInput(operation, ours))};
    }
    if (from->type != to->type || from->items != to->items) {
      return Flaw{place, fmt::format("\"{}\" is {} and \"{}\" is {}", ours, Article(from->type),
                                     theirs, Article(to->type))};
    }
  }
  for (const Input& input : shown->inputs) {
    if (!input.required || preview.inputs.contains(input.name)) continue;
    return Flaw{"approval/preview",
                fmt::format("\"{}\" requires \"{}\", which the preview's inputs do not give",
                            shown->name, input.name)};
  }
  return std::nullopt;
}

MaybeFlaw CheckTool(const Connector& connector, const Tool& tool, const std::string& place) {
  AILERON_FLAW(ToFlaw(CheckToolName(tool.name), place + "/name"));
  AILERON_FLAW(
      ToFlaw(CheckShown(tool.summary, limits::kSummaryMax, Lines::kOne), place + "/summary"));
  if (tool.operations.size() > limits::kToolGroupsMax) {
    return Flaw{place + "/operations",
                fmt::format("there are more than {} names", limits::kToolGroupsMax)};
  }
  for (std::size_t i = 0; i < tool.operations.size(); ++i) {
    const std::string& group = tool.operations[i];
    const bool found = std::ranges::any_of(connector.operations, [&](const Operation& operation) {
      return InGroup(operation.name, group);
    });
    if (found && !group.empty()) continue;
    std::vector<std::string_view> names;
    for (const Operation& each : connector.operations) names.push_back(each.name);
    return Flaw{
        fmt::format("{}/operations/{}", place, i),
        fmt::format("there is no operation and no group \"{}\"{}",
                    Printable(group.substr(0, limits::kOperationNameMax)), Nearest(group, names))};
  }
  return std::nullopt;
}

// A second one of the same name.
template <typename Named>
MaybeFlaw CheckTwice(const std::vector<Named>& all, std::string_view list) {
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto [first, fresh] = seen.emplace(all[i].name, i);
    if (fresh) continue;
    return Flaw{fmt::format("{}/{}/name", list, i),
                fmt::format("there is a \"{}\" already", all[i].name),
                fmt::format("{}/{}/name", list, first->second)};
  }
  return std::nullopt;
}

// `flaw` of something below `place`.
MaybeFlaw Below(const std::string& place, MaybeFlaw flaw) {
  if (!flaw) return flaw;
  flaw->place = place + "/" + flaw->place;
  if (!flaw->other.empty()) flaw->other = place + "/" + flaw->other;
  return flaw;
}

MaybeFlaw CheckCounts(const Connector& connector) {
  if (connector.operations.empty()) return Flaw{"operations", "there is no operation"};
  if (connector.operations.size() > limits::kOperationsMax) {
    return Flaw{"operations", fmt::format("there are {} operations; at most {} may stand here",
                                          connector.operations.size(), limits::kOperationsMax)};
  }
  if (connector.tools.size() > limits::kToolsMax) {
    return Flaw{"tools", fmt::format("there are {} tools; at most {} may stand here",
                                     connector.tools.size(), limits::kToolsMax)};
  }
  return std::nullopt;
}

}  // namespace

bool IsJson(std::string_view content_type) {
  const std::string type =
      ToLower(Trim(content_type.substr(0, std::min(content_type.find(';'), content_type.size()))));
  return type == "application/json" || (type.contains('/') && type.ends_with("+json"));
}

std::optional<std::string> Misfit(const Input& input, const json& value) {
  if (!HasType(value, input.type)) {
    return fmt::format("\"{}\" must be {}, not {}{}", input.name, Article(input.type),
                       value.is_null() ? "null" : value.type_name(),
                       input.type == Type::kString && value.is_primitive() && !value.is_null()
                           ? " (a string stands in quotes)"
                           : "");
  }
  const auto allowed = [&](const json& each) {
    return input.allowed.empty() || std::ranges::find(input.allowed, each) != input.allowed.end();
  };
  if (input.type != Type::kArray) {
    if (allowed(value)) return std::nullopt;
    return fmt::format("\"{}\" must be one of {}", input.name, Choices(input.allowed));
  }
  for (const json& each : value) {
    if (!HasType(each, input.items)) {
      return fmt::format("\"{}\" must be an array of {}, and one of its items is {}", input.name,
                         WordOf(kTypeWords, input.items), each.type_name());
    }
    if (!allowed(each)) {
      return fmt::format("\"{}\" must hold nothing but {}", input.name, Choices(input.allowed));
    }
  }
  return std::nullopt;
}

std::optional<Flaw> CheckOperation(const Operation& operation) {
  AILERON_FLAW(ToFlaw(CheckOperationName(operation.name), "name"));
  if (operation.summary.empty()) return Flaw{"summary", "the summary is empty"};
  AILERON_FLAW(ToFlaw(CheckShown(operation.summary, limits::kSummaryMax, Lines::kOne), "summary"));
  AILERON_FLAW(ToFlaw(CheckShown(operation.description, limits::kDescriptionMax, Lines::kMany),
                      "description"));
  if (std::ranges::find(kMethods, operation.method) == kMethods.end()) {
    return Flaw{"method",
                fmt::format("\"{}\" is none of {}", Printable(operation.method.substr(0, 32)),
                            fmt::join(kMethods, ", "))};
  }
  AILERON_FLAW(CheckHosts(operation));
  if (operation.inputs.size() > limits::kInputsMax) {
    return Flaw{"inputs", fmt::format("there are {} inputs; at most {} may stand here",
                                      operation.inputs.size(), limits::kInputsMax)};
  }
  for (std::size_t i = 0; i < operation.inputs.size(); ++i) AILERON_FLAW(CheckInput(operation, i));
  AILERON_FLAW(CheckInputsBesideEachOther(operation));
  AILERON_FLAW(CheckPath(operation));
  AILERON_FLAW(CheckHeaders(operation));
  AILERON_FLAW(CheckBody(operation));
  return CheckConsent(operation);
}

std::optional<Flaw> CheckConnector(const Connector& connector) {
  AILERON_FLAW(ToFlaw(CheckFqn(connector.fqn), "fqn"));
  AILERON_FLAW(ToFlaw(CheckVersion(connector.version), "version"));
  AILERON_FLAW(ToFlaw(CheckShown(connector.summary, limits::kSummaryMax, Lines::kOne), "summary"));
  AILERON_FLAW(CheckCounts(connector));
  for (std::size_t i = 0; i < connector.operations.size(); ++i) {
    AILERON_FLAW(Below(fmt::format("operations/{}", i), CheckOperation(connector.operations[i])));
  }
  AILERON_FLAW(CheckTwice(connector.operations, "operations"));
  ByName by_name;
  for (const Operation& operation : connector.operations) by_name[operation.name] = &operation;
  for (std::size_t i = 0; i < connector.operations.size(); ++i) {
    const Operation& operation = connector.operations[i];
    if (!operation.preview) continue;
    AILERON_FLAW(Below(fmt::format("operations/{}", i), CheckPreview(by_name, operation)));
  }
  for (std::size_t i = 0; i < connector.tools.size(); ++i) {
    AILERON_FLAW(CheckTool(connector, connector.tools[i], fmt::format("tools/{}", i)));
  }
  return CheckTwice(connector.tools, "tools");
}

}  // namespace aileron::connector
