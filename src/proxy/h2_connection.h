// H2Connection: the driver of one HTTP/2 connection: a socket on one side, an http::H2Session on
// the other, and for each stream a net::Channel that speaks HTTP/1.1. It decides nothing.
//
// Everything that was made ready in a turn of the loop goes out together at its end.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "http/h2_session.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/turns.h"

namespace aileron::proxy {

class H2Connection final : public net::Channel::Owner,
                           public std::enable_shared_from_this<H2Connection> {
 public:
  class Owner {
   public:
    // kServer: the peer sent a request's head.
    virtual void OnRequest(std::unique_ptr<net::Channel> channel) = 0;
    // Something was refused; what, for the record.
    virtual void OnFlaw(const std::string& flaw) = 0;
    // No stream is left and none can come; may let go of the connection.
    virtual void OnOver() = 0;

   protected:
    ~Owner() = default;
  };

  // `owner` is told until Leave(). `stream` has shaken hands.
  H2Connection(net::Loop& loop, std::unique_ptr<net::Stream> stream, http::H2Session::Role role,
               http::H2Session::Scheme scheme, Owner& owner);
  ~H2Connection();

  // Bytes of the peer that were read already, and the first look at the socket.
  void Start(std::string_view already_read);

  // kClient: a stream for one request; ask MayOpen first.
  std::unique_ptr<net::Channel> Open();
  bool MayOpen() const { return stream_ != nullptr && !closing_ && session_.MayOpen(); }
  std::size_t streams() const { return session_.streams(); }

  // The owner is told nothing any more. Streams that are there go on.
  void Leave() { owner_ = nullptr; }
  // Takes no new streams, and is over when the ones that are there are.
  void Shutdown();
  // For who reads on after the end.
  std::unique_ptr<net::Stream> TakeStream() { return std::move(stream_); }

 private:
  class StreamChannel;

  void OnChannel(net::Channel&) override { Pump(); }
  void Pump();
  void PumpSoon();
  bool ReadSome();
  void TellStreams();
  bool WriteAll();
  void Lose();
  // What the timer is for.
  enum class Wait : std::uint8_t { kNothing, kFirst, kIdle, kDrain, kEnd };
  Wait wait() const;
  void ArmTimer(bool moved);
  void OnTimer();

  net::Loop& loop_;
  std::unique_ptr<net::Stream> stream_;  // null when it is lost
  http::H2Session session_;
  Owner* owner_;
  ByteBuffer out_;
  net::Timer timer_;
  std::size_t channels_ = 0;  // streams that somebody holds
  bool used_ = false;         // there was a stream
  net::Turns turns_;
  bool closing_ = false;  // takes no new streams
  Wait waiting_for_ = Wait::kNothing;
  bool told_ = false;  // that it is over
};

}  // namespace aileron::proxy
