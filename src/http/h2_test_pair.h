// H2Pair: a client's and a server's session that speak to each other, without a socket, for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/h2_session.h"
#include "http/h2_stream.h"

namespace aileron::http {

class H2Pair {
 public:
  H2Pair() { Exchange(); }

  // Moves bytes until neither side has any.
  void Exchange() {
    bool moved = true;
    while (moved) {
      moved = Move(client, server);
      moved |= Move(server, client);
    }
    while (const auto stream = server.NextMoved()) {
      if (std::ranges::find(requests, stream) == requests.end()) requests.push_back(stream);
    }
    while (client.NextMoved()) {
    }
  }

  static std::string ReadAll(H2Stream& stream, std::size_t piece = 16 * 1024) {
    std::string text;
    std::string bytes(piece, '\0');
    while (const std::size_t count = stream.Read(bytes)) text.append(bytes, 0, count);
    return text;
  }

  // A stream on which `request` was written.
  std::shared_ptr<H2Stream> Ask(std::string_view request) {
    auto stream = client.Open();
    EXPECT_EQ(stream->Write(request), request.size());
    Exchange();
    return stream;
  }

  H2Session client{H2Session::Role::kClient, H2Session::Scheme::kHttps, {}};
  H2Session server{H2Session::Role::kServer, H2Session::Scheme::kHttps, {}};
  std::vector<std::shared_ptr<H2Stream>> requests;  // at the server, in the order they came

 private:
  static bool Move(H2Session& from, H2Session& to) {
    ByteBuffer bytes(1 << 20);
    from.Send(bytes);
    if (bytes.empty()) return false;
    (void)to.Receive(bytes.View());
    return true;
  }
};

}  // namespace aileron::http
