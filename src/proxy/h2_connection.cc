// Tested by tests/proxy/test_http2.py.

#include "proxy/h2_connection.h"

#include "base/time.h"
#include "base/ulid.h"
#include "http/h2_stream.h"
#include "proxy/limits.h"

namespace aileron::proxy {

class H2Connection::StreamChannel final : public net::Channel, private http::H2Stream::Listener {
 public:
  StreamChannel(std::shared_ptr<H2Connection> connection, std::shared_ptr<http::H2Stream> stream)
      : net::Channel(nullptr), connection_(std::move(connection)), stream_(std::move(stream)) {
    stream_->set_listener(this);
    ++connection_->channels_;
    connection_->used_ = true;
  }
  ~StreamChannel() override {
    stream_->Abandon();
    --connection_->channels_;
    connection_->PumpSoon();
  }

  net::Io Read(std::span<char> to, std::size_t& count) override {
    count = stream_->Read(to);
    if (count != 0) {
      connection_->PumpSoon();  // windows may have opened
      return net::Io::kDone;
    }
    switch (stream_->state()) {
      case http::H2Stream::State::kOpen:
        return net::Io::kBlocked;
      case http::H2Stream::State::kEnded:
        return net::Io::kEnd;
      case http::H2Stream::State::kBroken:
        return net::Io::kFailed;
    }
    return net::Io::kFailed;
  }

  net::Io Write(std::string_view from, std::size_t& count) override {
    const auto taken = stream_->Write(from);
    connection_->PumpSoon();
    if (!taken) return net::Io::kFailed;
    count = *taken;
    return count == 0 ? net::Io::kBlocked : net::Io::kDone;
  }

  void ShutdownWrite(net::Ending ending) override {
    stream_->Finish(ending == net::Ending::kWhole ? http::H2Stream::Ending::kWhole
                                                  : http::H2Stream::Ending::kCut);
    connection_->PumpSoon();
  }

  bool MayRead() const override { return stream_->MayRead(); }
  bool lost() const override { return stream_->broken(); }
  bool clean_end() const override { return stream_->state() == http::H2Stream::State::kEnded; }

 private:
  void OnStreamMoved() override { TellOwner(); }

  std::shared_ptr<H2Connection> connection_;
  std::shared_ptr<http::H2Stream> stream_;
};

namespace {

http::H2Session::Nonce FreshNonce() {
  http::H2Session::Nonce nonce{};
  constexpr std::size_t random_part = 10;  // behind the time
  const std::string text = Ulid::Make(Now()).ToString().substr(random_part);
  std::copy_n(text.begin(), nonce.size(), nonce.begin());
  return nonce;
}

}  // namespace

H2Connection::H2Connection(net::Loop& loop, std::unique_ptr<net::Stream> stream,
                           http::H2Session::Role role, http::H2Session::Scheme scheme, Owner& owner)
    : loop_(loop),
      stream_(std::move(stream)),
      session_(role, scheme, FreshNonce()),
      owner_(&owner),
      out_(limits::output_max,
           role == http::H2Session::Role::kClient ? Contents::kSecret : Contents::kPlain),
      timer_(loop, [this] { OnTimer(); }) {}

H2Connection::~H2Connection() = default;

void H2Connection::Start(std::string_view already_read) {
  stream_->set_owner(*this);
  if (!already_read.empty()) (void)session_.Receive(already_read);
  Pump();
}

std::unique_ptr<net::Channel> H2Connection::Open() {
  return std::make_unique<StreamChannel>(shared_from_this(), session_.Open());
}

void H2Connection::Shutdown() {
  closing_ = true;
  session_.Shutdown();
  PumpSoon();
}

void H2Connection::Pump() {
  constexpr int turns_max = 16;  // then others get their turn
  const auto self = shared_from_this();
  const auto ran = turns_.Run(turns_max, [this] {
    const bool read = ReadSome();
    TellStreams();
    return WriteAll() || read || session_.has_moved();
  });
  if (!ran) return;
  if (ran->more) PumpSoon();
  if (owner_ != nullptr) {
    if (const std::string flaw = session_.TakeFlaw(); !flaw.empty()) owner_->OnFlaw(flaw);
  }
  if (out_.empty() && session_.streams() == 0) out_.Release();
  ArmTimer(ran->moved);
  const bool over = stream_ == nullptr || (session_.over() && out_.empty());
  if (!over || told_) return;
  told_ = true;
  timer_.Cancel();
  session_.Abort();  // streams may wait for a peer that said nonsense
  TellStreams();
  if (owner_ != nullptr) owner_->OnOver();
}

void H2Connection::PumpSoon() { turns_.Soon(loop_, weak_from_this(), &H2Connection::Pump); }

bool H2Connection::ReadSome() {
  if (stream_ == nullptr || session_.over() || session_.congested() || !stream_->MayRead()) {
    return false;
  }
  char bytes[limits::read_chunk];
  std::size_t count = 0;
  switch (stream_->Read(bytes, count)) {
    case net::Io::kDone:
      (void)session_.Receive({bytes, count});  // what it refuses it says to the peer
      return true;
    case net::Io::kBlocked:
      return false;
    default:
      Lose();
      return true;
  }
}

void H2Connection::TellStreams() {
  while (const std::shared_ptr<http::H2Stream> stream = session_.NextMoved()) {
    if (stream->listener() != nullptr) {
      stream->listener()->OnStreamMoved();
    } else if (session_.role() == http::H2Session::Role::kServer && owner_ != nullptr &&
               stream->state() != http::H2Stream::State::kBroken) {
      // nghttp2 counts streams, and one that was reset may still be worked for.
      if (channels_ >= http::limits::h2_streams_max) {
        stream->Refuse();
      } else {
        owner_->OnRequest(std::make_unique<StreamChannel>(shared_from_this(), stream));
      }
    }
  }
}

bool H2Connection::WriteAll() {
  bool moved = false;
  while (stream_ != nullptr) {
    session_.Send(out_);
    if (out_.empty()) return moved;
    std::size_t count = 0;
    const net::Io io = stream_->Write(out_.View(), count);
    if (io == net::Io::kBlocked) return moved;
    moved = true;
    if (io != net::Io::kDone) {
      Lose();
      return true;
    }
    out_.Consume(count);
  }
  return moved;
}

// The socket is of no use any more; every stream hears of it.
void H2Connection::Lose() {
  session_.Abort();
  out_.Consume(out_.size());
  stream_.reset();
}

H2Connection::Wait H2Connection::wait() const {
  if (closing_ && session_.streams() == 0) return Wait::kEnd;
  if (!out_.empty() || session_.streams() > channels_) return Wait::kDrain;
  if (!used_) return Wait::kFirst;
  if (session_.streams() == 0) return Wait::kIdle;
  return Wait::kNothing;
}

// Only what is being written moves its deadline: a peer that pings is idle all the same.
void H2Connection::ArmTimer(bool moved) {
  if (told_ || stream_ == nullptr) return;
  const Wait now = wait();
  const bool changed = now != waiting_for_;
  waiting_for_ = now;
  const bool server = session_.role() == http::H2Session::Role::kServer;
  switch (now) {
    case Wait::kNothing:
      return timer_.Cancel();  // relays keep the time of their exchanges
    case Wait::kFirst:
      if (changed) timer_.Set(limits::head_timeout);
      return;
    case Wait::kIdle:
      if (changed) timer_.Set(server ? limits::keep_alive_idle : limits::pool_idle);
      return;
    case Wait::kDrain:
      if (changed || moved) timer_.Set(limits::body_stall);
      return;
    case Wait::kEnd:
      if (changed) timer_.Set(limits::linger);
      return;
  }
}

void H2Connection::OnTimer() {
  const auto self = shared_from_this();
  switch (wait()) {
    case Wait::kNothing:
      return;
    case Wait::kFirst:
    case Wait::kIdle:
      return Shutdown();
    case Wait::kDrain:
      if (!out_.empty()) break;
      // The socket takes bytes: it is the windows of some streams that stay shut.
      session_.ResetAbandoned();
      return Pump();
    case Wait::kEnd:
      break;
  }
  Lose();
  Pump();
}

}  // namespace aileron::proxy
