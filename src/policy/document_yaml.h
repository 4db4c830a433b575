// The policy file: aileron.yaml at a project's root, the user's policy.yaml, the built-in profiles.
//
//   version: 1
//   profile: guarded               what it stands on: open, guarded or locked (not in a profile)
//   name: guarded                  of a profile, which has these two …
//   default: ask                   … and no "profile"
//   network:
//     - name: npm                  how a profile's rules are called in reasons; optional
//       host: api.example.com      a pattern (base/host_pattern.h), a range, "*"; or a list
//       port: 8443                 without it: every port; of a rule that allows, 80 and 443
//       method: [POST, PUT]        one or a list; without it all
//       path: /repos/**            a pattern (base/path_pattern.h) or a list; without it all
//       protocol: https            http, https or tcp (a tunnel that nobody looks into)
//       credential: token/x        only these may go along: a name, a list, or "none"
//       opaque: true               nobody looks into its connections; of a rule that allows a host
//       action: ask                allow | ask | deny
//   commands:
//     - command: git push --force  a pattern (command/pattern.h) or a list
//       action: deny               allow | record | redirect | ask | deny
//       by: make                   only what this program runs; optional
//       redirect: [git, push, "**"]  of redirect: what runs instead
//       reason: …                  told to who is refused
//   files:
//     - path: secrets              in the workspace, or ~/…, or absolute
//       access: hidden             read-write | read-only | hidden
//   environment:
//     pass: [EDITOR, "MY_*"]       variables of the caller's that the agent gets
//     scrub: ["*_TOKEN"]           and those that it gets in no case
//   approvals:
//     hold: 1m                     how long a request waits for a person before it is told to come
//                                  again
//     expires: 1h                  how long a question waits
//     scopes: [once, session]      what a yes may cover: once, times, until, session, always
//   services:
//     - name: web                  kept running beside the agent (service/service.h)
//       command: [npm, run, dev]
//       folder: frontend           restart: on-failure    publish: [3000]
//       health: {port: 3000}       or {command: "…"}
//   agents:
//     claude: {network: […], files: […], environment: {…}}      only where that is launched
//   tests:
//     - {request: "GET https://api.example.com/user", expect: allow}
//     - {command: [git, push, --force], expect: deny}
//
// A rule with a method or a path is about requests and names hosts; one without is about the hosts.
// The file is strict (plain_yaml.h): what is unknown, repeated or of another type is an error with
// file, line and column, with what was found and what was expected. schema/policy.v1.json says the
// same to editors. Text in, values out.
#pragma once

#include <string_view>

#include "base/result.h"
#include "policy/document.h"

namespace aileron::policy {

// `layer` says which keys there may be: kBuiltin is a profile. `file` is for messages; `called`, or
// its last part, names rules ("aileron.yaml:4"). An empty text says nothing.
Result<Document> ParseDocument(std::string_view text, std::string_view file, Layer layer,
                               std::string_view called = {});

// The tests that stand beside a file: version and tests, and nothing else.
Result<std::vector<Case>> ParseCases(std::string_view text, std::string_view file);

}  // namespace aileron::policy
