// Heads of HTTP/1.1 messages, written. Adds no Via: aileron is invisible to a site but for the
// credential it adds.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "http/h1.h"

namespace aileron::http {

enum class KeepUpgrade : std::uint8_t { kNo, kYes };

// Removes what is meant for one connection only: the fields that Connection names, Connection
// itself, Keep-Alive, Proxy-*, TE (but the wish for trailers, which pass through) and Upgrade. With
// KeepUpgrade::kYes Upgrade stays and "Connection: Upgrade" is put back. Content-Length and
// Transfer-Encoding stay: SetFraming sets them. Fields that a message cannot do without (Host,
// Content-Length, Authorization …) cannot be named away by Connection.
void RemoveHopByHop(Headers& headers, KeepUpgrade keep_upgrade);

// "Transfer-Encoding: chunked", "Content-Length: n" or neither, replacing what is there.
void SetFraming(Headers& headers, Body body);

// The framing a client of `client` can read: chunked becomes kUntilClose for HTTP/1.0.
Body FramingFor(Version client, Body body);

// METHOD SP target SP HTTP/1.1 and the headers; a method is at most limits::method_bytes long. The
// caller has removed hop-by-hop fields.
void AppendRequestHead(std::string_view method, std::string_view target, const Headers& headers,
                       std::string& out);
// The reason phrase is sanitised.
void AppendResponseHead(int status, std::string_view reason, const Headers& headers,
                        std::string& out);
// The same into a bounded buffer; kUnavailable when it does not fit, and nothing is written then.
Status AppendRequestHead(std::string_view method, std::string_view target, const Headers& headers,
                         ByteBuffer& out);
Status AppendResponseHead(int status, std::string_view reason, const Headers& headers,
                          ByteBuffer& out);

// A line that may stand as a reason phrase or a header value: control bytes and line ends become
// blanks, bytes beyond ASCII "?", cut at limits::reason_phrase_bytes.
std::string SanitisePhrase(std::string_view text);
// "Forbidden" for 403; "Status" for numbers without a name.
std::string_view StandardReason(int status);

}  // namespace aileron::http
