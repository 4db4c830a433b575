// Injection: writes the head of a request to an upstream, with the credentials of its bindings.
//
// A binding that injects drops what the client itself sent in that place (every field of the name,
// every parameter of the name) and puts the credential there. A binding with a sentinel changes
// only the look-alike that the sandbox holds, and only where the binding puts its credential: in
// its field (inside "Basic" after decoding), its query parameter or its cookie, since elsewhere a
// site could be made to show what it got. A cookie is a place of its own: the others stay, in one
// Cookie field. A request that was signed for AWS with look-alike keys is signed again (sigv4.h).
// Any other token passes untouched and is reported.
//
// A client certificate stands in no head: the connection presents it (Site::certificate).
//
// The head is written straight into the caller's buffer, whose memory is wiped after use; no copy
// of a secret is made on the way. A secret that cannot stand in a field is refused, without being
// quoted.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "http/headers.h"
#include "proxy/permit.h"

namespace aileron::proxy {

// A shorter look-alike would be found in ordinary text.
inline constexpr std::size_t kSentinelMin = 8;

// A binding with its credential in hand; both are borrowed for the call.
struct Grant {
  const BindingView* binding = nullptr;
  const Secret* secret = nullptr;
};

struct RequestParts {
  std::string_view method;
  std::string_view target;                 // origin-form, or "*"
  const http::Headers* headers = nullptr;  // hop-by-hop fields removed, framing set
  std::string_view body_hash = {};         // SHA-256 in hex, where NeedsBodyHash said so
};

struct Injected {
  bool injected = false;            // a credential stands in the head
  bool dropped_own = false;         // the client sent one of its own, which was dropped
  bool foreign_credential = false;  // a token of the client's own went out untouched
  std::string aws_signature;        // of a request that was signed again, in hex
};

// Whether the request is one that the binding is for: its scope covers it, and no field by which
// some servers take another method or path stands in it.
bool Covers(const BindingView& binding, const RequestParts& request);

// Whether this request cannot go out without the binding's credential: it is covered, and the
// binding injects or its look-alike stands in the request.
bool NeedsCredential(const BindingView& binding, const RequestParts& request);

// Whether the request's head can be written only when the hash of its body is known.
bool NeedsBodyHash(const BindingView& binding, const RequestParts& request);

// Whether a secret can be sent at all: not empty, no control bytes or line ends, no blanks at the
// ends. kInvalid without the secret.
Status CheckSecret(const BindingView& binding, const Secret& secret);

// Adds the request head to `out`, which is of Contents::kSecret when there are grants. kInvalid:
// the secret or the binding cannot be used; kUnavailable: the head does not fit into out.Room().
// On failure nothing is added.
Result<Injected> AppendInjectedHead(const RequestParts& request, std::span<const Grant> grants,
                                    ByteBuffer& out);

}  // namespace aileron::proxy
