// Processors: where this thread runs.
//
// Who is woken by a thread on one processor and answers it at once does best to run there: an idle
// one takes longer to wake than the answer does.
#pragma once

#include <sched.h>

namespace aileron::os {

class Processors {
 public:
  // Those that this thread may use now.
  Processors();

  // From now on only the one on which it runs.
  void Stay();
  // All of them again.
  void Roam();

 private:
  cpu_set_t all_;
  bool staying_ = false;
};

}  // namespace aileron::os
