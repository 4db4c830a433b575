#include "shim/api_client.h"

#include <cstdlib>
#include <thread>

#include "base/text.h"
#include "net/connect.h"
#include "net/endpoint.h"
#include "net/resolver.h"
#include "os/fd.h"
#include "sandbox/spec.h"
#include "service/ports.h"

namespace aileron::shim {

namespace {

constexpr std::uint16_t kHttpsPort = 443;

std::string_view Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

// The session's own certificate stands alone in its file; SSL_CERT_FILE holds those of the host
// too, and is read where there is no other.
Result<std::string> FindCertificates() {
  const std::string own = fmt::format("{}/ca.pem", sandbox::kRuntimeFolder);
  if (auto text = os::ReadFile(own, limits::kCertificatesMax)) return text;
  const std::string_view named = Variable("SSL_CERT_FILE");
  return os::ReadFile(named.empty() ? own : std::string(named), limits::kCertificatesMax);
}

std::unexpected<Broken> Lost(std::string why) {
  return std::unexpected(Broken{Broken::Again::kYes, {Code::kUnavailable, std::move(why)}});
}

std::unexpected<Broken> Final(Error error) {
  return std::unexpected(Broken{Broken::Again::kNo, std::move(error)});
}

// Dial: the addresses of a name, and a connection to one of them.
class Dial {
 public:
  Dial(net::Loop& loop, const std::string& host, std::uint16_t port) : loop_(loop) {
    if (const auto address = net::Endpoint::Parse(host, port)) {
      Connect({*address}, net::ConnectAttempt::More::kNone);
      return;
    }
    auto resolver = net::Resolver::Make(loop);
    if (!resolver) {
      result_ = std::unexpected(std::move(resolver).error());
      return;
    }
    resolver_ = std::move(*resolver);
    resolver_->Resolve(host, port,
                       [this](Result<net::Resolver::Answer> answer) { Take(std::move(answer)); });
  }

  std::optional<Result<net::Connected>>& result() { return result_; }

 private:
  void Take(Result<net::Resolver::Answer> answer) {
    using Rest = net::Resolver::Answer::Rest;
    if (!answer) {
      result_ = std::unexpected(std::move(answer).error());
    } else if (attempt_) {
      attempt_->Add(answer->addresses);
    } else {
      Connect(answer->addresses, answer->rest == Rest::kMore ? net::ConnectAttempt::More::kExpected
                                                             : net::ConnectAttempt::More::kNone);
    }
  }

  void Connect(const std::vector<net::Endpoint>& addresses, net::ConnectAttempt::More more) {
    attempt_ = std::make_unique<net::ConnectAttempt>(
        loop_, addresses, limits::kReachWait,
        [this](Result<net::Connected> connected) { result_ = std::move(connected); }, more);
  }

  net::Loop& loop_;
  std::optional<Result<net::Connected>> result_;
  std::unique_ptr<net::ConnectAttempt> attempt_;
  std::unique_ptr<net::Resolver> resolver_;  // the first to go: it calls nobody then
};

}  // namespace

Result<std::string> SessionToken() {
  if (const std::string_view token = Variable("AILERON_TOKEN"); !token.empty()) {
    return std::string(token);
  }
  const std::string file(Variable("AILERON_TOKEN_FILE"));
  if (file.empty()) return Fail(Code::kInvalid, "neither AILERON_TOKEN nor its file is set");
  AILERON_ASSIGN(const std::string text, os::ReadFile(file, limits::kTokenMax));
  return std::string(Trim(text));
}

bool HasApi() { return !Variable("AILERON_API_URL").empty(); }

Result<std::unique_ptr<ApiClient>> ApiClient::FromEnvironment() {
  if (!HasApi()) {
    return Fail(Code::kUnavailable,
                "AILERON_API_URL is not set: this runs inside a sandbox. Start one with \"aileron "
                "launch\"");
  }
  AILERON_ASSIGN(const std::string token, SessionToken());
  AILERON_ASSIGN(Place place, Place::Make(Variable("AILERON_API_URL"), token));
  const bool own = place.host == sandbox::kApiHost && place.port == kHttpsPort;
  return Make(std::move(place), {.plain = own ? service::kApiPort : std::uint16_t{0}});
}

Result<std::unique_ptr<ApiClient>> ApiClient::Make(Place place, Ways ways) {
  std::unique_ptr<ApiClient> client(new ApiClient(std::move(place), std::move(ways)));
  AILERON_ASSIGN(client->loop_, net::Loop::Make());
  return client;
}

Status ApiClient::PrepareTls() {
  if (tls_ != nullptr) return {};
  if (!ways_.certificates) {
    AILERON_ASSIGN(ways_.certificates, FindCertificates());
  }
  net::PrepareTls();
  AILERON_ASSIGN(tls_, net::TlsClient::Make(net::RootBundle(), *ways_.certificates));
  return {};
}

Result<Answer> ApiClient::Ask(const Request& request) {
  auto answer = AskRepeatedly([&] { return AskOnce(request); },
                              [](Duration pause) { std::this_thread::sleep_for(pause); });
  if (answer) return answer;
  Error error = std::move(answer).error();
  error.message = fmt::format("the sandbox's API at https://{}{} failed: {}", place_.authority,
                              place_.path, error.message);
  if (error.code == Code::kUnavailable) {
    error.message += ". \"aileron status\" on the host tells whether its daemon runs";
  }
  return std::unexpected(std::move(error));
}

Try ApiClient::AskOnce(const Request& request) {
  // A connection that the daemon has closed meanwhile is no reason to wait for a second try.
  if (stream_ && stream_->Stale()) stream_.reset();
  const net::Instant now = std::chrono::steady_clock::now();
  if (!stream_) {
    if (auto reached = Reach(now + limits::kReachWait); !reached) {
      stream_.reset();
      return std::unexpected(std::move(reached).error());
    }
  }
  const net::Instant until = now + request.wait + limits::kAnswerWait;
  auto written = Write(WriteRequest(place_, request), until);
  Try answer = written ? Read(until) : Try(std::unexpected(std::move(written).error()));
  if (!answer) stream_.reset();
  return answer;
}

std::expected<void, Broken> ApiClient::Wait(net::Instant until) {
  const auto left = until - std::chrono::steady_clock::now();
  if (left <= net::Interval::zero()) return Final({Code::kUnavailable, "no answer in time"});
  loop_->Turn(left);
  return {};
}

// A network of its own, such as a sandbox within the sandbox has, has no listener of ours.
std::expected<void, Broken> ApiClient::Reach(net::Instant until) {
  if (ways_.plain != 0 && Connect("127.0.0.1", ways_.plain, until)) return {};
  ways_.plain = 0;
  return ReachByTls(until);
}

std::expected<void, Broken> ApiClient::Connect(const std::string& host, std::uint16_t port,
                                               net::Instant until) {
  Dial dial(*loop_, host, port);
  while (!dial.result()) AILERON_TRY(Wait(until));
  if (!*dial.result()) return Lost(dial.result()->error().message);
  auto made = net::Stream::Make(*loop_, std::move((*dial.result())->socket), *this);
  if (!made) return Final(std::move(made).error());
  stream_ = std::move(*made);
  return {};
}

std::expected<void, Broken> ApiClient::ReachByTls(net::Instant until) {
  if (auto ready = PrepareTls(); !ready) return Final(std::move(ready).error());
  AILERON_TRY(Connect(place_.host, place_.port, until));
  if (auto started = stream_->StartClient(*tls_, place_.host, place_.port); !started) {
    return Final(std::move(started).error());
  }
  while (true) {
    const net::Io io = stream_->Handshake();
    if (io == net::Io::kDone) return {};
    if (io != net::Io::kBlocked) {
      if (stream_->untrusted()) return Final({Code::kUnavailable, stream_->error()});
      return Lost(stream_->error());
    }
    AILERON_TRY(Wait(until));
  }
}

std::expected<void, Broken> ApiClient::Write(std::string_view bytes, net::Instant until) {
  while (!bytes.empty()) {
    std::size_t count = 0;
    const net::Io io = stream_->Write(bytes, count);
    bytes.remove_prefix(count);
    if (io == net::Io::kBlocked) {
      AILERON_TRY(Wait(until));
    } else if (io != net::Io::kDone) {
      return Lost(stream_->error());
    }
  }
  return {};
}

Try ApiClient::Read(net::Instant until) {
  AnswerReader reader;
  ByteBuffer input(limits::kInputBuffer);
  while (true) {
    std::size_t count = 0;
    const net::Io io =
        stream_->Read(input.Prepare(std::min(limits::kReadPiece, input.Room())), count);
    if (io == net::Io::kBlocked) {
      AILERON_TRY(Wait(until));
      continue;
    }
    if (io != net::Io::kDone) {
      // A connection that was cut ends no answer that says no length.
      const bool whole = io == net::Io::kEnd && stream_->clean_end() && reader.End();
      if (!whole) return Lost("the connection broke before the answer was whole");
      stream_.reset();
      return std::move(reader.answer());
    }
    input.Commit(count);
    const auto step = reader.Take(input);
    if (!step) return Final(step.error());
    if (*step == AnswerReader::Step::kMore) continue;
    if (!reader.keep_alive() || !input.empty()) stream_.reset();
    return std::move(reader.answer());
  }
}

}  // namespace aileron::shim
