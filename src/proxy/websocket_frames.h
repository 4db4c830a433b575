// Frames of a WebSocket in tests: written as a client does, and read back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aileron::proxy {

struct WsFrame {
  unsigned first = 0;  // FIN, the reserved bits and the opcode
  std::string payload;
  std::string key;
};

// RFC 6455 §5.2, masked.
inline std::string WriteFrame(unsigned first, std::string_view payload,
                              std::string_view key = "\x12\x34\x56\x78") {
  std::string out(1, static_cast<char>(first));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else if (payload.size() < 1 << 16) {
    out += static_cast<char>(0x80 | 126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size());
  } else {
    out += static_cast<char>(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(payload.size() >> shift);
  }
  out += key;
  for (std::size_t i = 0; i < payload.size(); ++i)
    out += static_cast<char>(payload[i] ^ key[i % key.size()]);
  return out;
}

// All whole frames of `bytes`, which a server takes in.
inline std::vector<WsFrame> ReadFrames(std::string_view bytes) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  std::vector<WsFrame> frames;
  while (bytes.size() >= 6) {
    std::size_t length = byte(1) & 0x7fu, at = 2;
    const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (bytes.size() < 6 + extra) break;
    if (extra != 0) length = 0;
    for (std::size_t i = 0; i < extra; ++i) length = length << 8 | byte(at++);
    if (bytes.size() - at - 4 < length) break;
    WsFrame frame{byte(0), std::string(bytes.substr(at + 4, length)),
                  std::string(bytes.substr(at, 4))};
    for (std::size_t i = 0; i < length; ++i)
      frame.payload[i] = static_cast<char>(frame.payload[i] ^ frame.key[i % 4]);
    frames.push_back(std::move(frame));
    bytes.remove_prefix(at + 4 + length);
  }
  return frames;
}

}  // namespace aileron::proxy
