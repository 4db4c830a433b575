// Tunnel: bytes between a client and an opaque site, which nobody reads but for the first.
//
// What the site sends goes down at once, so that protocols in which the server speaks first work.
// What the client sends waits for a moment: when it begins TLS, the name in its hello must be the
// one that the tunnel was asked for, and without a name only an address may be meant; on port 443
// it must be TLS. After that each side is slowed down by the other, and one may end while the other
// goes on. One record of kind "tunnel" says how many bytes went each way.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/time.h"
#include "net/channel.h"
#include "net/loop.h"
#include "proxy/site.h"
#include "proxy/world.h"

namespace aileron::proxy {

class Tunnel final : private net::Channel::Owner {
 public:
  using OnDone = std::function<void()>;

  // `client` is borrowed, and this is its owner from now on; `already_read` came from it before.
  // `on_done` is called once, from the loop, when nothing more will go either way.
  Tunnel(World& world, Site site, std::string rule, net::Channel& client,
         std::unique_ptr<net::Channel> upstream, std::string_view already_read, OnDone on_done);
  ~Tunnel();
  void Begin();
  // Ends it, if that rule let it through.
  void Cut(std::string_view rule);

 private:
  // One direction.
  struct Flow {
    net::Channel* from = nullptr;
    net::Channel* to = nullptr;
    ByteBuffer bytes{limits::tunnel_buffer};
    std::uint64_t moved = 0;
    bool held = false;    // nothing is to be written yet
    bool ended = false;   // nothing more comes
    bool closed = false;  // and that was said
  };

  void OnChannel(net::Channel&) override { Pump(); }
  void Pump();
  bool Read(Flow& flow);
  bool Write(Flow& flow);
  void CheckHello();
  void ArmTimer(bool moved);
  void End(std::string_view code, std::string detail);

  World& world_;
  Site site_;
  std::string rule_;
  net::Channel& client_;
  std::unique_ptr<net::Channel> upstream_;
  OnDone on_done_;
  Flow up_;
  Flow down_;
  Time began_;
  net::Timer timer_;
  bool done_ = false;
  bool scheduled_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // what was posted looks at it
};

}  // namespace aileron::proxy
