// Watch: a descriptor that a loop watches for as long as this lives.
#pragma once

#include <functional>
#include <memory>

#include "net/loop.h"

namespace aileron::shim {

class Watch final : private net::Loop::Handler {
 public:
  using Trigger = net::Loop::Trigger;
  // `descriptor` stays open as long as the Watch is there. `ready` may destroy it.
  static Result<std::unique_ptr<Watch>> Make(net::Loop& loop, int descriptor,
                                             std::function<void()> ready) {
    std::unique_ptr<Watch> watch(new Watch(loop, descriptor, std::move(ready)));
    AILERON_TRY(loop.Watch(descriptor, *watch, Trigger::kLevelRead));
    watch->watching_ = true;
    return watch;
  }
  ~Watch() {
    if (watching_) loop_.Forget(descriptor_, *this);
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  Status For(Trigger trigger) {
    if (trigger == trigger_) return {};
    AILERON_TRY(loop_.Change(descriptor_, *this, trigger));
    trigger_ = trigger;
    return {};
  }

 private:
  Watch(net::Loop& loop, int descriptor, std::function<void()> ready)
      : loop_(loop), descriptor_(descriptor), ready_(std::move(ready)) {}
  void OnReady(net::Readiness) override {
    const std::function<void()> ready = ready_;  // lives on when it destroys this
    ready();
  }

  net::Loop& loop_;
  int descriptor_;
  std::function<void()> ready_;
  Trigger trigger_ = Trigger::kLevelRead;
  bool watching_ = false;
};

}  // namespace aileron::shim
