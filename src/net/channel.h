// Channel: bytes to a peer and back, as a relay sees them: a connection (stream.h), or one stream
// of a connection that carries many.
//
// Never blocks. The owner is told when something may have become possible, and then reads or writes
// until kBlocked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace aileron::net {

enum class Io : std::uint8_t {
  kDone,     // some bytes went
  kBlocked,  // nothing now: wait to be told
  kEnd,      // the peer will send no more (see clean_end)
  kFailed,   // broken: nothing more will come or go
};

// How we end our side: kWhole says that all was written, where the protocol can say so; after kCut
// the peer can tell that something is missing.
enum class Ending : std::uint8_t { kWhole, kCut };

class Channel {
 public:
  class Owner {
   public:
    // May destroy the channel.
    virtual void OnChannel(Channel& channel) = 0;

   protected:
    ~Owner() = default;
  };

  virtual ~Channel() = default;

  void set_owner(Owner& owner) { owner_ = &owner; }

  virtual Io Read(std::span<char> to, std::size_t& count) = 0;
  virtual Io Write(std::string_view from, std::size_t& count) = 0;
  // No more will be written.
  virtual void ShutdownWrite(Ending ending) = 0;
  // Whether a read could give something without waiting.
  virtual bool MayRead() const = 0;
  // Whether the peer is known to be gone, though something may be left to read.
  virtual bool lost() const { return false; }
  // Whether the end was said by the protocol, and not by a connection that just ended.
  virtual bool clean_end() const = 0;

 protected:
  explicit Channel(Owner* owner) : owner_(owner) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  void TellOwner() {
    if (owner_ != nullptr) owner_->OnChannel(*this);
  }

 private:
  Owner* owner_;
};

}  // namespace aileron::net
