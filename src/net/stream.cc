#include "net/stream.h"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "net/tls_internal.h"

namespace aileron::net {
namespace {

// Before a call whose outcome SSL_get_error explains. The queue is empty nearly always, and looking
// costs a tenth of clearing.
void EmptyErrorQueue() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

}  // namespace

// The BIO through which OpenSSL reaches the socket: it counts what the socket holds, reads the
// prefix first, and never raises SIGPIPE.
struct Stream::Bio {
  static Stream& Of(BIO* bio) { return *static_cast<Stream*>(BIO_get_data(bio)); }

  static int Read(BIO* bio, char* to, int size) {
    BIO_clear_retry_flags(bio);
    Stream& stream = Of(bio);
    if (!stream.prefix_.empty()) {
      const std::size_t count = std::min(stream.prefix_.size(), static_cast<std::size_t>(size));
      std::memcpy(to, stream.prefix_.data(), count);
      stream.prefix_.erase(0, count);
      if (stream.prefix_.empty()) stream.prefix_.shrink_to_fit();
      return static_cast<int>(count);
    }
    while (stream.readable_) {
      const ssize_t count = recv(stream.socket_.get(), to, static_cast<std::size_t>(size), 0);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno != EAGAIN) {
        stream.errno_ = errno;
        return -1;
      }
      // Less than asked for: the socket is empty, and the next edge will tell of more. After a
      // hangup no further edge comes, so the end must be read for.
      if (count < size && !stream.hangup_) stream.readable_ = false;
      if (count >= 0) return static_cast<int>(count);
      stream.readable_ = false;
    }
    BIO_set_retry_read(bio);
    return -1;
  }

  static int Write(BIO* bio, const char* from, int size) {
    BIO_clear_retry_flags(bio);
    Stream& stream = Of(bio);
    while (stream.writable_) {
      const ssize_t count =
          send(stream.socket_.get(), from, static_cast<std::size_t>(size), MSG_NOSIGNAL);
      if (count >= 0) return static_cast<int>(count);
      if (errno == EINTR) continue;
      if (errno != EAGAIN) {
        stream.errno_ = errno;
        return -1;
      }
      stream.writable_ = false;
    }
    BIO_set_retry_write(bio);
    return -1;
  }

  static long Control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static int Create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }

  static BIO_METHOD* Method() {
    static BIO_METHOD* const method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
      BIO_meth_set_read(made, Read);
      BIO_meth_set_write(made, Write);
      BIO_meth_set_ctrl(made, Control);
      BIO_meth_set_create(made, Create);
      return made;
    }();
    return method;
  }
};

Stream::Stream(Loop& loop, os::Fd socket, Owner& owner)
    : Channel(&owner), loop_(loop), socket_(std::move(socket)) {}

Result<std::unique_ptr<Stream>> Stream::Make(Loop& loop, os::Fd socket, Owner& owner) {
  const int yes = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  std::unique_ptr<Stream> stream(new Stream(loop, std::move(socket), owner));
  AILERON_TRY(loop.Watch(stream->socket_.get(), *stream));
  return stream;
}

Stream::~Stream() {
  loop_.Forget(socket_.get(), *this);
  SSL_free(tls_);
}

void Stream::OnReady(Readiness ready) {
  readable_ |= ready.readable;
  writable_ |= ready.writable;
  hangup_ |= ready.hangup;
  TellOwner();
}

Status Stream::StartTls(ssl_ctx_st* context) {
  tls_ = SSL_new(context);
  BIO* bio = tls_ == nullptr ? nullptr : BIO_new(Bio::Method());
  if (bio == nullptr) return Fail(Code::kInternal, "cannot set up TLS: {}", LastTlsReason());
  BIO_set_data(bio, this);
  SSL_set_bio(tls_, bio, bio);
  return {};
}

Status Stream::StartServer(TlsServer& server, TlsServer::OnHello on_hello,
                           std::string_view already_read) {
  AILERON_TRY(StartTls(server.context_.get()));
  PutBack(already_read);
  on_hello_ = std::move(on_hello);
  SSL_set_app_data(tls_, &on_hello_);
  SSL_set_accept_state(tls_);
  return {};
}

Status Stream::StartClient(TlsClient& client, const std::string& host, std::uint16_t port,
                           Alpn offer, const ClientCertificate* certificate) {
  AILERON_TRY(client.EnsureRoots());
  AILERON_TRY(StartTls(client.context_.get()));
  client_ = &client;
  peer_ = fmt::format("{}:{}", host, port);
  session_ = peer_;
  if (certificate != nullptr) {
    session_ += "\n" + certificate->fingerprint_;
    AILERON_TRY(Present(*certificate));
  }
  SSL_set_app_data(tls_, &session_);
  SSL_set_connect_state(tls_);
  if (Endpoint::Parse(host, port)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_), host.c_str());
  } else {
    SSL_set_hostflags(tls_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set1_host(tls_, host.c_str()) != 1 ||
        SSL_set_tlsext_host_name(tls_, host.c_str()) != 1) {
      return Fail(Code::kInvalid, "{} cannot be a name in TLS", host);
    }
  }
  constexpr std::string_view both = "\x02h2\x08http/1.1";
  const std::string_view offered = offer == Alpn::kHttp2 ? both : both.substr(3);
  SSL_set_alpn_protos(tls_, reinterpret_cast<const unsigned char*>(offered.data()),
                      static_cast<unsigned>(offered.size()));
  if (SSL_SESSION* session = client.sessions_->Take(session_)) {
    SSL_set_session(tls_, session);
    SSL_SESSION_free(session);
  }
  return {};
}

// What the peer gets to see when it asks who this is.
Status Stream::Present(const ClientCertificate& certificate) {
  bool done = SSL_use_certificate(tls_, certificate.certificate_.get()) == 1 &&
              SSL_use_PrivateKey(tls_, certificate.key_.get()) == 1;
  for (const auto& each : certificate.chain_)
    done = done && SSL_add1_chain_cert(tls_, each.get()) == 1;
  if (done) return {};
  return Fail(Code::kInvalid, "the client certificate cannot be used: {}", LastTlsReason());
}

Io Stream::Handshake() {
  EmptyErrorQueue();
  const int result = SSL_do_handshake(tls_);
  if (result == 1) {
    on_hello_ = nullptr;
    return Io::kDone;
  }
  const Io outcome = TlsOutcome(result, "the TLS handshake failed");
  if (outcome != Io::kEnd) return outcome;
  error_ = "the peer closed the connection during the TLS handshake";
  return Io::kFailed;
}

Alpn Stream::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  if (tls_ != nullptr) SSL_get0_alpn_selected(tls_, &name, &size);
  return std::string_view(reinterpret_cast<const char*>(name), size) == "h2" ? Alpn::kHttp2
                                                                             : Alpn::kHttp1;
}

Io Stream::TlsOutcome(int result, std::string_view tried) {
  switch (SSL_get_error(tls_, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
    case SSL_ERROR_WANT_CLIENT_HELLO_CB:
      return Io::kBlocked;
    case SSL_ERROR_ZERO_RETURN:
      clean_end_ = true;
      return Io::kEnd;
    case SSL_ERROR_SSL:
      if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        ERR_clear_error();
        return Io::kEnd;
      }
      [[fallthrough]];
    default:
      protocol_refused_ =
          ERR_GET_REASON(ERR_peek_error()) == SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL;
      error_ = TlsError(tried);
      return Io::kFailed;
  }
}

std::string Stream::TlsError(std::string_view tried) {
  const long verified = SSL_get_verify_result(tls_);
  if (client_ != nullptr && verified != X509_V_OK) {
    ERR_clear_error();
    untrusted_ = true;
    return fmt::format("its certificate cannot be trusted: {}",
                       X509_verify_cert_error_string(verified));
  }
  if (errno_ != 0 && ERR_peek_error() == 0)
    return fmt::format("{}: {}", tried, std::strerror(errno_));
  return fmt::format("{}: {}", tried, LastTlsReason());
}

Io Stream::Read(std::span<char> to, std::size_t& count) {
  count = 0;
  if (tls_ != nullptr) {
    if (!MayRead()) return Io::kBlocked;
    EmptyErrorQueue();
    const int result = SSL_read_ex(tls_, to.data(), to.size(), &count);
    return result == 1 ? Io::kDone : TlsOutcome(result, "reading failed");
  }
  if (!prefix_.empty()) {
    count = std::min(prefix_.size(), to.size());
    std::memcpy(to.data(), prefix_.data(), count);
    prefix_.erase(0, count);
    if (prefix_.empty()) prefix_.shrink_to_fit();
    return Io::kDone;
  }
  while (readable_) {
    const ssize_t got = recv(socket_.get(), to.data(), to.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got < 0) {
      error_ = fmt::format("reading failed: {}", std::strerror(errno));
      return Io::kFailed;
    }
    if (got == 0) {
      clean_end_ = true;
      return Io::kEnd;
    }
    count = static_cast<std::size_t>(got);
    if (count < to.size() && !hangup_) readable_ = false;
    return Io::kDone;
  }
  readable_ = false;
  return Io::kBlocked;
}

Io Stream::Write(std::string_view from, std::size_t& count) {
  count = 0;
  if (tls_ != nullptr) {
    if (!writable_) return Io::kBlocked;
    EmptyErrorQueue();
    const int result = SSL_write_ex(tls_, from.data(), from.size(), &count);
    if (result == 1) return Io::kDone;
    const Io outcome = TlsOutcome(result, "writing failed");
    return outcome == Io::kEnd ? Io::kFailed : outcome;
  }
  while (writable_) {
    const ssize_t put = send(socket_.get(), from.data(), from.size(), MSG_NOSIGNAL);
    if (put >= 0) {
      count = static_cast<std::size_t>(put);
      return Io::kDone;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) break;
    error_ = fmt::format("writing failed: {}", std::strerror(errno));
    return Io::kFailed;
  }
  writable_ = false;
  return Io::kBlocked;
}

void Stream::ShutdownWrite(Ending ending) {
  if (wrote_end_) return;
  wrote_end_ = true;
  if (tls_ != nullptr && ending == Ending::kWhole && SSL_is_init_finished(tls_)) {
    ERR_clear_error();
    SSL_shutdown(tls_);
  }
  shutdown(socket_.get(), SHUT_WR);
}

bool Stream::MayRead() const {
  return readable_ || !prefix_.empty() || (tls_ != nullptr && SSL_has_pending(tls_) == 1);
}

bool Stream::Stale() {
  if (hangup_) return true;
  if (!MayRead()) return false;
  // Readable may mean a TLS ticket, which is no reason to drop the connection: let OpenSSL take it.
  char byte;
  std::size_t count = 0;
  return Read({&byte, 1}, count) != Io::kBlocked;
}

}  // namespace aileron::net
