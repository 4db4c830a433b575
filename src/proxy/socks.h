// SOCKS 5 (RFC 1928), the server's side of the conversation, without I/O. One connection asks for
// one place.
//
//   greeting = 5 count(1) methods            → 5 method            no credentials, or RFC 1929
//   login    = 1 size(1) user size(1) word   → 1 0                 whatever it says: nobody needs
//   it request  = 5 command(1) 0 type(1) address port(2)               → 5 reply 0 1 0.0.0.0 0
//   address  = ipv4(4) / size(1) name / ipv6(16)                      type 1, 3, 4
//
// Only CONNECT is served: BIND and UDP ASSOCIATE would open ways that nobody looks into. What comes
// behind the request belongs to the place that it asks for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "proxy/limits.h"

namespace aileron::proxy {

inline constexpr char kSocksVersion = 5;

enum class SocksReply : std::uint8_t {
  kSucceeded = 0,
  kFailed = 1,
  kNotAllowed = 2,
  kHostUnreachable = 4,
  kCommandNotSupported = 7,
  kAddressNotSupported = 8,
};

class SocksConversation {
 public:
  enum class Step : std::uint8_t {
    kNeedMore,  // bytes of the client's
    kRequest,   // host() and port() are asked for: answer with Reply
    kRefused,   // output() says so; why() is for the record
  };

  // What the client sent, and what is to be sent to it.
  ByteBuffer& input() { return input_; }
  std::string& output() { return output_; }

  // Goes as far as the input allows. Not to be called again after kRequest or kRefused.
  Step Advance();
  // Adds the answer to the request.
  void Reply(SocksReply reply);

  // As the client wrote it: a name, or an address in text.
  const std::string& host() const { return host_; }
  std::uint16_t port() const { return port_; }
  std::string_view why() const { return why_; }

 private:
  enum class State : std::uint8_t { kGreeting, kLogin, kRequest };
  Step Greeting(std::string_view bytes);
  Step Login(std::string_view bytes);
  Step Request(std::string_view bytes);
  Step Refuse(SocksReply reply, std::string_view why);

  State state_ = State::kGreeting;
  bool moved_ = false;
  ByteBuffer input_{limits::socks_input_max};
  std::string output_;
  std::string host_;
  std::uint16_t port_ = 0;
  std::string_view why_;
};

}  // namespace aileron::proxy
