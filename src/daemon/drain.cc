// Tested by tests/faults/test_drain.py.

#include "daemon/drain.h"

#include <utility>

#include "base/log.h"
#include "daemon/limits.h"

namespace aileron::daemon {

Drain::Drain(net::Loop& loop, Operations& operations, Sessions& sessions,
             std::function<void(std::string why)> stop)
    : operations_(operations),
      sessions_(sessions),
      stop_(std::move(stop)),
      end_(loop, [this] { OnTimeOver(); }),
      linger_(loop, [this] { stop_("asked for, and drained"); }) {
  operations_.set_on_landed([this] { OnLanded(); });
}

void Drain::Begin() {
  if (std::exchange(begun_, true)) return;
  sessions_.TakeNoNew();
  operations_.StopBeginning();
  if (operations_.under_way() == 0) return stop_("asked for, and nothing ran");
  LogInfo("no session begins any more; {} operations run", operations_.under_way());
  end_.Set(limits::kOperationWait + limits::kDrainLinger);
}

void Drain::OnLanded() {
  if (begun_ && operations_.under_way() == 0) linger_.Set(limits::kDrainLinger);
}

void Drain::OnTimeOver() {
  stop_(fmt::format("asked for, with {} operations that ran too long", operations_.under_way()));
}

}  // namespace aileron::daemon
