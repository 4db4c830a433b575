#include "proxy/client_hello.h"

#include "base/text.h"
#include "proxy/limits.h"

namespace aileron::proxy {

namespace {

using Outcome = ClientHello::Outcome;

constexpr char kHandshake = 22;
constexpr char kMajorVersion = 3;
constexpr char kClientHello = 1;
constexpr std::size_t kRecordHead = 5;
constexpr std::size_t kRecordMax = 16 * 1024;

// Takes fields off the front; a field that is not there empties the rest and is remembered.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  std::size_t Number(int width) {
    std::size_t value = 0;
    for (const char byte : Bytes(static_cast<std::size_t>(width))) {
      value = value << 8 | static_cast<std::uint8_t>(byte);
    }
    return value;
  }
  std::string_view Bytes(std::size_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  // A field behind its size, which has `width` bytes.
  std::string_view Sized(int width) { return Bytes(Number(width)); }
  bool empty() const { return rest_.empty(); }
  bool failed() const { return failed_; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

// The one name of a server_name extension.
bool ReadServerName(std::string_view data, std::string& name) {
  Cursor extension(data);
  Cursor list(extension.Sized(2));
  constexpr std::size_t host_name = 0;
  const std::size_t type = list.Number(1);
  const std::string_view text = list.Sized(2);
  if (extension.failed() || list.failed() || !extension.empty() || !list.empty()) return false;
  if (type != host_name || text.empty()) return false;
  name = ToLower(text);
  return true;
}

bool ReadExtensions(std::string_view bytes, std::string& name) {
  constexpr std::size_t server_name = 0;
  Cursor extensions(bytes);
  bool seen = false;
  while (!extensions.empty()) {
    const std::size_t type = extensions.Number(2);
    const std::string_view data = extensions.Sized(2);
    if (extensions.failed()) return false;
    if (type != server_name) continue;
    if (seen || !ReadServerName(data, name)) return false;
    seen = true;
  }
  return true;
}

ClientHello ReadMessage(std::string_view body) {
  ClientHello hello{.outcome = Outcome::kMalformed};
  Cursor message(body);
  (void)message.Bytes(2);   // version
  (void)message.Bytes(32);  // random
  (void)message.Sized(1);   // session
  (void)message.Sized(2);   // ciphers
  (void)message.Sized(1);   // compressions
  const std::string_view extensions = message.empty() ? "" : message.Sized(2);
  if (message.failed() || !message.empty()) return hello;
  if (ReadExtensions(extensions, hello.name)) hello.outcome = Outcome::kHello;
  return hello;
}

}  // namespace

ClientHello ReadClientHello(std::string_view bytes) {
  std::string message;
  for (bool first = true;; first = false) {
    // Told apart as early as can be: who speaks another protocol is not kept waiting.
    const bool other = (!bytes.empty() && bytes[0] != kHandshake) ||
                       (bytes.size() > 1 && bytes[1] != kMajorVersion);
    if (other) return {.outcome = first ? Outcome::kNotTls : Outcome::kMalformed};
    if (bytes.size() < kRecordHead) return {};
    Cursor head(bytes.substr(3, 2));
    const std::size_t size = head.Number(2);
    if (size == 0 || size > kRecordMax) return {.outcome = Outcome::kMalformed};
    const std::string_view fragment = bytes.substr(kRecordHead, size);
    message += fragment;
    constexpr std::size_t message_head = 4;
    if (!message.empty() && message[0] != kClientHello) return {.outcome = Outcome::kMalformed};
    if (message.size() >= message_head) {
      Cursor length(std::string_view(message).substr(1, 3));
      const std::size_t whole = message_head + length.Number(3);
      if (whole > limits::hello_max) return {.outcome = Outcome::kMalformed};
      // What stands behind it in its record has no meaning, whether it has come or not.
      if (message.size() - fragment.size() + size > whole) return {.outcome = Outcome::kMalformed};
      if (message.size() == whole) {
        return ReadMessage(std::string_view(message).substr(message_head));
      }
    }
    if (fragment.size() < size) return {};
    bytes.remove_prefix(kRecordHead + size);
  }
}

}  // namespace aileron::proxy
