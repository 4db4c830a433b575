// The answers of Permits that more than one of its questions gives. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/approvals.h"
#include "daemon/asking.h"
#include "policy/network.h"
#include "proxy/permit.h"

namespace aileron::daemon {

// What is left until then, as keep_ms.
std::uint64_t KeepUntil(Time until, Time now);

policy::Protocol ProtocolOf(proxy::Scheme scheme);

proxy::Verdict ToWire(std::uint64_t id, policy::Verdict verdict);
proxy::Verdict Deny(std::uint64_t id, std::string_view code, std::string rule, std::string reason,
                    std::string hint);
// Of an address that is not public, which a person's yes does not open; nothing for others.
std::optional<proxy::Verdict> DenyInside(std::uint64_t id, const std::string& host,
                                         const std::string& rule);
// By a person; the address must be public, since only a rule can name another.
proxy::Verdict AllowUntil(std::uint64_t id, const Asking::Yes& yes, Time now);
// The question about `what` stays open, or was answered with no.
proxy::Verdict NotYet(std::uint64_t id, std::string_view what, const Approvals::Said& said);
proxy::Verdict TooMany(std::uint64_t id);

proxy::RequestAnswer Refused(const proxy::Verdict& verdict);

proxy::Credential Refuse(const proxy::AskCredential& ask, std::string_view code,
                         std::string message, std::string hint);
// What let it go on does not hold any more; asked again it may.
proxy::Credential NoLonger(const proxy::AskCredential& ask);
// By a person, or as NotYet has it.
proxy::Credential Denied(const proxy::AskCredential& ask, const proxy::Verdict& verdict);

}  // namespace aileron::daemon
