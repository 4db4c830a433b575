#include "vault/binding.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "vault/entry_name.h"
#include "vault/limits.h"

namespace aileron::vault {
namespace {

constexpr auto kSchemeNames =
    std::to_array<std::string_view>({"bearer", "basic", "header-template", "query-param", "cookie",
                                     "sigv4-resign", "mtls", "oauth2"});
constexpr std::string_view kPlaceholder = "{secret}";
constexpr std::string_view kFirstUse = "first-use";
constexpr std::string_view kAwsPrefix = "AWS";
constexpr std::string_view kSentinelPlaceholder = "{sentinel}";
constexpr std::string_view kIdPlaceholder = "{access_key_id}";
constexpr std::string_view kKeyPlaceholder = "{secret_access_key}";
constexpr std::string_view kAwsTemplate =
    "[default]\naws_access_key_id = {access_key_id}\naws_secret_access_key = "
    "{secret_access_key}\n";

// Headers that decide how a message is framed or where it goes: a credential has no place there. A
// cookie has a scheme of its own, which keeps the client's others.
constexpr auto kReservedHeaders = std::to_array<std::string_view>(
    {"connection", "content-encoding", "content-length", "cookie", "expect", "host", "keep-alive",
     "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
     "transfer-encoding", "upgrade"});

// Variables that mean something to the loader, the shell or aileron itself.
constexpr auto kReservedVariables = std::to_array<std::string_view>(
    {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "PWD", "OLDPWD", "IFS", "TMPDIR",
     "BASH_ENV", "ENV", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"});

template <typename... Args>
std::unexpected<FieldError> Wrong(std::string_view field, fmt::format_string<Args...> format,
                                  Args&&... args) {
  return std::unexpected(
      FieldError{std::string(field), fmt::format(format, std::forward<Args>(args)...)});
}

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsVisibleOrSpace(char c) { return c >= ' ' && c < 0x7f; }
bool IsTokenCharacter(char c) {
  return IsAlphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool IsUnreserved(char c) {
  return IsAlphanumeric(c) || std::string_view("-._~").find(c) != std::string_view::npos;
}

template <typename Predicate>
bool Consists(std::string_view text, Predicate predicate, std::size_t most = limits::kFieldMax) {
  return !text.empty() && text.size() <= most && std::ranges::all_of(text, predicate);
}

FieldStatus CheckBindingName(std::string_view name) {
  const bool valid =
      Consists(name,
               [](char c) { return IsAlphanumeric(c) || c == '.' || c == '_' || c == '-'; }) &&
      IsAlphanumeric(name.front());
  if (valid) return {};
  return Wrong("name",
               "\"{}\" is not a name: use letters, digits and . _ -, and begin with a letter "
               "or digit",
               Printable(name));
}

FieldStatus CheckHeader(std::string_view header) {
  const std::string lower = ToLower(header);
  if (!Consists(header, IsTokenCharacter)) {
    return Wrong("header", "\"{}\" is not the name of a header", Printable(header));
  }
  if (std::ranges::find(kReservedHeaders, lower) != kReservedHeaders.end()) {
    if (lower == "cookie") return Wrong("header", "a cookie has a scheme of its own: cookie");
    return Wrong("header", "{} belongs to the connection and cannot carry a credential", header);
  }
  return {};
}

FieldStatus CheckTemplate(std::string_view text) {
  if (!Consists(text, IsVisibleOrSpace, limits::kTemplateMax) || Trim(text) != text) {
    return Wrong("template",
                 "\"{}\" must be 1 to {} printable ASCII characters with no blank at "
                 "either end",
                 Printable(text), limits::kTemplateMax);
  }
  const auto at = text.find(kPlaceholder);
  if (at == std::string_view::npos || text.find(kPlaceholder, at + 1) != std::string_view::npos) {
    return Wrong("template", "\"{}\" must hold {} exactly once", text, kPlaceholder);
  }
  std::string rest(text);
  rest.erase(at, kPlaceholder.size());
  if (rest.find_first_of("{}") != std::string::npos) {
    return Wrong("template", "\"{}\" has a brace beside {}: no other placeholder is known", text,
                 kPlaceholder);
  }
  return {};
}

FieldStatus CheckSentinel(std::string_view variable) {
  const bool valid = Consists(variable, [](char c) { return IsAlphanumeric(c) || c == '_'; }) &&
                     !(variable.front() >= '0' && variable.front() <= '9');
  if (!valid) {
    return Wrong("sentinel", "\"{}\" is not the name of an environment variable",
                 Printable(variable));
  }
  std::string upper(variable);
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  if (upper.starts_with("AILERON_") || upper.starts_with("LD_") ||
      std::ranges::find(kReservedVariables, upper) != kReservedVariables.end()) {
    return Wrong("sentinel", "{} has a meaning of its own and cannot hold a look-alike", variable);
  }
  return {};
}

// ~/a/b or /a/b, with nothing to normalise.
FieldStatus CheckSentinelPath(std::string_view path) {
  const std::string_view rest = path.substr(path.starts_with("~/") ? 1 : 0);
  bool valid = rest.starts_with('/') && rest.size() > 1 &&
               Consists(path, IsVisibleOrSpace, limits::kSentinelPathMax);
  for (const std::string_view part : Split(rest.substr(rest.empty() ? 0 : 1), '/')) {
    valid = valid && !part.empty() && part != "." && part != "..";
  }
  if (valid) return {};
  return Wrong("sentinel_file",
               "\"{}\" is not the path of a file: begin with ~/ or /, without . or ..",
               Printable(path));
}

FieldStatus SetSentinelFile(const BindingFields& fields, Binding& binding) {
  if (!fields.sentinel_file) {
    if (!fields.sentinel_template) return {};
    return Wrong("sentinel_template", "needs the sentinel_file whose content it is");
  }
  if (auto ok = CheckSentinelPath(*fields.sentinel_file); !ok) return ok;
  binding.sentinel_file = *fields.sentinel_file;
  const bool pair = binding.scheme == Scheme::kSigV4;
  binding.sentinel_template = fields.sentinel_template.value_or(
      pair ? std::string(kAwsTemplate) : std::string(kSentinelPlaceholder) + "\n");
  const auto printable = [](char c) { return IsVisibleOrSpace(c) || c == '\n' || c == '\t'; };
  if (!Consists(binding.sentinel_template, printable, limits::kSentinelFileMax)) {
    return Wrong("sentinel_template",
                 "must be 1 to {} printable ASCII characters, tabs and line ends",
                 limits::kSentinelFileMax);
  }
  if (pair && (!binding.sentinel_template.contains(kIdPlaceholder) ||
               !binding.sentinel_template.contains(kKeyPlaceholder))) {
    return Wrong("sentinel_template", "must hold {} and {}", kIdPlaceholder, kKeyPlaceholder);
  }
  if (!pair && !binding.sentinel_template.contains(kSentinelPlaceholder)) {
    return Wrong("sentinel_template", "must hold {}", kSentinelPlaceholder);
  }
  return {};
}

// A field that another scheme has would be ignored, and that is never what its writer meant.
FieldStatus CheckForeign(const BindingFields& fields, Scheme scheme) {
  const auto foreign = [&](std::string_view field, const auto& value, Scheme owner) -> FieldStatus {
    if (!value || scheme == owner) return {};
    return Wrong(field, "{} belongs to the scheme {}, not {}", field, SchemeName(owner),
                 SchemeName(scheme));
  };
  if (auto ok = foreign("username", fields.username, Scheme::kBasic); !ok) return ok;
  if (auto ok = foreign("header", fields.header, Scheme::kHeaderTemplate); !ok) return ok;
  if (auto ok = foreign("template", fields.template_text, Scheme::kHeaderTemplate); !ok) return ok;
  if (auto ok = foreign("oauth2", fields.oauth2, Scheme::kOAuth2); !ok) return ok;
  if (auto ok = foreign("cookie", fields.cookie, Scheme::kCookie); !ok) return ok;
  if (auto ok = foreign("region", fields.region, Scheme::kSigV4); !ok) return ok;
  if (auto ok = foreign("service", fields.service, Scheme::kSigV4); !ok) return ok;
  return foreign("parameter", fields.parameter, Scheme::kQueryParam);
}

FieldStatus SetSchemeFields(const BindingFields& fields, Binding& binding) {
  switch (binding.scheme) {
    case Scheme::kBearer:
      return {};
    case Scheme::kBasic:
      if (!fields.username) return {};
      // RFC 7617: a colon would end the user name.
      if (!Consists(*fields.username, IsVisibleOrSpace) || fields.username->contains(':')) {
        return Wrong("username", "\"{}\" must be printable ASCII without a colon",
                     Printable(*fields.username));
      }
      binding.username = *fields.username;
      return {};
    case Scheme::kHeaderTemplate:
      if (!fields.header) return Wrong("header", "header-template needs the name of a header");
      if (auto ok = CheckHeader(*fields.header); !ok) return ok;
      binding.header = *fields.header;
      binding.template_text = fields.template_text.value_or(std::string(kPlaceholder));
      return CheckTemplate(binding.template_text);
    case Scheme::kQueryParam:
      if (!fields.parameter) return Wrong("parameter", "query-param needs a parameter");
      if (!Consists(*fields.parameter, IsUnreserved)) {
        return Wrong("parameter", "\"{}\" must be letters, digits and - . _ ~",
                     Printable(*fields.parameter));
      }
      binding.parameter = *fields.parameter;
      return {};
    case Scheme::kOAuth2: {
      if (!fields.oauth2) return Wrong("oauth2", "oauth2 needs its settings");
      if (fields.from) {
        return Wrong("from",
                     "the credential of oauth2 is kept in the vault, which takes its new "
                     "refresh tokens");
      }
      auto oauth2 = OAuth2Settings::Check(*fields.oauth2);
      if (!oauth2) return std::unexpected(oauth2.error());
      binding.oauth2 = *std::move(oauth2);
      return {};
    }
    case Scheme::kCookie:
      if (!fields.cookie) return Wrong("cookie", "cookie needs the name of a cookie");
      if (!Consists(*fields.cookie, IsTokenCharacter)) {
        return Wrong("cookie", "\"{}\" is not the name of a cookie", Printable(*fields.cookie));
      }
      binding.cookie = *fields.cookie;
      return {};
    case Scheme::kMtls:
      // The sandbox makes no TLS with the site: there is nothing that a look-alike could stand in.
      if (fields.sentinel) return Wrong("sentinel", "a client certificate has no look-alike");
      if (fields.sentinel_file) {
        return Wrong("sentinel_file", "a client certificate has no look-alike");
      }
      return {};
    case Scheme::kSigV4: {
      const auto part = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
      };
      if (fields.region && !Consists(*fields.region, part)) {
        return Wrong("region", "\"{}\" is not a region, as in eu-west-1",
                     Printable(*fields.region));
      }
      if (fields.service && !Consists(*fields.service, part)) {
        return Wrong("service", "\"{}\" is not a service, as in s3", Printable(*fields.service));
      }
      binding.region = fields.region.value_or("");
      binding.service = fields.service.value_or("");
      // A client signs before it sends: there is no injecting here.
      binding.sentinel = kAwsPrefix;
      return {};
    }
  }
  return {};
}

FieldStatus SetScope(const BindingFields& fields, RequestScope& scope) {
  const auto sized = [](std::string_view field, const auto& list, std::size_t most) -> FieldStatus {
    if (!list || (!list->empty() && list->size() <= most)) return {};
    return Wrong(field, "must list 1 to {}; leave {} out when all are meant", most, field);
  };
  if (auto ok = sized("methods", fields.methods, limits::kMethodsMax); !ok) return ok;
  if (auto ok = sized("paths", fields.paths, limits::kPathsMax); !ok) return ok;
  for (const std::string& method : fields.methods.value_or(std::vector<std::string>())) {
    if (!IsMethodName(method)) {
      return Wrong("methods", "\"{}\" is not a method: write it in capitals, as in GET",
                   Printable(method));
    }
    scope.methods.push_back(method);
  }
  for (const std::string& text : fields.paths.value_or(std::vector<std::string>())) {
    auto path = PathPattern::Parse(text);
    if (!path) return Wrong("paths", "{}", path.error().message);
    scope.paths.push_back(*std::move(path));
  }
  return {};
}

}  // namespace

std::string_view SchemeName(Scheme scheme) {
  return kSchemeNames[static_cast<std::size_t>(scheme)];
}

std::string_view SourceName(Source source) { return source == Source::kUser ? "user" : "builtin"; }

std::string PlaceOf(const Binding& binding) {
  switch (binding.scheme) {
    case Scheme::kBearer:
    case Scheme::kBasic:
    case Scheme::kOAuth2:
      return "authorization";
    case Scheme::kHeaderTemplate:
      return ToLower(binding.header);
    case Scheme::kQueryParam:
      return "?" + binding.parameter;
    case Scheme::kCookie:
      return "cookie:" + binding.cookie;
    case Scheme::kSigV4:
      return "sigv4";
    case Scheme::kMtls:
      return "certificate";
  }
  return "";
}

std::string FillSentinelFile(const Binding& binding, std::string_view sentinel,
                             std::string_view secret_key) {
  std::string content = binding.sentinel_template;
  const auto fill = [&](std::string_view placeholder, std::string_view value) {
    for (std::size_t at = content.find(placeholder); at != std::string::npos;
         at = content.find(placeholder, at + value.size())) {
      content.replace(at, placeholder.size(), value);
    }
  };
  if (binding.scheme == Scheme::kSigV4) {
    fill(kIdPlaceholder, sentinel);
    fill(kKeyPlaceholder, secret_key);
  } else {
    fill(kSentinelPlaceholder, sentinel);
  }
  return content;
}

std::expected<Binding, FieldError> CheckFields(const BindingFields& fields, Source source) {
  Binding binding;
  binding.source = source;
  if (auto ok = CheckBindingName(fields.name); !ok) return std::unexpected(ok.error());
  binding.name = fields.name;

  auto host = HostPattern::Parse(fields.host);
  if (!host) return Wrong("host", "{}", host.error().message);
  binding.host = *std::move(host);
  binding.port = fields.port.value_or(443);
  if (binding.port == 0) return Wrong("port", "0 is not a port");

  const auto scheme = std::ranges::find(kSchemeNames, fields.scheme);
  if (scheme == kSchemeNames.end()) {
    const auto near = NearestWord(fields.scheme, kSchemeNames);
    return Wrong("scheme", "\"{}\" is not a scheme{}: it is one of {}", Printable(fields.scheme),
                 near ? fmt::format(" (did you mean {}?)", *near) : "",
                 fmt::join(kSchemeNames, ", "));
  }
  binding.scheme = static_cast<Scheme>(scheme - kSchemeNames.begin());

  if (auto ok = CheckName(fields.credential); !ok) {
    return Wrong("credential", "{}", ok.error().message);
  }
  binding.credential = fields.credential;
  if (auto ok = CheckForeign(fields, binding.scheme); !ok) return std::unexpected(ok.error());
  if (auto ok = SetSchemeFields(fields, binding); !ok) return std::unexpected(ok.error());
  if (fields.from) {
    if (source != Source::kUser) {
      return Wrong("from", "only the user's own bindings may name commands, files and servers");
    }
    auto from = CredentialSource::Check(*fields.from);
    if (!from) return std::unexpected(from.error());
    binding.from = *std::move(from);
  }
  if (fields.sentinel) {
    if (auto ok = CheckSentinel(*fields.sentinel); !ok) return std::unexpected(ok.error());
    binding.sentinel = *fields.sentinel;
  }
  if (auto ok = SetSentinelFile(fields, binding); !ok) return std::unexpected(ok.error());
  if (fields.mask.value_or(false)) {
    if (binding.scheme == Scheme::kSigV4 || binding.scheme == Scheme::kMtls) {
      return Wrong("mask", "a site never gets the secret of {}, and cannot echo it", fields.scheme);
    }
    binding.mask = Mask::kYes;
  }
  if (fields.websocket_text.value_or(false)) {
    if (binding.scheme == Scheme::kSigV4 || binding.scheme == Scheme::kMtls) {
      return Wrong("websocket_text", "the secret of {} is never sent", fields.scheme);
    }
    if (binding.emit() != Emit::kSentinel)
      return Wrong("websocket_text", "needs sentinel or sentinel_file: a look-alike to be swapped");
    binding.websocket_text = WebSocketText::kSwap;
  }
  if (fields.approval) {
    if (*fields.approval != kFirstUse) {
      return Wrong("approval", "\"{}\" is not known: it is {}, or left out when nobody is asked",
                   Printable(*fields.approval), kFirstUse);
    }
    binding.approval = Approval::kFirstUse;
  }
  if (auto ok = SetScope(fields, binding.scope); !ok) return std::unexpected(ok.error());
  return binding;
}

Result<Binding> MakeBinding(const BindingFields& fields, Source source) {
  auto binding = CheckFields(fields, source);
  if (binding) return *std::move(binding);
  return Fail(Code::kInvalid, "{}: {}", binding.error().field, binding.error().message);
}

}  // namespace aileron::vault
