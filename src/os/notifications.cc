// Tested by src/sandbox/filter_test.cc.

#include "os/notifications.h"

#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "os/socket.h"

namespace aileron::os {

namespace {

constexpr std::size_t kPage = 4096;
static_assert(sizeof(seccomp_notif) <= kPage && sizeof(seccomp_notif_resp) <= kPage);
constexpr std::uint32_t kGoOn = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
constexpr int kCallsAtOnce = 1024;  // that RefuseWaitingCalls answers
// Since Linux 6.6, which the headers of Debian 12 do not know: who waits runs where it was asked.
constexpr unsigned long kSetFlags = SECCOMP_IOW(4, __u64);
constexpr unsigned long kSyncWakeUp = 1;

}  // namespace

Result<Fd> MakeNotificationPage() {
  AILERON_ASSIGN(Fd page, MemoryFileHolding(""));
  if (ftruncate(page.get(), kPage) != 0) return FailErrno("cannot size a page");
  return page;
}

Result<Notifications> Notifications::Make(Fd listener, const Fd& page) {
  void* memory = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, page.get(), 0);
  if (memory == MAP_FAILED) return FailErrno("cannot map the page of a listener");
  Notifications made(std::move(listener), memory);
  // Faster where the kernel has it.
  (void)ioctl(made.listener_.get(), kSetFlags, kSyncWakeUp);
  const auto* left = static_cast<const seccomp_notif*>(memory);
  if (left->id != 0) (void)made.Answer(left->id, EPERM, 0);
  return made;
}

Notifications::Notifications(Notifications&& other) noexcept
    : listener_(std::move(other.listener_)), page_(std::exchange(other.page_, nullptr)) {}

Notifications::~Notifications() {
  if (page_ != nullptr) munmap(page_, kPage);
}

Result<Notifications::Call> Notifications::Next() {
  auto* call = static_cast<seccomp_notif*>(page_);
  std::memset(call, 0, sizeof *call);  // the kernel insists on it
  if (ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, call) != 0) {
    if (errno == EINTR) return aileron::Fail(Code::kNotFound, "no call waits");
    return FailErrno("cannot take a call");
  }
  return Call{call->id, static_cast<pid_t>(call->pid)};
}

Status Notifications::Answer(std::uint64_t id, int error, std::uint32_t flags) {
  seccomp_notif_resp answer{};
  answer.id = id;
  answer.error = -error;
  answer.flags = flags;
  const int sent = ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer);
  const int number = errno;
  std::memset(page_, 0, sizeof(seccomp_notif));
  errno = number;
  if (sent != 0) return FailErrno("cannot answer a call");
  return {};
}

Status Notifications::GoOn(const Call& call) { return Answer(call.id, 0, kGoOn); }

Status Notifications::Fail(const Call& call, int error) { return Answer(call.id, error, 0); }

void RefuseWaitingCalls(const Fd& listener) {
  for (int left = kCallsAtOnce; left > 0; --left) {
    pollfd ready{listener.get(), POLLIN, 0};
    if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLIN) == 0) return;
    seccomp_notif call{};
    if (ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) continue;
    seccomp_notif_resp answer{};
    answer.id = call.id;
    answer.error = -EPERM;
    (void)ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
}

}  // namespace aileron::os
