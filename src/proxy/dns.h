// DNS as the sandbox sees it (RFC 1035): one question in, one answer out, no I/O.
//
//   query = id(2) flags(2) 1(2) 0(2) 0(2) any(2), name, type(2), class(2), [additional records]
//   name  = *( length(1..63) bytes ) 0           no compression in a question
//
// Names never leave the machine: an A or AAAA question gets the name's synthetic address, every
// other type an empty answer, so that no client waits, and none learns of HTTP/3 or of keys for
// encrypted hellos, which stand in HTTPS and SVCB records. A question with EDNS (RFC 6891) gets an
// answer with it. Answers are small: none is ever truncated. What cannot be read gets FORMERR, or
// nothing when it is not even a query.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/names.h"

namespace aileron::proxy {

enum class DnsType : std::uint16_t { kA = 1, kPtr = 12, kAaaa = 28, kSvcb = 64, kHttps = 65 };

struct DnsQuestion {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  std::string name;  // canonical; empty when it is not a name we would ever serve
  DnsType type = DnsType::kA;
  std::string section;      // the question as it came, to be repeated
  bool is_internet = true;  // class IN
  bool edns = false;
  bool edns_known = true;  // version 0
};

enum class DnsCode : std::uint8_t {
  kNoError = 0,
  kFormatError = 1,
  kServerFailure = 2,
  kNoSuchName = 3,
  kNotImplemented = 4,
  kRefused = 5,
};

struct DnsParsed {
  std::optional<DnsQuestion> question;
  std::string reply;  // when there is no question: send this, unless it is empty
};

DnsParsed ParseDnsQuery(std::string_view packet);

// What a query too long to be read gets, by its beginning: FORMERR, or nothing.
std::string DnsTooLong(std::string_view begin);

// `addresses` may be null: then the answer is empty, with `code`.
std::string DnsReply(const DnsQuestion& question, DnsCode code,
                     const SyntheticNames::Addresses* addresses);

}  // namespace aileron::proxy
