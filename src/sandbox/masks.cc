#include "sandbox/masks.h"

#include <linux/mount.h>

#include <array>

#include "os/mounts.h"

namespace aileron::sandbox {

namespace {

constexpr unsigned long kReadOnlyNoSuidDevExec = 1 | 2 | 4 | 8;  // MS_RDONLY and the three

constexpr std::array kMaskedProc = {"/proc/acpi",        "/proc/asound",        "/proc/kcore",
                                    "/proc/keys",        "/proc/latency_stats", "/proc/timer_list",
                                    "/proc/timer_stats", "/proc/sched_debug",   "/proc/scsi",
                                    "/proc/interrupts",  "/proc/kallsyms",      "/proc/kmsg"};
constexpr std::array kReadOnlyProc = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                      "/proc/sysrq-trigger"};
// The second one meters energy, and by it what other processes compute.
constexpr std::array kMaskedSys = {"/sys/firmware", "/sys/devices/virtual/powercap"};

Status Mask(const std::string& path, const os::Fd& null_device) {
  if (!os::Exists(path)) return {};
  if (os::IsFolder(path)) {
    return os::Mount("tmpfs", path, "tmpfs", kReadOnlyNoSuidDevExec, "mode=755,size=0");
  }
  AILERON_ASSIGN(const os::Fd copy, os::CloneTree(null_device));
  return os::AttachTree(copy, path);
}

}  // namespace

Status MaskProc(const std::string& root, const os::Fd& null_device) {
  for (const char* path : kMaskedProc) AILERON_TRY(Mask(root + path, null_device));
  for (const char* name : kReadOnlyProc) {
    const std::string path = root + name;
    if (!os::Exists(path)) continue;
    AILERON_ASSIGN(const os::Fd tree, os::CloneTree(path));
    AILERON_TRY(os::SetTreeAttributes(tree, MOUNT_ATTR_RDONLY));
    AILERON_TRY(os::AttachTree(tree, path));
  }
  return {};
}

Status MaskSys(const std::string& root, const os::Fd& null_device) {
  for (const char* path : kMaskedSys) AILERON_TRY(Mask(root + path, null_device));
  return {};
}

}  // namespace aileron::sandbox
