// Stream: a non-blocking TCP connection that is plain or speaks TLS, the same to who uses it.
//
// Edge-triggered: the owner is told when something may have become possible, and then reads until
// kBlocked. A short read of the socket is taken for "empty", so that no system call is spent on
// hearing EAGAIN. The stream keeps no bytes of its own but what OpenSSL holds of a record.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "net/channel.h"
#include "net/client_certificate.h"
#include "net/endpoint.h"
#include "net/loop.h"
#include "net/tls.h"

namespace aileron::net {

class Stream final : public Channel, private Loop::Handler {
 public:
  // `socket` is connected and non-blocking. Nagle's delay is switched off.
  static Result<std::unique_ptr<Stream>> Make(Loop& loop, os::Fd socket, Owner& owner);
  ~Stream() override;

  // From now on TLS. `already_read` are bytes of the peer that were read plain (to tell the
  // protocol).
  Status StartServer(TlsServer& server, TlsServer::OnHello on_hello, std::string_view already_read);
  // Verifies that the peer is `host` (a name or an address literal). The session is kept and
  // resumed under host and port, and the certificate, which is presented when the peer asks.
  Status StartClient(TlsClient& client, const std::string& host, std::uint16_t port,
                     Alpn offer = Alpn::kHttp1, const ClientCertificate* certificate = nullptr);
  // kDone when the handshake is complete; kBlocked also while OnHello answers kWait.
  Io Handshake();
  // What both agreed on, once the handshake is complete; kHttp1 when they said nothing.
  Alpn protocol() const;
  bool is_tls() const { return tls_ != nullptr; }

  Io Read(std::span<char> to, std::size_t& count) override;
  // The next reads, also those of TLS, begin with `bytes`, which were read too far.
  void PutBack(std::string_view bytes) { prefix_.insert(0, bytes); }
  Io Write(std::string_view from, std::size_t& count) override;
  // kWhole says close_notify in TLS before the FIN.
  void ShutdownWrite(Ending ending) override;
  // With TLS the end is said by close_notify, else by FIN.
  bool clean_end() const override { return clean_end_; }
  bool MayRead() const override;
  // Whether an idle peer has closed or sent something unasked for: such a connection is not reused.
  bool Stale();
  const std::string& error() const { return error_; }
  // Whether the handshake failed because the peer's certificate was not accepted.
  bool untrusted() const { return untrusted_; }
  // Whether it failed because the peer speaks nothing of what was offered.
  bool protocol_refused() const { return protocol_refused_; }
  int descriptor() const { return socket_.get(); }

  struct Bio;  // the C side

 private:
  Stream(Loop& loop, os::Fd socket, Owner& owner);
  void OnReady(Readiness ready) override;
  Io TlsOutcome(int result, std::string_view tried);
  std::string TlsError(std::string_view tried);
  Status StartTls(ssl_ctx_st* context);
  Status Present(const ClientCertificate& certificate);

  Loop& loop_;
  os::Fd socket_;
  ssl_st* tls_ = nullptr;
  TlsServer::OnHello on_hello_;
  TlsClient* client_ = nullptr;
  std::string peer_;     // host and port, to name in errors
  std::string session_;  // what the session is kept under
  std::string prefix_;   // bytes that are read before the socket's
  std::string error_;
  int errno_ = 0;
  bool readable_ = true;
  bool writable_ = true;
  bool hangup_ = false;
  bool clean_end_ = false;
  bool wrote_end_ = false;
  bool untrusted_ = false;
  bool protocol_refused_ = false;
};

}  // namespace aileron::net
