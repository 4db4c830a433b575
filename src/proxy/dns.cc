#include "proxy/dns.h"

#include "proxy/limits.h"
#include "proxy/site.h"

namespace aileron::proxy {
namespace {

constexpr std::size_t header_size = 12;
constexpr std::uint16_t flag_response = 0x8000;
constexpr std::uint16_t flag_opcode = 0x7800;
constexpr std::uint16_t flag_recursion_desired = 0x0100;
constexpr std::uint16_t flag_recursion_available = 0x0080;
constexpr std::uint16_t flag_authoritative = 0x0400;

std::uint16_t Read16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(bytes[at]) << 8 |
                                    static_cast<std::uint8_t>(bytes[at + 1]));
}

void Write16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

constexpr std::uint16_t type_opt = 41;

std::string Header(std::uint16_t id, std::uint16_t asked, DnsCode code, unsigned questions,
                   unsigned answers, unsigned additional = 0) {
  std::string out;
  Write16(out, id);
  Write16(out, flag_response | flag_authoritative | flag_recursion_available |
                   (asked & (flag_opcode | flag_recursion_desired)) | static_cast<unsigned>(code));
  Write16(out, questions);
  Write16(out, answers);
  Write16(out, 0);
  Write16(out, additional);
  return out;
}

// The name at `at`, which moves behind it. Nothing when it is malformed. `text` is empty when a
// label holds bytes that no host name has.
bool ReadName(std::string_view packet, std::size_t& at, std::string& text) {
  constexpr std::size_t label_max = 63;
  constexpr std::size_t name_max = 255;
  const std::size_t begin = at;
  bool odd = false;
  while (true) {
    if (at >= packet.size()) return false;
    const auto size = static_cast<std::uint8_t>(packet[at++]);
    if (size == 0) break;
    if (size > label_max || size > packet.size() - at || at + size - begin > name_max) return false;
    const std::string_view label = packet.substr(at, size);
    odd |= label.find('.') != std::string_view::npos;
    if (!text.empty()) text += '.';
    text += label;
    at += size;
  }
  if (odd) text.clear();
  return true;
}

// The records behind the question: notes an OPT record. False when they are malformed or there are
// two of them. Anything else that clients add (a signature, say) is passed over.
bool ReadAdditional(std::string_view packet, std::size_t at, unsigned count,
                    DnsQuestion& question) {
  constexpr std::size_t fixed = 10;  // type, class, time to live, length
  for (; count > 0; --count) {
    std::string owner;
    const bool root = at < packet.size() && packet[at] == 0;
    if (!ReadName(packet, at, owner) || packet.size() - at < fixed) return false;
    const std::size_t size = Read16(packet, at + 8);
    if (Read16(packet, at) == type_opt) {
      if (question.edns || !root) return false;
      question.edns = true;
      question.edns_known = packet[at + 5] == 0;
    }
    at += fixed;
    if (size > packet.size() - at) return false;
    at += size;
  }
  return true;
}

// An OPT record of ours: no options, and `extended` as the upper bits of the code.
void WriteOpt(std::string& out, std::uint8_t extended) {
  out += '\0';
  Write16(out, type_opt);
  Write16(out, limits::dns_query_max);
  out += static_cast<char>(extended);
  out += std::string(3, '\0');  // version 0, no flags
  Write16(out, 0);
}

void WriteAddress(std::string& out, const DnsQuestion& question, const policy::Address& address) {
  constexpr unsigned pointer_to_question = 0xc000 | header_size;
  Write16(out, pointer_to_question);
  Write16(out, static_cast<unsigned>(question.type));
  Write16(out, 1);
  Write16(out, limits::dns_ttl >> 16);
  Write16(out, limits::dns_ttl & 0xffff);
  const auto bytes = address.bytes();
  Write16(out, static_cast<unsigned>(bytes.size()));
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace

std::string DnsTooLong(std::string_view begin) {
  if (begin.size() < header_size || (Read16(begin, 2) & flag_response) != 0) return {};
  return Header(Read16(begin, 0), Read16(begin, 2), DnsCode::kFormatError, 0, 0);
}

DnsParsed ParseDnsQuery(std::string_view packet) {
  if (packet.size() < header_size) return {};
  const std::uint16_t id = Read16(packet, 0);
  const std::uint16_t flags = Read16(packet, 2);
  if ((flags & flag_response) != 0) return {};  // never answer an answer: two servers would not end
  if ((flags & flag_opcode) != 0)
    return {.reply = Header(id, flags, DnsCode::kNotImplemented, 0, 0)};
  const DnsParsed malformed{.reply = Header(id, flags, DnsCode::kFormatError, 0, 0)};
  if (Read16(packet, 4) != 1 || Read16(packet, 6) != 0 || Read16(packet, 8) != 0) return malformed;
  std::size_t at = header_size;
  std::string name;
  if (!ReadName(packet, at, name) || packet.size() - at < 4) return malformed;
  constexpr std::uint16_t class_in = 1;
  DnsQuestion question{.id = id, .flags = flags};
  question.type = static_cast<DnsType>(Read16(packet, at));
  question.is_internet = Read16(packet, at + 2) == class_in;
  question.section = packet.substr(header_size, at + 4 - header_size);
  if (!ReadAdditional(packet, at + 4, Read16(packet, 10), question)) return malformed;
  // Address literals are no names, and nobody asks for them but by mistake.
  if (auto canonical = CanonicalHost(name); canonical && !policy::Address::Parse(*canonical)) {
    question.name = std::move(*canonical);
  }
  return {.question = std::move(question)};
}

std::string DnsReply(const DnsQuestion& question, DnsCode code,
                     const SyntheticNames::Addresses* addresses) {
  const policy::Address* address = nullptr;
  if (addresses != nullptr && code == DnsCode::kNoError && question.is_internet) {
    if (question.type == DnsType::kA) address = &addresses->v4;
    if (question.type == DnsType::kAaaa) address = &addresses->v6;
  }
  const bool bad_version = question.edns && !question.edns_known;
  if (bad_version) address = nullptr;
  std::string out = Header(question.id, question.flags, bad_version ? DnsCode::kNoError : code, 1,
                           address != nullptr ? 1 : 0, question.edns ? 1 : 0);
  out += question.section;
  if (address != nullptr) WriteAddress(out, question, *address);
  constexpr std::uint8_t bad_version_code = 16 >> 4;  // BADVERS, its upper bits
  if (question.edns) WriteOpt(out, bad_version ? bad_version_code : 0);
  return out;
}

}  // namespace aileron::proxy
