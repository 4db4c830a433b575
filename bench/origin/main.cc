// origin: the site's server of what nginx does not serve: server-sent events and WebSockets.
//
//   origin PORT CERTIFICATE KEY
//
// HTTP/1.1 over TLS on the loopback interface, a thread for each connection: the benchmark opens
// few, and a thread adds the least delay to an event. Runs until it is ended.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "connection.h"

namespace origin {
namespace {

[[noreturn]] void Die(const char* why) {
  std::fprintf(stderr, "origin: %s\n", why);
  std::exit(2);
}

SSL_CTX* MakeContext(const char* certificate, const char* key) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  if (context == nullptr) Die("OpenSSL gives no context");
  SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
    Die("cannot read the certificate or its key");
  }
  return context;
}

int Listen(const char* port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  constexpr int backlog = 1024;
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, backlog) != 0) {
    Die("cannot listen");
  }
  return listener;
}

[[noreturn]] void Run(const char* port, const char* certificate, const char* key) {
  std::signal(SIGPIPE, SIG_IGN);
  SSL_CTX* context = MakeContext(certificate, key);
  const int listener = Listen(port);
  for (;;) {
    const int client = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    std::thread([context, client] { Connection(context, client).Serve(); }).detach();
  }
}

}  // namespace
}  // namespace origin

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: origin PORT CERTIFICATE KEY\n");
    return 2;
  }
  origin::Run(argv[1], argv[2], argv[3]);
}
