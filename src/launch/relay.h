// Relay: the bytes between two connected sockets, both ways.
//
// What one side has ended is ended for the other, and the other way goes on; what one side breaks
// is broken for the other, so that nobody takes half of something for the whole. Who does not take
// what comes makes the sender wait. An idle relay has no buffers. The sockets' own flags do not
// count: a sandbox made one of them.
#pragma once

#include "base/bytes.h"
#include "os/fd.h"

namespace aileron::launch {

class Relay {
 public:
  Relay(os::Fd outside, os::Fd inside);

  enum class State {
    kWaits,  // for one of the sockets to change
    kBusy,   // it has more to do, and others should have a turn first
    kOver,
  };
  // Moves what can be moved now. To be called after every change of a socket's.
  State Turn();

  int outside() const { return outside_.get(); }
  int inside() const { return inside_.get(); }

 private:
  struct Way {
    ByteBuffer bytes;
    bool ended = false;  // nothing more comes
    bool shut = false;   // and the other side knows
  };
  enum class Moved { kAll, kSome, kBroken };
  Moved Move(Way& way, int from, int to);
  void Break();

  os::Fd outside_;
  os::Fd inside_;
  Way in_;
  Way out_;
};

// Makes the peer of a TCP socket see an abort when it is closed.
void AbortOnClose(int socket);
// Makes closing it return at once, whatever its maker wanted.
void NeverLinger(int socket);

}  // namespace aileron::launch
