// Tested by tests/vault/test_bindings.py.

// /v1/bindings: which host gets which credential.
#include <nlohmann/json.hpp>

#include "base/host_pattern.h"
#include "base/text.h"
#include "daemon/routes.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

std::string_view StateName(vault::CredentialState state) {
  switch (state) {
    case vault::CredentialState::kPresent:
      return "present";
    case vault::CredentialState::kMissing:
      return "missing";
    case vault::CredentialState::kElsewhere:
      return "elsewhere";
  }
  return "";
}

json ToJson(const vault::Settings& settings) {
  json object = json::object();
  for (const auto& [name, value] : settings) object[name] = value;
  return object;
}

json ToJson(const vault::BindingStatus& status) {
  const vault::Binding& binding = *status.binding;
  json object = {{"name", binding.name},
                 {"host", binding.host.ToString()},
                 {"port", binding.port},
                 {"scheme", vault::SchemeName(binding.scheme)},
                 {"credential", binding.credential},
                 {"emit", binding.emit() == vault::Emit::kSentinel ? "sentinel" : "inject"},
                 {"source", vault::SourceName(binding.source)},
                 {"credential_state", StateName(status.credential)},
                 {"active", status.active},
                 {"why", status.why}};
  for (const auto& [name, text] :
       {std::pair("username", &binding.username), std::pair("header", &binding.header),
        std::pair("template", &binding.template_text), std::pair("parameter", &binding.parameter),
        std::pair("cookie", &binding.cookie), std::pair("region", &binding.region),
        std::pair("service", &binding.service), std::pair("sentinel", &binding.sentinel),
        std::pair("sentinel_file", &binding.sentinel_file),
        std::pair("sentinel_template", &binding.sentinel_template)}) {
    if (!text->empty()) object[name] = *text;
  }
  if (binding.from) object["from"] = ToJson(binding.from->Write());
  if (binding.oauth2) object["oauth2"] = ToJson(binding.oauth2->Write());
  if (binding.mask == vault::Mask::kYes) object["mask"] = true;
  if (binding.websocket_text == vault::WebSocketText::kSwap) object["websocket_text"] = true;
  if (binding.approval == vault::Approval::kFirstUse) object["approval"] = "first-use";
  if (!binding.scope.methods.empty()) object["methods"] = binding.scope.methods;
  for (const PathPattern& path : binding.scope.paths) object["paths"].push_back(path.ToString());
  return object;
}

std::optional<vault::BindingStatus> Find(const Api& api, std::string_view name) {
  for (const vault::BindingStatus& status : api.bindings.set().All(api.vault.names())) {
    if (status.binding->name == name) return status;
  }
  return std::nullopt;
}

// The file as it is now: somebody may have edited it by hand.
void Refresh(Api& api) {
  if (api.bindings.Refresh() == Bindings::Change::kChanged) api.sessions.Revoke();
}

Reply NoSuch(std::string_view name) {
  return Problem(Refusal{404, "not_found",
                         fmt::format("there is no binding \"{}\"", Printable(name)),
                         "run \"aileron binding list\""});
}

Reply List(Api& api) {
  Refresh(api);
  json list = json::array();
  for (const auto& status : api.bindings.set().All(api.vault.names()))
    list.push_back(ToJson(status));
  return JsonReply(200, {{"bindings", std::move(list)}, {"problem", api.bindings.problem()}});
}

Reply Show(Api& api, const Request& request) {
  Refresh(api);
  const auto status = Find(api, request.parameter("name"));
  if (!status) return NoSuch(request.parameter("name"));
  return JsonReply(200, ToJson(*status));
}

Result<vault::Settings> ReadSettings(std::string_view group, const json& value) {
  if (!value.is_object()) return Fail(Code::kInvalid, "{}: must be an object", group);
  vault::Settings settings;
  for (const auto& [name, text] : value.items()) {
    if (!text.is_string()) {
      return Fail(Code::kInvalid, "{}.{}: must be text", group, Printable(name));
    }
    settings.emplace_back(name, text.get<std::string>());
  }
  return settings;
}

Result<std::vector<std::string>> ReadList(std::string_view name, const json& value) {
  std::vector<std::string> list;
  if (!value.is_array()) return Fail(Code::kInvalid, "{}: must be a list", name);
  for (const json& each : value) {
    if (!each.is_string()) return Fail(Code::kInvalid, "{}: must be a list of texts", name);
    list.push_back(each.get<std::string>());
  }
  return list;
}

Result<vault::BindingFields> ReadFields(const json& object) {
  vault::BindingFields fields;
  const std::map<std::string, std::string*, std::less<>> required = {
      {"name", &fields.name},
      {"host", &fields.host},
      {"scheme", &fields.scheme},
      {"credential", &fields.credential}};
  const std::map<std::string, std::optional<std::string>*, std::less<>> optional = {
      {"username", &fields.username},
      {"header", &fields.header},
      {"template", &fields.template_text},
      {"parameter", &fields.parameter},
      {"cookie", &fields.cookie},
      {"region", &fields.region},
      {"service", &fields.service},
      {"sentinel", &fields.sentinel},
      {"sentinel_file", &fields.sentinel_file},
      {"sentinel_template", &fields.sentinel_template},
      {"approval", &fields.approval}};
  for (const auto& [name, value] : object.items()) {
    if (value.is_null()) continue;
    if (name == "port") {
      const bool valid = value.is_number_integer() && value.get<std::int64_t>() >= 1 &&
                         value.get<std::int64_t>() <= 65535;
      if (!valid) return Fail(Code::kInvalid, "port: must be a number from 1 to 65535");
      fields.port = value.get<std::uint16_t>();
      continue;
    }
    if (name == "from" || name == "oauth2") {
      AILERON_ASSIGN((name == "from" ? fields.from : fields.oauth2), ReadSettings(name, value));
      continue;
    }
    if (name == "mask" || name == "websocket_text") {
      if (!value.is_boolean()) return Fail(Code::kInvalid, "{}: must be true or false", name);
      (name == "mask" ? fields.mask : fields.websocket_text) = value.get<bool>();
      continue;
    }
    if (name == "methods" || name == "paths") {
      AILERON_ASSIGN((name == "methods" ? fields.methods : fields.paths), ReadList(name, value));
      continue;
    }
    if (!value.is_string()) return Fail(Code::kInvalid, "{}: must be text", Printable(name));
    if (const auto one = required.find(name); one != required.end()) {
      *one->second = value.get<std::string>();
    } else if (const auto other = optional.find(name); other != optional.end()) {
      *other->second = value.get<std::string>();
    } else {
      return Fail(Code::kInvalid, "{}: unknown field", Printable(name));
    }
  }
  return fields;
}

Reply Add(Api& api, const Request& request) {
  const auto object = ObjectIn(request.body);
  if (!object) return Problem(Refusal{400, "invalid", object.error().message, ""});
  const auto fields = ReadFields(*object);
  if (!fields) return Problem(Refusal{400, "invalid_binding", fields.error().message, ""});
  const auto binding = vault::MakeBinding(*fields, vault::Source::kUser);
  if (!binding) return Problem(Refusal{400, "invalid_binding", binding.error().message, ""});
  Refresh(api);
  if (const auto known = Find(api, binding->name);
      known && known->binding->source == vault::Source::kUser) {
    return Problem(Refusal{409, "binding_exists",
                           fmt::format("there is a binding \"{}\" already", binding->name),
                           fmt::format("run \"aileron binding remove {}\" first", binding->name)});
  }
  if (auto added = api.bindings.Add(*binding); !added) return Problem(added.error());
  api.audit.Event("binding.add", "allow",
                  fmt::format("{} for {}", binding->name,
                              FormatHostPort(binding->host.ToString(), binding->port)),
                  {}, binding->credential);
  api.sessions.Revoke();
  return JsonReply(201, ToJson(*Find(api, binding->name)));
}

Reply Remove(Api& api, const Request& request) {
  const std::string& name = request.parameter("name");
  Refresh(api);
  const auto known = Find(api, name);
  if (!known) return NoSuch(name);
  if (known->binding->source == vault::Source::kBuiltin) {
    return Problem(
        Refusal{409, "binding_builtin",
                fmt::format("the binding \"{}\" is built in and cannot be removed", name),
                "it holds only while the vault has its credential: remove that, or bind the "
                "host yourself"});
  }
  const std::string credential = known->binding->credential;
  if (auto removed = api.bindings.Remove(name); !removed) return Problem(removed.error());
  api.audit.Event("binding.remove", "allow", name, {}, credential);
  api.sessions.Revoke();
  return JsonReply(200, json::object());
}

// The answer to a check, which waits until every source that is not the vault was tried.
struct Checking {
  explicit Checking(Responder to) : responder(std::move(to)) {}
  ~Checking() { responder.Send(JsonReply(200, answer)); }
  Checking(const Checking&) = delete;
  Checking& operator=(const Checking&) = delete;
  json answer;
  Responder responder;
};

void Try(Api& api, const vault::Binding& binding, std::size_t place,
         const std::shared_ptr<Checking>& checking) {
  api.credentials.Open(binding, [checking, place](const OpenedCredential& opened) {
    json& tried = checking->answer["bindings"][place]["tried"];
    tried = {{"opened", opened.has_value()}};
    if (opened) return;
    tried["code"] = opened.error().code;
    tried["message"] = opened.error().message;
    tried["hint"] = opened.error().hint;
  });
}

void Check(Api& api, const Request& request, const Responder& responder) {
  Refresh(api);
  const json object = json::parse(request.body, nullptr, false);
  if (!object.is_object() || !object.contains("host") || !object["host"].is_string()) {
    return responder.Send(
        Problem(Refusal{400, "invalid", "the body must be an object with a \"host\"", ""}));
  }
  const auto host = ParseHost(object["host"].get<std::string>());
  if (!host) return responder.Send(Problem(host.error()));
  std::uint16_t port = 443;
  if (const auto given = object.find("port"); given != object.end() && !given->is_null()) {
    const bool valid = given->is_number_integer() && given->get<std::int64_t>() >= 1 &&
                       given->get<std::int64_t>() <= 65535;
    if (!valid) {
      return responder.Send(
          Problem(Refusal{400, "invalid", "\"port\" must be from 1 to 65535", ""}));
    }
    port = given->get<std::uint16_t>();
  }
  const auto checking = std::make_shared<Checking>(responder);
  checking->answer = {{"host", host->text},
                      {"port", port},
                      {"vault", vault::StateName(api.vault.state())},
                      {"bindings", json::array()},
                      {"problem", api.bindings.problem()}};
  // Copies: a source that is opened may change the vault, and with it what holds.
  std::vector<std::pair<std::size_t, vault::Binding>> to_try;
  json& list = checking->answer["bindings"];
  for (const auto& status : api.bindings.set().For(host->text, port, api.vault.names())) {
    if (status.active && status.binding->elsewhere()) {
      to_try.emplace_back(list.size(), *status.binding);
    }
    list.push_back(ToJson(status));
  }
  for (const auto& [place, binding] : to_try) Try(api, binding, place, checking);
}

}  // namespace

void AddBindingRoutes(Router& router, Api& api) {
  router.Add("GET", "/v1/bindings", BodyKind::kNone,
             [&api](Request, Responder responder) { responder.Send(List(api)); });
  router.Add("POST", "/v1/bindings", BodyKind::kJson,
             [&api](Request request, Responder responder) { responder.Send(Add(api, request)); });
  router.Add("POST", "/v1/bindings/check", BodyKind::kJson,
             [&api](Request request, Responder responder) { Check(api, request, responder); });
  router.Add("GET", "/v1/bindings/{name}", BodyKind::kNone,
             [&api](Request request, Responder responder) { responder.Send(Show(api, request)); });
  router.Add(
      "DELETE", "/v1/bindings/{name}", BodyKind::kNone,
      [&api](Request request, Responder responder) { responder.Send(Remove(api, request)); });
}

}  // namespace aileron::daemon
