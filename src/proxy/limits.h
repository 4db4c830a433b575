// Every bound of the data plane, by name.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace aileron::proxy::limits {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// Permits.
constexpr std::size_t packet_max = 64 * 1024;
constexpr std::size_t start_packet_max = 128 * 1024;
constexpr std::uint32_t listeners_max = 128;
constexpr std::uint32_t connect_to_max = 256;
constexpr std::uint32_t bindings_max = 32;     // of one verdict
constexpr std::uint32_t scope_max = 32;        // methods, and paths, of one binding
constexpr std::uint32_t audit_batch_max = 64;  // records in a packet
constexpr std::size_t questions_max = 8192;    // permits asked and not answered
constexpr std::size_t address_max = 45;        // as text
constexpr std::size_t verdicts_max = 4096;     // cached
constexpr std::size_t credentials_max = 64;    // cached
constexpr auto permit_timeout = 10s;
constexpr auto hold_max = 600s;           // for a person to say something
constexpr auto hold_timeout = 660s;       // longer than the daemon holds a question
constexpr auto credential_timeout = 90s;  // longer than the daemon gives whoever opens one
constexpr std::uint64_t keep_ms_max = 24ull * 3'600 * 1'000;  // unless until Revoke
constexpr auto audit_flush = 50ms;

// What a session may set (timeouts.h): within these, from defaults below.
constexpr std::chrono::milliseconds timeout_min = 100ms;
constexpr std::chrono::milliseconds timeout_max = std::chrono::hours(7 * 24);

// Opaque sites and SOCKS.
constexpr std::size_t opaque_max = 256;           // entries of a session
constexpr std::size_t tunnel_buffer = 64 * 1024;  // each way
constexpr std::size_t hello_max = 32 * 1024;      // a ClientHello
constexpr std::size_t socks_input_max = 1024;     // a message has at most 513 bytes

// Clients.
constexpr std::uint32_t clients_max = 4096;
constexpr std::size_t input_max = 64 * 1024;   // read and not yet used, each side; a head fits
constexpr std::size_t output_max = 80 * 1024;  // to be written, each side; a head fits
constexpr std::size_t read_chunk = 16 * 1024;
constexpr int interims_max = 32;  // 1xx responses to one request
constexpr int accepts_per_turn = 64;
constexpr auto accept_retry = 100ms;  // when descriptors have run out
constexpr auto head_timeout = 60s;    // from the first byte of a head to its end
constexpr auto keep_alive_idle = 300s;
constexpr auto tls_timeout = 15s;
constexpr auto body_stall = 300s;     // an upload that stands still that long is given up
constexpr auto reader_stall = 1800s;  // and a client that takes nothing of what waits for it
constexpr auto linger = 2s;           // reading on after the last byte was written

// Upstreams. A peer that has vanished is found by probes of the kernel, in a few minutes.
constexpr int probe_after_seconds = 60;
constexpr int probe_every_seconds = 20;
constexpr int probes = 6;
constexpr auto connect_timeout = 10s;
constexpr auto response_head_timeout = 600s;
constexpr std::size_t proxy_answer_max = 16 * 1024;  // an upstream proxy's head, to CONNECT
constexpr std::size_t no_proxy_max = 4096;
constexpr auto pool_idle = 60s;
constexpr std::size_t pool_per_host_max = 128;  // idle connections
constexpr std::size_t pool_max = 256;
constexpr std::size_t sites_learned_max = 1024;  // which version of HTTP they know
constexpr std::size_t addresses_max = 16;        // tried for a name
constexpr std::size_t ahead_max = 64;  // connections being opened that no request wants yet

// Requests that are signed again.
constexpr std::size_t aws_chunk_max = 1 << 20;  // of a signed chunk, which is held
constexpr std::size_t aws_line_max = 4096;      // of its framing, and a trailer
constexpr std::size_t signed_headers_max = 64;
constexpr std::size_t held_body_max = 8 << 20;  // of a body whose hash stands in the head
constexpr std::size_t held_max = 64 << 20;      // of all of them, in a worker

// Requests that are asked about.
constexpr std::size_t asked_body_max = 1 << 20;  // of a body that is held for it
constexpr std::size_t told_body_max = 32 << 10;  // of one that a person is shown
constexpr std::size_t told_field_max = 256;      // of a field of the head

// WebSockets in whose text messages look-alikes are swapped.
constexpr std::size_t ws_text_max =
    32 * 1024;  // of a frame, held; a larger one is cut in fragments

// Answers in which a secret is masked.
constexpr std::size_t masked_min = 6;          // a shorter one stands in ordinary text
constexpr std::size_t masked_max = 32 * 1024;  // of what is looked for, percent-encoded

// Records.
constexpr std::size_t record_text_max = 2048;  // a path or detail, cut

// Leaf certificates and synthetic names.
constexpr std::size_t leafs_max = 512;
constexpr std::size_t names_max = 4096;
constexpr std::size_t dns_query_max = 1232;  // a packet; real ones are far shorter
constexpr int dns_queries_per_turn = 64;
constexpr std::size_t dns_tcp_clients_max = 64;
constexpr auto dns_tcp_idle = 10s;
constexpr std::uint32_t dns_ttl = 5;  // seconds

constexpr auto settled_after = 1s;  // what a worker starts with has been run through

}  // namespace aileron::proxy::limits
