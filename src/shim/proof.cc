#include "shim/proof.h"

#include <arpa/inet.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "base/result.h"

namespace aileron::shim {

namespace {

// RFC 5737, TEST-NET-1: no site is there, and inside the sandbox every address is its own.
constexpr std::array kAddresses = {"127.0.0.1", "192.0.2.1"};
constexpr timeval kConnectWait = {0, 250'000};
constexpr const char* kMadeName = ".aileron-proof";
// The first version of Landlock that keeps abstract sockets apart.
constexpr unsigned kLandlockScopes = 6;
constexpr int kEveryProtocol = 0x0300;  // ETH_P_ALL, in network order

bool Opens(int family, int type, int protocol) {
  return static_cast<bool>(os::Fd(socket(family, type | SOCK_CLOEXEC, protocol)));
}

bool HasCapability() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2]{};
  if (syscall(SYS_capget, &header, sets) != 0) return true;
  for (const auto& set : sets) {
    if ((set.effective | set.permitted | set.inheritable) != 0) return true;
  }
  for (int capability = 0; capability <= 63; ++capability) {
    const int bounding = prctl(PR_CAPBSET_READ, capability);
    if (bounding < 0) break;  // past the last one that this kernel knows
    if (bounding > 0) return true;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0) > 0) return true;
  }
  return false;
}

// errno of a connection that was tried; 0 when somebody answered.
int ErrnoOfConnect(const char* address, std::uint16_t port) {
  const os::Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // A connection that nobody refuses must not make the launch wait for TCP's own patience.
  setsockopt(client.get(), SOL_SOCKET, SO_SNDTIMEO, &kConnectWait, sizeof kConnectWait);
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_port = htons(port);
  inet_pton(AF_INET, address, &target.sin_addr);
  return connect(client.get(), reinterpret_cast<sockaddr*>(&target), sizeof target) == 0 ? 0
                                                                                         : errno;
}

}  // namespace

Proof::Proof(const sandbox::Confinement& confinement) : confinement_(confinement) {
  TryCapabilities();
  if (confinement.landlock < kLandlockScopes) return;
  witness_ = os::Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un any{AF_UNIX, {}};  // the kernel chooses an abstract name
  const bool heard =
      bind(witness_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any.sun_family) == 0 &&
      listen(witness_.get(), 1) == 0;
  Refused(!heard, "landlock: the attempt could not be prepared");
}

void Proof::Refused(bool succeeded, std::string hole) {
  if (succeeded) missing_.push_back(std::move(hole));
}

std::vector<std::string> Proof::Missing() {
  TryFilter();
  TryLandlock();
  TryNetwork();
  TryFiles();
  return std::move(missing_);
}

void Proof::TryCapabilities() {
  Refused(getpid() != 1, "namespaces: the processes of the host can be seen");
  Refused(HasCapability(), "capabilities: one is left");
  Refused(chroot("/") == 0, "capabilities: the root folder could be changed");
  Refused(unshare(CLONE_NEWNS) == 0, "capabilities: a mount namespace could be made");
  Refused(Opens(AF_INET, SOCK_RAW, IPPROTO_ICMP), "network: a raw socket could be opened");
  Refused(Opens(AF_PACKET, SOCK_RAW, kEveryProtocol), "network: a packet socket could be opened");
}

void Proof::TryFilter() {
  Refused(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1,
          "capabilities: new privileges are not forbidden");
  Refused(prctl(PR_GET_SECCOMP) != SECCOMP_MODE_FILTER, "seccomp: there is no filter");
  // Reading the id of the keyring changes nothing and needs no privilege.
  const bool keyring = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) >= 0;
  Refused(keyring || (errno != EPERM && errno != ENOSYS), "seccomp: the user's keyring answers");
  for (const int family : {AF_VSOCK, AF_ALG, AF_BLUETOOTH}) {
    // Any other errno comes from the family's own code.
    Refused(Opens(family, SOCK_STREAM, 0) || errno != EAFNOSUPPORT,
            fmt::format("seccomp: a socket of address family {} could be opened", family));
  }
  if (confinement_.nesting == sandbox::Nesting::kAllowed) return;
  // A flag that does not exist goes with it: what is let in makes nothing.
  constexpr int kNoFlag = 1;
  Refused(unshare(CLONE_NEWUSER | kNoFlag) == 0 || errno != EPERM,
          "seccomp: a user namespace could be made");
}

void Proof::TryLandlock() {
  if (!witness_) return;
  sockaddr_un address{};
  socklen_t size = sizeof address;
  getsockname(witness_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  const os::Fd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Refused(connect(client.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0,
          "landlock: a socket outside of it could be reached");
  witness_.Reset();
}

void Proof::TryNetwork() {
  for (const char* address : kAddresses) {
    const int number = ErrnoOfConnect(address, confinement_.closed_port);
    Refused(number != ECONNREFUSED,
            fmt::format("network: {}:{} does not refuse a connection at once", address,
                        confinement_.closed_port));
  }
}

void Proof::TryFiles() {
  for (const std::string& path : confinement_.hidden) {
    struct stat info;
    Refused(lstat(path.c_str(), &info) == 0,
            fmt::format("namespaces: {} can be seen inside", path));
  }
  for (const std::string& folder : confinement_.read_only) {
    const std::string path = fmt::format("{}/{}", folder, kMadeName);
    // The mount is looked at before the folder's mode: another errno means that it can be written.
    const bool made = mkdir(path.c_str(), 0700) == 0;
    const bool refused = !made && errno == EROFS;
    if (made) rmdir(path.c_str());
    Refused(!refused, fmt::format("namespaces: the host's {} can be written", folder));
  }
}

}  // namespace aileron::shim
