// OpenAPI 3.0 and 3.1 and Swagger 2.0 documents, YAML or JSON, made into connectors.
//
// What comes out is a connector without a flaw (check.h), whatever came in; what a spec cannot say
// is left out and reported, and so is what is deprecated. Writing operations ask, reading ones do
// not (RFC 9110 §9.2). Parameters become inputs, and so do the properties of a JSON or form body;
// another body is one input. A default of the document is the site's own and is not sent. What
// carries the credential is no input, and what the document calls a password is redacted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connector/connector.h"
#include "connector/import_report.h"

namespace aileron::connector {

struct ImportOptions {
  std::string fqn;                   // empty: the first host and the title
  std::string version;               // empty: the document's
  std::string tool;                  // the command; empty: the last word of the fqn
  std::vector<std::string> hosts;    // instead of the document's
  std::string credential;            // of every operation, instead of what is suggested
  std::vector<std::string> include;  // tags, /paths and "METHOD /path"s; empty: everything
};

// What the document's operations want to be called with. `scheme` and its words are those of a
// binding.
struct CredentialHint {
  std::string credential;  // a name for the vault
  std::string scheme;      // bearer, basic, header-template, query-param, cookie, mtls
  std::string name;        // of the header, parameter or cookie, where there is one
};

struct Imported {
  Connector connector;
  ImportReport report;
  std::vector<CredentialHint> credentials;
};

// kInvalid for what is no such document, kNotFound where nothing of it is left.
Result<Imported> ImportOpenApi(std::string_view text, std::string_view file,
                               const ImportOptions& options);

}  // namespace aileron::connector
