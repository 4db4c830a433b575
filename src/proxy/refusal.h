// Refusal: what a client in the sandbox sees instead of an upstream's response.
//
// Whoever sits before curl, git, npm or pip must be able to act on it: the reason stands in the
// status line (pip prints it), in Aileron-Reason, -Hint and -Code, and in a body of the media type
// that the client shows: git prints text/plain, npm the "error" of JSON, curl any body.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/h1.h"
#include "proxy/permit.h"
#include "proxy/site.h"

namespace aileron::proxy {

struct Refusal {
  int status = 403;      // 403 denied, 502 upstream or credential trouble, 400 ambiguous message …
  std::string code;      // stable: "host_not_allowed"
  std::string reason;    // one line
  std::string hint;      // what to do, one line; may be empty
  std::string approval;  // the id of what a person is asked: with 428, come back
};

// Of a message that no parser of ours accepts.
Refusal RefusalOf(http::Flaw flaw);
// Of a verdict that denies.
Refusal RefusalOf(const Verdict& verdict);
// Of a request that a rule or a person denies.
Refusal RefusalOf(const RequestAnswer& answer);
// Of a credential that could not be given: 502; or that a person denies.
Refusal RefusalOf(const Credential& credential);

// The record of what was refused before it was a request. `detail` may hold a stranger's bytes.
AuditRecord RefusedRecord(const Site& site, std::string_view code, std::string_view detail);
// Of an upstream proxy that answered 407.
enum class ProxyCredential : std::uint8_t { kSent, kNone };
Refusal ProxyWantsCredential(ProxyCredential what_it_got);

// Of what a person let through, and ended.
Refusal GrantRevoked();

// kClose when the connection cannot carry another request: the framing is in doubt, the client
// asked so, or a body was left unread.
enum class AfterRefusal : std::uint8_t { kKeep, kClose };

enum class RefusalBody : std::uint8_t { kText, kJson, kHtml };
// By User-Agent and Accept; `request` may be null.
RefusalBody ChooseBody(const http::RequestHead* request);

// The whole response, head and body (no body for HEAD). `request` is null when its head could not
// be parsed; the connection is closed then whatever `after` says. Of the sandbox's API it is a
// problem document, whatever the client wants.
std::string RefusalResponse(const Refusal& refusal, const Site& site,
                            const http::RequestHead* request, AfterRefusal after);

}  // namespace aileron::proxy
