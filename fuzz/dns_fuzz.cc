// DNS: every query gets an answer that is one, repeats its question, and is not a query.
#include "proxy/dns.h"

#include "fuzz/pieces.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;

namespace {

void CheckReply(std::string_view query, const std::string& reply) {
  constexpr std::size_t head = 12;
  Expect(reply.size() >= head && reply.size() <= 512 + 16);
  Expect(reply.substr(0, 2) == query.substr(0, 2));
  Expect((static_cast<unsigned char>(reply[2]) & 0x80) != 0);
  Expect((static_cast<unsigned char>(reply[2]) & 0x02) == 0);  // never truncated
  Expect(!aileron::proxy::ParseDnsQuery(reply).question);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view packet = AsText(data, size);
  const auto parsed = aileron::proxy::ParseDnsQuery(packet);
  if (!parsed.question) {
    if (!parsed.reply.empty()) CheckReply(packet, parsed.reply);
    return 0;
  }
  aileron::proxy::SyntheticNames names;
  const auto addresses = names.AddressesOf("site.test");
  for (const auto code :
       {aileron::proxy::DnsCode::kNoError, aileron::proxy::DnsCode::kNoSuchName}) {
    const std::string reply = aileron::proxy::DnsReply(*parsed.question, code, &*addresses);
    CheckReply(packet, reply);
    Expect(reply.substr(12, parsed.question->section.size()) == parsed.question->section);
  }
  return 0;
}
