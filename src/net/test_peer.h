// TestPeer: one end of a connection in a test, on the test's own loop: plain or TLS, client or
// server. Everything that comes is gathered; everything that is written goes out as the socket
// takes it. Nothing in the program uses it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/stream.h"

namespace aileron::net {

class TestPeer final : public Channel::Owner {
 public:
  using OnInput = std::function<void(TestPeer&)>;

  TestPeer(Loop& loop, os::Fd socket, OnInput on_input = nullptr)
      : on_input_(std::move(on_input)),
        stream_(std::move(*Stream::Make(loop, std::move(socket), *this))) {}

  void ServeTls(TlsServer& server, Identity identity) {
    shaking_ = true;
    (void)stream_->StartServer(
        server,
        [identity](const Hello&, Identity& chosen) {
          chosen = identity;
          return HelloAnswer::kGo;
        },
        "");
    OnChannel(*stream_);
  }
  void ConnectTls(TlsClient& client, const std::string& host) {
    shaking_ = true;
    secure_ = false;
    (void)stream_->StartClient(client, host, 443);
    OnChannel(*stream_);
  }
  void Write(std::string_view bytes) {
    output_ += bytes;
    OnChannel(*stream_);
  }
  // After what is to be written.
  void End() {
    end_wanted_ = true;
    OnChannel(*stream_);
  }
  void Reset() { stream_.reset(); }
  // Calls nobody any more.
  void Silence() { on_input_ = nullptr; }
  // Stops taking bytes from the socket, as a slow reader does.
  void Pause() { paused_ = true; }
  void Resume() {
    paused_ = false;
    OnChannel(*stream_);
  }

  std::string& input() { return input_; }
  std::string TakeInput() { return std::exchange(input_, {}); }
  bool ended() const { return ended_; }
  bool failed() const { return failed_; }
  bool secure() const { return secure_; }
  bool written() const { return output_.empty(); }
  bool clean_end() const { return stream_->clean_end(); }
  const std::string& error() const { return stream_->error(); }

  void OnChannel(Channel&) override {
    if (failed_) return;
    if (shaking_) {
      const Io io = stream_->Handshake();
      if (io == Io::kBlocked) return;
      shaking_ = false;
      secure_ = io == Io::kDone;
      failed_ = io != Io::kDone;
      if (failed_) return;
    }
    while (!output_.empty() && !Send()) {
    }
    if (output_.empty() && end_wanted_) stream_->ShutdownWrite(Ending::kWhole);
    bool moved = false;
    while (!ended_ && !paused_) {
      char bytes[16384];
      std::size_t count = 0;
      const Io io = stream_->Read(bytes, count);
      if (io == Io::kBlocked) break;
      ended_ = io == Io::kEnd || io == Io::kFailed;
      input_.append(bytes, count);
      moved = true;
    }
    if (moved && on_input_) on_input_(*this);
  }

 private:
  // Whether to stop for now.
  bool Send() {
    std::size_t count = 0;
    const Io io = stream_->Write(output_, count);
    output_.erase(0, count);
    failed_ |= io == Io::kFailed;
    return io != Io::kDone;
  }

  std::string input_;
  std::string output_;
  OnInput on_input_;
  bool shaking_ = false;
  bool secure_ = false;
  bool ended_ = false;
  bool failed_ = false;
  bool end_wanted_ = false;
  bool paused_ = false;
  std::unique_ptr<Stream> stream_;
};

}  // namespace aileron::net
