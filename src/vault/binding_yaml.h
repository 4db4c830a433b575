// The bindings file, and the built-in one.
//
//   version: 1
//   bindings:
//     - name: example              letters, digits, . _ -
//       host: api.example.com      a host pattern (base/host_pattern.h)
//       port: 443                  the default
//       scheme: bearer             bearer | basic | header-template | query-param | cookie |
//                                  sigv4-resign | mtls | oauth2
//       credential: token/example  an entry of the vault
//       username: me               basic only; without it the secret holds user:password
//       header: X-Api-Key          header-template only
//       template: "{secret}"       header-template only; holds {secret} exactly once
//       parameter: key             query-param only
//       cookie: session            cookie only: its name
//       region: eu-west-1          sigv4-resign only: no other region is signed for
//       service: s3                sigv4-resign only: no other service is
//       sentinel: EXAMPLE_TOKEN    the look-alike's environment variable: swap instead of inject
//                                  (sigv4-resign: what two of them begin with; AWS if not given)
//       sentinel_file: ~/.netrc    the look-alike in a file, besides or instead of a variable; with
//       sentinel_template: …       its content, which holds {sentinel}; without it only that
//       mask: true                 answers that echo the secret are masked (proxy/masker.h)
//       websocket_text: true       the look-alike is swapped in a WebSocket's text messages, too
//                                  (proxy/websocket_text.h)
//       approval: first-use        a person is asked before a session first uses the credential
//       methods: [GET, HEAD]       only requests with these methods; without it all
//       paths: [/repos/me/**]      only these paths (base/path_pattern.h); without it all
//       oauth2: …                  oauth2 only (oauth2_settings.h)
//       from: …                    where the credential is, if not in the vault
//                                  (credential_source.h); its name is then a name for the record
//
// The file is strict: an unknown or repeated key, a wrong type or a bad value is an error with
// file, line and column, and so are two bindings that would write to the same place of the same
// request. Text in, values out; binding_file.h does the rest.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "vault/binding.h"

namespace aileron::vault {

// `file` is for messages alone. An empty text has no bindings.
Result<std::vector<Binding>> ParseBindings(std::string_view text, std::string_view file,
                                           Source source);
// The whole file in the one form we write.
std::string RenderBindings(std::span<const Binding> bindings);

// `text` with one more, or one fewer. Comments stay where the file is written as above. kInvalid
// when `text` or the result is not valid; kNotFound when there is none of that name.
Result<std::string> AddBinding(std::string_view text, std::string_view file,
                               const Binding& binding);
Result<std::string> RemoveBinding(std::string_view text, std::string_view file,
                                  std::string_view name);

// The ones that are compiled in (builtin_bindings.yaml).
const std::vector<Binding>& BuiltinBindings();

}  // namespace aileron::vault
