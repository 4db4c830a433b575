// The words a spec is made of: what a name, a host, a path and a header may look like.
//
//   fqn       = domain 1*( "/" part )        domain with a dot; part = [a-z0-9] *[a-z0-9._-]
//   version   = [A-Za-z0-9] *[A-Za-z0-9.+_-]
//   tool      = word                         word = [a-z] *[a-z0-9-]
//   operation = word *( "." word )
//   input     = [A-Za-z] *[A-Za-z0-9_-]
//   host      = a name or an address [ ":" port ], exact (base/host_pattern.h)
//   path      = 1*( "/" segment )            RFC 3986 pchar, "%" as %XX alone, and {input}; no
//   empty
//                                            segment but the last, none that is "." or ".."
//
// Each Check says what is wrong and what would be right. Nothing that a person is shown may control
// a terminal, or hold characters that hide or reorder others (base/text.h, Printable).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aileron::connector {

Status CheckFqn(std::string_view text);
Status CheckVersion(std::string_view text);
Status CheckToolName(std::string_view text);
Status CheckOperationName(std::string_view text);
Status CheckInputName(std::string_view text);

// A host in its one spelling: lower case, without the port 443.
Result<std::string> CanonicalHost(std::string_view text);

// A path in pieces: literal text and inputs, in turn.
struct PathPiece {
  std::string_view text;
  bool input = false;
};
Result<std::vector<PathPiece>> SplitPath(std::string_view path);
// Whether a segment of `path`, which may be percent-encoded, is "." or "..".
bool HasDotSegment(std::string_view path);

// The name of a header that a call may carry. What frames the message, routes it, names who asks or
// changes what the method is may not (Host, Content-*, Authorization, Cookie, hop-by-hop, …).
Status CheckHeaderName(std::string_view name);
// A header's value: visible characters and blanks, none of them at either end.
bool IsHeaderValue(std::string_view value);

// Text that is shown: one line, or lines.
enum class Lines { kOne, kMany };
Status CheckShown(std::string_view text, std::size_t most, Lines lines);

// "maxResults", "max_results" and "max-results" are --max-results.
std::string FlagName(std::string_view input);

}  // namespace aileron::connector
