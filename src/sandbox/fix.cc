#include "sandbox/fix.h"

#include "base/text.h"
#include "os/fd.h"
#include "sandbox/identity.h"

namespace aileron::sandbox {

namespace {

struct Switch {
  std::string_view file;
  std::string_view forbids;
  const char* fix;
  enum class Concerns { kEveryone, kUnprivileged } concerns;
};
using enum Switch::Concerns;
constexpr Switch kSwitches[] = {
    {"user/max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=10000", kEveryone},
    {"user/max_mnt_namespaces", "0", "sudo sysctl -w user.max_mnt_namespaces=10000", kEveryone},
    {"user/max_pid_namespaces", "0", "sudo sysctl -w user.max_pid_namespaces=10000", kEveryone},
    {"user/max_net_namespaces", "0", "sudo sysctl -w user.max_net_namespaces=10000", kEveryone},
    {"user/max_uts_namespaces", "0", "sudo sysctl -w user.max_uts_namespaces=10000", kEveryone},
    {"user/max_ipc_namespaces", "0", "sudo sysctl -w user.max_ipc_namespaces=10000", kEveryone},
    {"user/max_cgroup_namespaces", "0", "sudo sysctl -w user.max_cgroup_namespaces=10000",
     kEveryone},
    {"kernel/unprivileged_userns_clone", "0", "sudo sysctl -w kernel.unprivileged_userns_clone=1",
     kUnprivileged},
    {"kernel/apparmor_restrict_unprivileged_userns", "1",
     "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0", kUnprivileged},
};

// By Docker's and Podman's names: their filter refuses namespaces, their profile refuses mounts,
// and a /proc that is masked in parts may not be mounted anew.
constexpr std::string_view kOuterOptions =
    "--security-opt seccomp=unconfined --security-opt apparmor=unconfined "
    "--security-opt systempaths=unconfined";

}  // namespace

std::string SwitchFix(const std::string& sysctls, Caller caller) {
  for (const Switch& entry : kSwitches) {
    if (caller == Caller::kRuler && entry.concerns == kUnprivileged) continue;
    const auto value = os::ReadFile(fmt::format("{}/{}", sysctls, entry.file));
    if (value && Trim(*value) == entry.forbids) return entry.fix;
  }
  return {};
}

std::string UserNamespaceFix() {
  return SwitchFix("/proc/sys", RulesTheMachine() ? Caller::kRuler : Caller::kOrdinary);
}

std::string FixOrOuter() {
  const std::string fix = UserNamespaceFix();
  return !fix.empty() ? fix : fmt::format("start the outer container with {}", kOuterOptions);
}

Error WithFix(Error error) {
  if (const std::string fix = UserNamespaceFix(); !fix.empty()) {
    error.message += fmt::format(". Run \"{}\"", fix);
  } else if (error.code == Code::kDenied || error.code == Code::kUnsupported) {
    error.message += fmt::format(
        ". In a container: start it with {}. Else \"aileron doctor\" tells what is missing",
        kOuterOptions);
  }
  return error;
}

Status WithFix(Status status) {
  if (status) return status;
  return std::unexpected(WithFix(std::move(status.error())));
}

}  // namespace aileron::sandbox
