// Specs of connectors, as files: YAML, or JSON with the same keys.
//
//   schema: aileron.connector.v1
//   fqn: example.com/github        a domain and a name
//   version: "1.0"
//   summary: Issues of GitHub
//   hosts: [api.github.com]        of the operations that name none
//   credential: token/github       of the operations that name none
//   tools:                         the commands of the sandbox that run them
//     - name: github-issues
//       summary: Issues of GitHub
//       override: false            true: may shadow a command of the image
//       operations: [issues]       names and groups; without it all
//   operations:
//     - name: issues.create
//       summary: Open an issue
//       description: …             lines of text
//       method: POST
//       path: /repos/{owner}/{repo}/issues
//       hosts: [api.github.com]    exact, host or host:port; the first one is called
//       headers: {Accept: application/vnd.github+json}
//       inputs:
//         - name: labels
//           type: array            string | integer | number | boolean | array | object
//           items: string          of an array
//           where: body            path | query | header | body
//           required: false
//           sent_as: "labels[]"    the site's name for it, where that is another one
//           list: repeat           or comma: how an array stands in a query or a form
//           description: …
//           default: []            sent where no value is given
//           enum: [bug, wish]
//           example: [bug]
//       body: json                 none | json | form | raw | {shape: raw, content_type:
//       text/plain} idempotency: none          safe | idempotent | none | {key: Idempotency-Key};
//       without it
//                                  what the method says (RFC 9110 §9.2)
//       approval: ask              never | ask, or a mapping of
//         mode: ask
//         preview:                 a safe operation of this connector; a person sees its result,
//           operation: issues.list the agent never does
//           inputs: {owner: owner, repo: repo}      its input: this operation's
//         editable: [title]        inputs that a person may change before saying yes
//                                  without it: never where a call is safe, else ask
//       credential: token/github   an entry of the vault (base/entry_name.h)
//       audit:
//         fields: [owner, repo]    inputs whose values are recorded
//         redact: [body]           inputs whose values are neither shown nor recorded
//
// The file is strict: an unknown or repeated key, a wrong type, a bad value or a reference to
// nothing is an error with file and line. Limits stand in limits.h. Text in, values out.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "connector/connector.h"

namespace aileron::connector {

// `file` is for messages alone.
Result<Connector> ParseConnector(std::string_view text, std::string_view file);

// The one form we write, of a connector without a flaw (check.h): it reads back as the same.
std::string WriteConnector(const Connector& connector);

}  // namespace aileron::connector
