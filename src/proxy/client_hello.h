// ClientHello: the name in a TLS client's first message, read without being TLS.
//
//   record    = 22 3 minor(1) size(2) fragment            handshake; fragments are joined
//   message   = 1 size(3) version(2) random(32) session(<1>) ciphers(<2>) compressions(<1>)
//               [ extensions(<2>) ]
//   extension = type(2) data(<2>)        0: server_name = <2>( 0 name(<2>) )
//
// A hello with an extension twice, two names, or bytes that nobody would read is malformed: two
// readers could see different names in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aileron::proxy {

struct ClientHello {
  enum class Outcome : std::uint8_t {
    kNeedMore,   // so far it is one
    kNotTls,     // the first bytes are something else
    kHello,      // `name` is what it says, lower case; empty without the extension
    kMalformed,  // it began as one
  };
  Outcome outcome = Outcome::kNeedMore;
  std::string name;
};

ClientHello ReadClientHello(std::string_view bytes);

}  // namespace aileron::proxy
