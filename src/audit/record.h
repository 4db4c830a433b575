// Record: one thing that happened, and the one text that it is kept as.
//
// The text is JSON on one line with its keys in a fixed order, so the same record has the same
// bytes, and thus the same hash, everywhere. Empty texts and zero counts of optional fields are
// left out. What strangers wrote is made safe to show (base/text.h).
//
//   {"seq":7,"time_us":…,"session":"01…","time":"2026-11-23T23:15:09.123Z",
//    "kind":"request","actor":…,"host":…,"port":…,"scheme":…,"method":…,"path":…,"action":…,
//    "rule":…,"code":…,"credential":…,"status":…,"bytes_up":…,"bytes_down":…,"duration_us":…,
//    "detail":…,"clock_back":true}
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "crypto/hash.h"

namespace aileron::audit {

// Never a query string, a header value, a body or a secret.
struct Record {
  Time time;            // as its writer says
  std::string kind;     // "request", "connect", "dns", "refused", "session", "vault", …
  std::string session;  // empty: not of a session
  std::string actor;    // who asked: "agent", "user", "daemon"
  std::string host;
  std::uint32_t port = 0;
  std::string scheme;  // of a request: "http", "https"
  std::string method;
  std::string path;
  std::string action;  // "allow", "deny", …
  std::string rule;
  std::string code;
  std::string credential;  // its reference
  std::uint32_t status = 0;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  std::uint64_t duration_us = 0;
  std::string detail;
};

enum class Clock { kForward, kBack };

// How the text of a record begins; the columns it is searched by are checked against it.
std::string BodyPrefix(std::uint64_t seq, std::int64_t time_us, std::string_view session);
std::string RenderBody(const Record& record, std::uint64_t seq, Clock clock);

// A record as it is kept.
struct StoredRecord {
  std::uint64_t seq = 0;
  Time time;
  std::string session;
  std::string body;  // JSON object
  crypto::Digest hash{};

  // The body with "hash" as its last member.
  std::string ToJson() const;
};

}  // namespace aileron::audit
