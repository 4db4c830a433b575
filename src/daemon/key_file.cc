#include "daemon/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "crypto/aead.h"
#include "os/fd.h"

namespace aileron::daemon {

namespace {

constexpr std::size_t kSeedSize = 32;
constexpr std::size_t kFileSize = crypto::kAeadKeySize + kSeedSize;

// Under another name first, then linked: a start that is cut off leaves no half of a key behind,
// and of two starts one wins.
Status MakeFile(const std::string& path) {
  const Secret resume = crypto::MakeAeadKey();
  const Secret seed = crypto::SigningKey::Generate().Seed();
  const std::string fresh = fmt::format("{}.{}.new", path, getpid());
  unlink(fresh.c_str());
  os::Fd file(open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return os::FailErrno("cannot create {}", fresh);
  Status written = os::WriteAll(file.get(), resume.Reveal());
  if (written) written = os::WriteAll(file.get(), seed.Reveal());
  if (written && fsync(file.get()) != 0) written = os::FailErrno("cannot write {}", fresh);
  if (written && link(fresh.c_str(), path.c_str()) != 0 && errno != EEXIST) {
    written = os::FailErrno("cannot create {}", path);
  }
  unlink(fresh.c_str());
  return written;
}

Result<Secret> ReadSecretFile(const std::string& path) {
  os::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return os::FailErrno("cannot open {}", path);
  struct stat info;
  if (fstat(file.get(), &info) != 0) return os::FailErrno("cannot look at {}", path);
  if (!S_ISREG(info.st_mode) || info.st_uid != geteuid() || (info.st_mode & 077) != 0) {
    return Fail(Code::kInvalid,
                "{} must be a file of yours that nobody else can read. Run \"chmod 600 {}\".", path,
                path);
  }
  if (info.st_size != static_cast<off_t>(kFileSize)) {
    return Fail(Code::kInvalid,
                "{} is damaged: it has {} bytes, not {}. Remove it; running sessions must then be "
                "launched again.",
                path, info.st_size, kFileSize);
  }
  Secret bytes = Secret::OfSize(kFileSize);
  std::size_t filled = 0;
  while (filled < kFileSize) {
    const auto rest = bytes.RevealWritable().subspan(filled);
    const ssize_t count = read(file.get(), rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return os::FailErrno("cannot read {}", path);
    filled += static_cast<std::size_t>(count);
  }
  return bytes;
}

}  // namespace

Result<DaemonKeys> LoadKeys(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0 && errno == ENOENT) AILERON_TRY(MakeFile(path));
  AILERON_ASSIGN(const Secret bytes, ReadSecretFile(path));
  AILERON_ASSIGN(auto token,
                 crypto::SigningKey::FromSeed(Secret(bytes.Reveal().substr(crypto::kAeadKeySize))));
  return DaemonKeys{Secret(bytes.Reveal().substr(0, crypto::kAeadKeySize)), std::move(token)};
}

}  // namespace aileron::daemon
