#include "os/call_filter.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace aileron::os {

std::string NameOfCall(int call) {
  const std::unique_ptr<char, void (*)(void*)> name(
      seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, call), std::free);
  return name ? std::string(name.get()) : std::string();
}

CallFilter::CallFilter() : filter_(seccomp_init(SCMP_ACT_KILL_PROCESS), seccomp_release) {
  if (!filter_) result_ = -ENOMEM;
}

void CallFilter::Add(std::uint32_t action, int call, std::span<const scmp_arg_cmp> when) {
  if (result_ != 0) return;
  result_ = seccomp_rule_add_array(filter_.get(), action, call, static_cast<unsigned>(when.size()),
                                   when.data());
}

void CallFilter::Allow(std::span<const int> calls) {
  for (const int call : calls) Add(SCMP_ACT_ALLOW, call, {});
}

void CallFilter::Allow(int call, std::initializer_list<scmp_arg_cmp> when) {
  Add(SCMP_ACT_ALLOW, call, {when.begin(), when.size()});
}

void CallFilter::Refuse(std::span<const int> calls) {
  for (const int call : calls) Add(SCMP_ACT_ERRNO(EACCES), call, {});
}

void CallFilter::AllowMemoryAndAbort() {
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    Allow(call, {{2, SCMP_CMP_MASKED_EQ, static_cast<scmp_datum_t>(PROT_EXEC), 0}});
  }
  // abort() signals the thread itself, and nobody else can be signalled.
  Allow(SCMP_SYS(tgkill), {ArgumentIs(0, static_cast<std::uint64_t>(getpid()))});
}

Status CallFilter::Load(std::string_view whose) {
  // Sorted as a tree: each call walks the filter.
  if (result_ == 0) (void)seccomp_attr_set(filter_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  if (result_ == 0) result_ = seccomp_load(filter_.get());
  if (result_ == 0) return {};
  return Fail(Code::kUnsupported, "cannot install {} seccomp filter: {}", whose,
              std::strerror(-result_));
}

scmp_arg_cmp ArgumentIs(unsigned argument, std::uint64_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}

}  // namespace aileron::os
