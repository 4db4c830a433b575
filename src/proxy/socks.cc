#include "proxy/socks.h"

#include "policy/address.h"

namespace aileron::proxy {

namespace {

constexpr std::uint8_t kNoCredentials = 0;
constexpr std::uint8_t kLogin = 2;
constexpr std::uint8_t kNoMethod = 0xff;
constexpr std::uint8_t kConnect = 1;
constexpr std::uint8_t kIpv4 = 1;
constexpr std::uint8_t kName = 3;
constexpr std::uint8_t kIpv6 = 4;

std::uint8_t ByteAt(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

template <std::size_t size>
std::array<std::uint8_t, size> Octets(std::string_view bytes, std::size_t at) {
  std::array<std::uint8_t, size> octets;
  for (std::size_t i = 0; i < size; ++i) octets[i] = ByteAt(bytes, at + i);
  return octets;
}

}  // namespace

SocksConversation::Step SocksConversation::Advance() {
  while (true) {
    moved_ = false;
    const std::string_view bytes = input_.View();
    Step step = Step::kNeedMore;
    switch (state_) {
      case State::kGreeting:
        step = Greeting(bytes);
        break;
      case State::kLogin:
        step = Login(bytes);
        break;
      case State::kRequest:
        step = Request(bytes);
        break;
    }
    if (step != Step::kNeedMore || !moved_) return step;
  }
}

SocksConversation::Step SocksConversation::Greeting(std::string_view bytes) {
  if (bytes.size() < 2 || bytes.size() < 2u + ByteAt(bytes, 1)) return Step::kNeedMore;
  if (bytes[0] != kSocksVersion) return Refuse(SocksReply::kFailed, "another version than 5");
  const std::string_view methods = bytes.substr(2, ByteAt(bytes, 1));
  const bool none = methods.contains(static_cast<char>(kNoCredentials));
  const bool login = methods.contains(static_cast<char>(kLogin));
  output_ += kSocksVersion;
  if (!none && !login) {
    output_ += static_cast<char>(kNoMethod);
    why_ = "no method of authentication that is known";
    return Step::kRefused;
  }
  output_ += static_cast<char>(none ? kNoCredentials : kLogin);
  state_ = none ? State::kRequest : State::kLogin;
  input_.Consume(2 + methods.size());
  moved_ = true;
  return Step::kNeedMore;
}

SocksConversation::Step SocksConversation::Login(std::string_view bytes) {
  if (!bytes.empty() && bytes[0] != 1) {
    output_ += std::string_view("\1\1", 2);
    why_ = "another version of the login than 1";
    return Step::kRefused;
  }
  if (bytes.size() < 2) return Step::kNeedMore;
  const std::size_t word = 2u + ByteAt(bytes, 1);
  if (bytes.size() <= word) return Step::kNeedMore;
  const std::size_t end = word + 1 + ByteAt(bytes, word);
  if (bytes.size() < end) return Step::kNeedMore;
  output_ += std::string_view("\1\0", 2);
  state_ = State::kRequest;
  input_.Consume(end);
  moved_ = true;
  return Step::kNeedMore;
}

SocksConversation::Step SocksConversation::Request(std::string_view bytes) {
  constexpr std::size_t head = 4;
  if (bytes.size() <= head) return Step::kNeedMore;
  if (bytes[0] != kSocksVersion) return Refuse(SocksReply::kFailed, "another version than 5");
  std::size_t at = head;
  std::size_t size = 0;
  switch (ByteAt(bytes, 3)) {
    case kIpv4:
      size = 4;
      break;
    case kIpv6:
      size = 16;
      break;
    case kName:
      size = ByteAt(bytes, at++);
      break;
    default:
      return Refuse(SocksReply::kAddressNotSupported, "an address of an unknown type");
  }
  if (bytes.size() < at + size + 2) return Step::kNeedMore;
  if (ByteAt(bytes, 1) != kConnect) {
    return Refuse(SocksReply::kCommandNotSupported, "another command than CONNECT");
  }
  switch (ByteAt(bytes, 3)) {
    case kIpv4:
      host_ = policy::Address::V4(Octets<4>(bytes, at)).ToString();
      break;
    case kIpv6:
      host_ = policy::Address::V6(Octets<16>(bytes, at)).ToString();
      break;
    default:
      host_ = bytes.substr(at, size);
  }
  at += size;
  port_ = static_cast<std::uint16_t>(ByteAt(bytes, at) << 8 | ByteAt(bytes, at + 1));
  input_.Consume(at + 2);
  if (host_.empty() || port_ == 0) {
    return Refuse(SocksReply::kAddressNotSupported, "no host, or port 0");
  }
  return Step::kRequest;
}

void SocksConversation::Reply(SocksReply reply) {
  // The address that we connected from is nobody's business here.
  constexpr std::string_view address("\0\1\0\0\0\0\0\0", 8);
  output_ += kSocksVersion;
  output_ += static_cast<char>(reply);
  output_ += address;
}

SocksConversation::Step SocksConversation::Refuse(SocksReply reply, std::string_view why) {
  Reply(reply);
  why_ = why;
  return Step::kRefused;
}

}  // namespace aileron::proxy
