// Connection: one client of the origin, served by a thread of its own with blocking TLS.
//
// It answers two requests, each of which takes the connection over:
//   /events  server-sent events without end: the time each was sent, one every 10 ms
//   other    a WebSocket that sends every frame back
// What else is asked for, and any error, ends the connection: the load generator counts that.
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace origin {

class Connection {
 public:
  // Takes `descriptor` over.
  Connection(SSL_CTX* context, int descriptor);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  void Serve();

 private:
  bool ReadHead();
  // The value of a field of the request; empty without it.
  std::string_view Field(std::string_view name) const;
  void SendEvents();
  void Echo();
  bool Fill(std::size_t count);
  bool Read();
  bool Write(std::string_view bytes);

  int descriptor_;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_;
  std::string in_;  // read and not used; bounded by how it is read
  std::string head_;
  std::array<char, 16 * 1024> chunk_{};
};

}  // namespace origin
