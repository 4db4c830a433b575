#include "connector/call.h"

#include <algorithm>

#include "base/host_pattern.h"
#include "base/text.h"
#include "connector/arguments.h"
#include "connector/check.h"
#include "connector/limits.h"
#include "connector/names.h"
#include "http/limits.h"

namespace aileron::connector {
namespace {

using nlohmann::json;

// A scalar as it stands in a target, a header or a form; anything else as JSON.
std::string TextOf(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// The value of an input: what was given, or its default; null for none.
const json& ValueOf(const Input& input, const json& arguments) {
  const auto found = arguments.find(input.name);
  return found == arguments.end() ? input.default_value : *found;
}

// Whether a server that decodes a value, and then reads its "/", could climb with it.
bool Climbs(std::string_view value) {
  std::string slashes(value);
  std::ranges::replace(slashes, '\\', '/');
  return std::ranges::any_of(Split(slashes, '/'), [](std::string_view part) {
    return part == "." || part == ".." || part.starts_with("..;");
  });
}

Result<std::string> PathValue(const Input& input, const json& value) {
  const std::vector<json> items =
      value.is_array() ? value.get<std::vector<json>>() : std::vector<json>{value};
  std::string joined;
  for (const json& item : items) {
    const std::string text = TextOf(item);
    if (text.empty()) {
      return Fail(Code::kInvalid, "\"{}\" stands in the path and must not be empty", input.name);
    }
    const bool control = std::ranges::any_of(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (control || Climbs(text)) {
      return Fail(Code::kInvalid,
                  "\"{}\" stands in the path and must hold neither \".\" or \"..\" as a segment "
                  "nor control characters",
                  input.name);
    }
    if (!joined.empty()) joined += ',';
    joined += PercentEncode(text);
  }
  if (joined.empty()) {
    return Fail(Code::kInvalid, "\"{}\" stands in the path and must not be empty", input.name);
  }
  return joined;
}

Result<std::string> BuildPath(const Operation& operation, const json& arguments) {
  AILERON_ASSIGN(const auto pieces, SplitPath(operation.path));
  std::string path;
  for (const PathPiece& piece : pieces) {
    if (!piece.input) {
      path += piece.text;
      continue;
    }
    const Input* input = operation.Find(piece.text);
    if (input == nullptr) return Fail(Code::kInvalid, "there is no input for {{{}}}", piece.text);
    AILERON_ASSIGN(const std::string value, PathValue(*input, ValueOf(*input, arguments)));
    path += value;
  }
  // A value may make a dot segment together with the text around it.
  if (HasDotSegment(path)) {
    return Fail(Code::kInvalid, "the arguments make the path {}, which has a segment \"..\"", path);
  }
  return path;
}

// "name=value" pairs of a query or a form, joined by "&".
class Pairs {
 public:
  void Add(const Input& input, const json& value) {
    const std::string name = PercentEncode(input.wire_name());
    if (!value.is_array()) return AddPair(name, PercentEncode(TextOf(value)));
    if (input.list == ListForm::kRepeat) {
      for (const json& item : value) AddPair(name, PercentEncode(TextOf(item)));
      return;
    }
    std::vector<std::string> items;
    for (const json& item : value) items.push_back(PercentEncode(TextOf(item)));
    if (!items.empty()) AddPair(name, Join(items, ","));
  }
  // Objects become pairs of their members. The depth of arguments is bounded (arguments.h).
  void AddNested(const Input& input, const json& value) {
    const bool nested = value.is_object() || (value.is_array() && input.items == Type::kObject);
    if (nested) return AddMembers(PercentEncode(input.wire_name()), value);
    Add(input, value);
  }
  std::string Take() { return std::move(text_); }

 private:
  void AddPair(std::string_view name, std::string_view value) {
    if (!text_.empty()) text_ += '&';
    text_ += name;
    text_ += '=';
    text_ += value;
  }
  void AddMembers(const std::string& name, const json& value) {
    if (!value.is_structured()) return AddPair(name, PercentEncode(TextOf(value)));
    for (const auto& [key, item] : value.items()) {
      AddMembers(fmt::format("{}%5B{}%5D", name, PercentEncode(key)), item);
    }
  }

  std::string text_;
};

Result<std::string> HeaderValue(const Input& input, const json& value) {
  std::string text;
  if (value.is_array()) {
    std::vector<std::string> items;
    for (const json& item : value) items.push_back(TextOf(item));
    text = Join(items, ", ");
  } else {
    text = TextOf(value);
  }
  if (IsHeaderValue(text)) return text;
  return Fail(Code::kInvalid,
              "\"{}\" goes into the header {}: it must be one line of visible characters, without "
              "blanks at its ends, and at most {} bytes",
              input.name, input.wire_name(), limits::kHeaderValueMax);
}

Status AddBody(const Operation& operation, const json& arguments, Call& call) {
  json members = json::object();
  Pairs pairs;
  for (const Input& input : operation.inputs) {
    if (input.where != Where::kBody) continue;
    const json& value = ValueOf(input, arguments);
    if (value.is_null()) continue;
    if (operation.body == BodyShape::kForm) {
      pairs.AddNested(input, value);
    } else if (operation.body == BodyShape::kJson) {
      members[input.wire_name()] = value;
    } else {
      call.content_type = operation.content_type;
      call.body =
          IsJson(operation.content_type) && value.is_string() ? json(value).dump() : TextOf(value);
    }
  }
  if (operation.body == BodyShape::kJson) {
    call.content_type = "application/json";
    call.body = TextOf(members);
  } else if (operation.body == BodyShape::kForm) {
    call.content_type = "application/x-www-form-urlencoded";
    call.body = pairs.Take();
  }
  if (call.body.size() <= limits::kBodyMax) return {};
  return Fail(Code::kInvalid, "the body of {} has {} bytes; at most {} are sent", operation.name,
              call.body.size(), limits::kBodyMax);
}

Status AddHeaders(const Operation& operation, const json& arguments, std::string_view key,
                  Call& call) {
  call.headers = operation.headers;
  for (const Input& input : operation.inputs) {
    if (input.where != Where::kHeader) continue;
    const json& value = ValueOf(input, arguments);
    if (value.is_null()) continue;
    AILERON_ASSIGN(std::string text, HeaderValue(input, value));
    call.headers.emplace_back(input.wire_name(), std::move(text));
  }
  if (operation.idempotency != Idempotency::kKey || key.empty()) return {};
  if (!IsHeaderValue(key)) return Fail(Code::kInvalid, "the idempotency key is no header's value");
  call.headers.emplace_back(operation.idempotency_header, key);
  return {};
}

}  // namespace

Result<Call> BuildCall(const Operation& operation, const json& arguments,
                       std::string_view idempotency_key) {
  AILERON_TRY(CheckArguments(operation, arguments));
  if (operation.hosts.empty()) return Fail(Code::kInvalid, "{} has no host", operation.name);
  AILERON_ASSIGN(const HostPort host, ParseHostPort(operation.hosts.front()));
  Call call{
      .method = operation.method, .host = host.pattern.host(), .port = host.port.value_or(443)};
  AILERON_ASSIGN(call.target, BuildPath(operation, arguments));
  Pairs query;
  for (const Input& input : operation.inputs) {
    if (input.where != Where::kQuery) continue;
    if (const json& value = ValueOf(input, arguments); !value.is_null()) query.Add(input, value);
  }
  if (const std::string text = query.Take(); !text.empty()) call.target += "?" + text;
  if (call.target.size() > http::limits::target_bytes) {
    return Fail(Code::kInvalid,
                "the arguments of {} make an address of {} bytes; sites take {} at most",
                operation.name, call.target.size(), http::limits::target_bytes);
  }
  AILERON_TRY(AddHeaders(operation, arguments, idempotency_key, call));
  AILERON_TRY(AddBody(operation, arguments, call));
  return call;
}

}  // namespace aileron::connector
