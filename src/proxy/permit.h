// Permits: what a worker and the daemon say to each other over a SOCK_SEQPACKET pair.
//
//   packet = u8 type, fields of the struct in the order written below (base/wire.h)
//   list   = u32 count, items; limits::*_max bound each count
//
// The worker parses strangers' bytes, so the daemon trusts nothing in a WorkerMessage; and the
// worker checks a DaemonMessage as strictly, so that one decoder's mistake is not both's. A packet
// is at most limits::packet_max (Start: limits::start_packet_max). An id is chosen by who asks,
// answered once, and never used again. Start goes first, carries the listeners' descriptors by
// SCM_RIGHTS in the order of `listeners`, and is sent once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/request_scope.h"
#include "base/result.h"
#include "base/secret.h"
#include "policy/caller.h"
#include "proxy/timeouts.h"
#include "proxy/upstream_proxy.h"

namespace aileron::proxy {

// How a listener is used. kProxy speaks the proxy protocol; kCaptured takes connections that
// believe they reached a site; kDns is a UDP socket or a TCP listener (told apart by SO_TYPE); kApi
// takes plain requests for kInternalHost.
enum class ListenerKind : std::uint8_t { kProxy = 0, kCaptured = 1, kDns = 2, kApi = 3 };

struct Listener {
  ListenerKind kind = ListenerKind::kProxy;
  std::uint16_t port = 0;
};

// Connections to host:port go to address:to_port instead; the name that TLS verifies stays `host`.
struct ConnectTo {
  std::string host;
  std::uint16_t port = 0;
  std::string address;
  std::uint16_t to_port = 0;
};

enum class Scheme : std::uint8_t { kHttp = 0, kHttps = 1, kTcp = 2 };
enum class Action : std::uint8_t { kAllow = 0, kDeny = 1 };
// How the client came: CONNECT, absolute-form http://, captured, or by asking DNS for the name; or
// it has not yet, and a connection is to be opened ahead of its request (kAhead), about which
// nobody is asked. For kDns the port is 0, and kDeny means that the name does not exist: it is for
// names that a rule denies; a name that merely nobody allowed is kAllow, so that the refusal can be
// told over HTTP.
enum class How : std::uint8_t { kConnect = 0, kAbsolute = 1, kCaptured = 2, kDns = 3, kAhead = 4 };
// Whether a plain request is sent to the site, or in absolute form to the user's upstream proxy.
enum class Forward : std::uint8_t { kSite = 0, kProxy = 1 };
// Which addresses a name may stand for: only public ones, or, since a rule names exactly this host
// or address, any.
enum class AddressRule : std::uint8_t { kPublicOnly = 0, kAny = 1 };
enum class BindingScheme : std::uint8_t {
  kBearer = 0,
  kBasic = 1,
  kHeaderTemplate = 2,
  kQueryParam = 3,
  kCookie = 4,
  kSigV4 = 5,
  kMtls = 6
};
enum class Emit : std::uint8_t { kInject = 0, kSentinel = 1 };
// Whether answers that echo the secret are passed on as they are.
enum class Echo : std::uint8_t { kPass = 0, kMask = 1 };

// Whether the look-alike is swapped in the text messages of a WebSocket, too.
enum class Messages : std::uint8_t { kPass = 0, kSwap = 1 };
// Whether each request to a host is asked about (AskRequest), since a rule may speak of it.
enum class Requests : std::uint8_t { kFree = 0, kAsked = 1 };
// Whether a person may be asked before the credential is used.
enum class FirstUse : std::uint8_t { kFree = 0, kAsked = 1 };

// What the worker may know of a binding: everything but the secret.
struct BindingView {
  std::string name;
  BindingScheme scheme = BindingScheme::kBearer;
  Emit emit = Emit::kInject;
  std::string credential;     // the vault entry's name, for the record
  std::string username;       // basic
  std::string header;         // header_template; empty for bearer and basic: Authorization
  std::string template_text;  // header_template; holds "{secret}" once
  std::string parameter;      // query_param; cookie: its name
  std::string sentinel;       // emit sentinel: the look-alike that the sandbox holds
  Echo echo = Echo::kPass;
  Messages messages = Messages::kPass;
  FirstUse first_use = FirstUse::kFree;
  RequestScope scope;  // the requests that it is for
};

// --- daemon → worker

struct Start {
  std::string session_id;
  std::vector<Listener> listeners;
  std::string ca_certificate;  // PEM of the session CA
  std::string extra_roots;     // PEM of --upstream-ca, or empty
  std::vector<ConnectTo> connect_to;
  std::uint32_t clients_max = 0;  // connections of clients at a time; 0: limits::clients_max
  UpstreamProxy proxy;
  Timeouts timeouts;
  std::vector<std::string> opaque;  // HOST:PORT (opaque.h)
};

// keep_ms: as long as nobody revokes it.
inline constexpr std::uint64_t kKeepUntilRevoked = ~std::uint64_t{0};

struct Verdict {
  std::uint64_t id = 0;
  Action action = Action::kDeny;
  // How long it holds without asking again, milliseconds; 0: for this question.
  std::uint64_t keep_ms = kKeepUntilRevoked;
  std::string reason;    // one line for a person
  std::string hint;      // what to do about it, one line
  std::string rule;      // which rule decided, for the record
  std::string code;      // stable: "host_not_allowed", "host_denied" …
  std::string approval;  // the id of what a person is asked; the refusal says to come back
  AddressRule address_rule = AddressRule::kPublicOnly;
  Forward forward = Forward::kSite;
  bool opaque = false;  // of Scheme::kTcp: the bytes are passed on unread, without a credential
  Requests requests = Requests::kFree;
  std::vector<BindingView> bindings;  // with kProxy: the proxy's credential, if it wants one
};

// A question that a person is asked: its answer may take until limits::hold_max.
struct Held {
  std::uint64_t id = 0;
};

// What is to be done with a request that was asked about.
enum class Next : std::uint8_t { kSend = 0, kShow = 1, kRefuse = 2 };

struct RequestAnswer {
  std::uint64_t id = 0;
  Next next = Next::kRefuse;  // kShow: ask again, with the body
  std::uint64_t pass = 0;     // of kSend: what its credentials are asked for with
  std::string reason;         // as in Verdict
  std::string hint;
  std::string rule;
  std::string code;
  std::string approval;
};

struct Leaf {
  std::uint64_t id = 0;
  std::string certificate;  // DER; empty when it could not be signed
  std::string error;
};

struct Credential {
  std::uint64_t id = 0;
  // How long the secret may be used without asking again, milliseconds; 0: for this request.
  std::uint64_t keep_ms = kKeepUntilRevoked;
  Secret secret;     // for sigv4 a key for that scope alone; empty when it cannot be given; then:
  std::string code;  // "vault_locked", "credential_missing", "not_permitted" …
  std::string message;  // one line for a person
  std::string hint;
  std::string approval;  // the id of what a person is asked; the refusal says to come back
  bool denied = false;   // by a rule, by a person, or since nobody is asked
};

// A connection to the sandbox's API (kInternalHost), as the packet's one descriptor: the daemon
// serves HTTP/1.1 on its other end, and knows by it which session asks.
struct Api {
  std::uint64_t id = 0;
  std::string error;  // why there is none; then no descriptor comes
};

// A request of the daemon's own, on the packet's one descriptor: whoever writes there is served as
// a client whose requests are for https://host:port. Verdicts are asked for with the ticket.
struct Serve {
  std::uint64_t ticket = 0;
  std::string host;
  std::uint16_t port = 0;
};

// Forget every cached verdict and credential.
struct Revoke {};
// End what a verdict with this rule let through: requests, upgrades and tunnels that are open.
struct CutOff {
  std::string rule;
};
// End: audit records are flushed, connections are closed.
struct Stop {};

// --- worker → daemon

// The listeners are being served.
struct Ready {};

// The two ends of a client's connection, as the sandbox sees them: by them its holders are found.
// Without addresses: of no client of the sandbox's.
struct ClientEnds {
  std::string client;  // an address
  std::uint16_t client_port = 0;
  std::string server;
  std::uint16_t server_port = 0;
  bool operator==(const ClientEnds&) const = default;
};

// Who holds it, as the daemon finds out. No part of a message.
using CallerFound = std::shared_ptr<const policy::Caller>;

struct AskVerdict {
  std::uint64_t id = 0;
  std::uint64_t ticket = 0;  // of the Serve that the request came by; 0: of none
  std::string host;          // lower case, no final dot; an IPv6 literal without brackets
  std::uint16_t port = 0;
  Scheme scheme = Scheme::kHttps;
  How how = How::kConnect;
  ClientEnds ends = {};
  CallerFound caller = {};
};

// How much of a request's body was read when it is asked about.
enum class Seen : std::uint8_t {
  kNothing = 0,  // it is held when the answer says kShow
  kWhole = 1,
  kPart = 2,  // it is larger than what is held
  kHead = 3,  // it is not held: it may only come when an answer has begun
};

// May this request go on? Of a host whose verdict said so, before anything of it is sent.
struct AskRequest {
  std::uint64_t id = 0;
  std::uint64_t ticket = 0;
  std::string host;
  std::uint16_t port = 0;
  Scheme scheme = Scheme::kHttps;
  std::string method;
  std::string path;         // without the query; at most kPathMax
  std::uint32_t query = 0;  // its length; it is never told
  std::string overrides;    // fields by which some servers take another method or path
  bool overrides_method = false;
  bool overrides_path = false;
  std::string content_type;    // cut
  std::string content_coding;  // cut
  Seen seen = Seen::kNothing;
  std::uint64_t size = 0;  // of what was read of the body
  std::string body_hash;   // of that, SHA-256 in hex; empty with kNothing and kHead
  std::string same;        // SHA-256 of all that makes two requests the same one
  std::string body;        // all of it, where it is at most limits::told_body_max
  ClientEnds ends = {};
  CallerFound caller = {};
};

// Nobody waits for the answer to AskRequest or AskCredential any more.
struct Gone {
  std::uint64_t id = 0;
};

struct AskLeaf {
  std::uint64_t id = 0;
  std::string host;        // a DNS name or an IP literal
  std::string public_key;  // SubjectPublicKeyInfo, DER; one P-256 key a worker
};

// Granted only when a Verdict to this worker named this binding for this host and port, and the
// binding covers the request; and kUpstreamProxyBinding, whatever the host, when the session has a
// proxy with a credential.
struct AskCredential {
  std::uint64_t id = 0;
  std::string binding;
  std::string host;
  std::uint16_t port = 0;
  std::string date, region, service;  // what the signing key is for, for sigv4; else empty
  // Method and path without the query, where the binding is narrowed or somebody may be asked about
  // the request; else empty.
  std::string method;
  std::string path;
  bool overrides_method = false;  // as in AskRequest
  bool overrides_path = false;
  std::uint64_t ticket = 0;  // as in AskVerdict
  std::uint64_t pass = 0;    // of the RequestAnswer that let the request go on, if there was one
  ClientEnds ends = {};
  CallerFound caller = {};
};

// For a connection to the sandbox's API.
struct AskApi {
  std::uint64_t id = 0;
};

struct AuditRecord {
  std::string kind;           // "request", "connect", "dns", "refused", "upgrade", "tunnel"
  std::uint64_t time_us = 0;  // when it began, microseconds since 1970
  std::string host;
  std::uint16_t port = 0;
  std::string scheme = {};  // "http" or "https", of a request
  std::string method;
  std::string path;    // without the query
  std::string action;  // "allow" or "deny"
  std::string rule;
  std::string code;        // of a refusal or a failure; empty when all went well
  std::string credential;  // reference, or empty
  std::uint32_t status = 0;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  std::uint64_t duration_us = 0;
  std::string detail;  // short, no secrets
};

struct Audit {
  std::vector<AuditRecord> records;
};

using DaemonMessage = std::variant<Start, Verdict, Held, RequestAnswer, Leaf, Credential, Api,
                                   Serve, Revoke, CutOff, Stop>;
using WorkerMessage =
    std::variant<Ready, AskVerdict, AskRequest, Gone, AskLeaf, AskCredential, AskApi, Audit>;

std::string Encode(const Start& start);
std::string Encode(const Verdict& verdict);
std::string Encode(const Held& held);
std::string Encode(const RequestAnswer& answer);
std::string Encode(const Leaf& leaf);
// In locked memory, since it holds the secret.
Secret Encode(const Credential& credential);
std::string Encode(const Api& api);
std::string Encode(const Serve& serve);
std::string Encode(const Revoke& revoke);
std::string Encode(const CutOff& cut);
std::string Encode(const Stop& stop);

std::string Encode(const Ready& ready);
std::string Encode(const AskVerdict& ask);
std::string Encode(const AskRequest& ask);
std::string Encode(const Gone& gone);
std::string Encode(const AskLeaf& ask);
std::string Encode(const AskCredential& ask);
std::string Encode(const AskApi& ask);
// Callers keep a batch within limits::packet_max by EncodedSize and limits::audit_batch_max.
std::string Encode(const Audit& audit);
// An upper bound of what the record adds to a batch.
std::size_t EncodedSize(const AuditRecord& record);

// kInvalid on anything that Encode does not write. The bytes of a Credential are the caller's to
// wipe.
Result<DaemonMessage> DecodeFromDaemon(std::string_view packet);
Result<WorkerMessage> DecodeFromWorker(std::string_view packet);

}  // namespace aileron::proxy
