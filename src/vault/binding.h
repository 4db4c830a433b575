// Binding: which host gets which credential, and how it is written on the wire. What each field may
// hold is checked here, whoever wrote it (binding_yaml.h for the file).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_pattern.h"
#include "base/request_scope.h"
#include "base/result.h"
#include "vault/credential_source.h"
#include "vault/oauth2_settings.h"

namespace aileron::vault {

enum class Scheme {
  kBearer,
  kBasic,
  kHeaderTemplate,
  kQueryParam,
  kCookie,
  kSigV4,
  kMtls,
  kOAuth2
};
enum class Emit { kInject, kSentinel };
enum class Mask { kNo, kYes };
enum class WebSocketText { kPass, kSwap };
// Whether a person is asked before a session uses the credential for the first time.
enum class Approval { kNone, kFirstUse };
enum class Source { kUser, kBuiltin };

std::string_view SchemeName(Scheme scheme);  // "header-template", as in the file
std::string_view SourceName(Source source);  // "user", "builtin"

struct Binding {
  std::string name;
  HostPattern host;
  std::uint16_t port = 443;
  Scheme scheme = Scheme::kBearer;
  std::string credential;
  std::string username;       // empty: the secret holds user:password
  std::string header;         // as it was written
  std::string template_text;  // holds "{secret}" once
  std::string parameter;
  std::string cookie;             // its name
  std::string region, service;    // sigv4-resign: the only ones that are signed for; empty: any
  std::string sentinel;           // an environment variable, or empty
  std::string sentinel_file;      // a path in the sandbox, absolute or "~/…", or empty
  std::string sentinel_template;  // that file's content; holds a placeholder
  Mask mask = Mask::kNo;          // whether answers that echo the secret are masked
  // Whether the look-alike is swapped in the text messages of a WebSocket, too.
  WebSocketText websocket_text = WebSocketText::kPass;
  Approval approval = Approval::kNone;
  RequestScope scope;  // the requests that get it; the others are as if nothing were bound
  std::optional<CredentialSource> from;  // where the credential is, if not in the vault
  std::optional<OAuth2Settings> oauth2;  // of the scheme oauth2, and only of it
  Source source = Source::kUser;

  Emit emit() const {
    return sentinel.empty() && sentinel_file.empty() ? Emit::kInject : Emit::kSentinel;
  }
  // Whether it is fetched from somewhere when it is needed, which may fail and may take time.
  bool elsewhere() const { return from || oauth2; }
  bool operator==(const Binding&) const = default;
};

// Where a binding writes when it injects: a header in lower case, "?" and a parameter, "cookie:"
// and a name, or "certificate".
std::string PlaceOf(const Binding& binding);

// The content of a binding's file with its look-alike; empty without a file. `secret_key` is the
// look-alike's second part, for sigv4-resign.
std::string FillSentinelFile(const Binding& binding, std::string_view sentinel,
                             std::string_view secret_key = {});

// A binding as somebody wrote it, in YAML, JSON or flags.
struct BindingFields {
  std::string name, host, scheme, credential;
  std::optional<std::uint16_t> port;
  std::optional<Settings> from, oauth2;
  std::optional<std::string> username, header, template_text, parameter, cookie, sentinel;
  std::optional<std::string> region, service, sentinel_file, sentinel_template;
  std::optional<std::string> approval;
  std::optional<std::vector<std::string>> methods, paths;
  std::optional<bool> mask, websocket_text;
};

// The FieldError names what is wrong.
std::expected<Binding, FieldError> CheckFields(const BindingFields& fields, Source source);
// The same with "header: …" as one message.
Result<Binding> MakeBinding(const BindingFields& fields, Source source);

}  // namespace aileron::vault
