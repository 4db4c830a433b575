#include "os/processors.h"

namespace aileron::os {

Processors::Processors() {
  if (sched_getaffinity(0, sizeof all_, &all_) != 0) CPU_ZERO(&all_);
}

// Machines with more processors than a set holds are left alone.
void Processors::Stay() {
  const int here = sched_getcpu();
  if (staying_ || here < 0 || here >= CPU_SETSIZE || CPU_COUNT(&all_) < 2) return;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<unsigned>(here), &one);
  staying_ = sched_setaffinity(0, sizeof one, &one) == 0;
}

void Processors::Roam() {
  if (staying_) staying_ = sched_setaffinity(0, sizeof all_, &all_) != 0;
}

}  // namespace aileron::os
