// CallFilter: the system calls that a confined process of ours may make (seccomp(2), by
// libseccomp). Any other kills it.
#pragma once

#include <seccomp.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aileron::os {

// What the kernel calls it, as policies of container engines do; empty for no call of x86-64.
std::string NameOfCall(int call);

class CallFilter {
 public:
  CallFilter();

  // Let through whatever their arguments are.
  void Allow(std::span<const int> calls);
  // Let through where all of `when` hold; several of one call are alternatives.
  void Allow(int call, std::initializer_list<scmp_arg_cmp> when);
  // Fail with EACCES instead of killing: libraries try them, and live without.
  void Refuse(std::span<const int> calls);
  // Memory that is never executable, neither new nor changed, and the signal by which abort() ends
  // this process.
  void AllowMemoryAndAbort();

  // From now on, for good. `whose` is for messages: "the worker's".
  Status Load(std::string_view whose);

 private:
  void Add(std::uint32_t action, int call, std::span<const scmp_arg_cmp> when);

  std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter_;
  int result_ = 0;  // the first failure
};

// A condition: that argument, counted from 0, has this value.
scmp_arg_cmp ArgumentIs(unsigned argument, std::uint64_t value);

}  // namespace aileron::os
