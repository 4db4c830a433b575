#include "sandbox/java_trust.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "base/free_with.h"
#include "crypto/java_trust_store.h"
#include "crypto/limits.h"
#include "os/fd.h"
#include "os/mounts.h"
#include "sandbox/spec.h"

namespace aileron::sandbox {

namespace {

// Debian, Alpine and Arch; Red Hat twice; SUSE.
constexpr const char* kStores[] = {"/etc/ssl/certs/java/cacerts", "/etc/pki/java/cacerts",
                                   "/etc/pki/ca-trust/extracted/java/cacerts",
                                   "/var/lib/ca-certificates/java-cacerts"};
// Folders of JDKs: packages', Oracle's, and those of images.
constexpr const char* kHomes[] = {"/usr/lib/jvm", "/usr/lib64/jvm", "/usr/java",
                                  "/opt/java",    "/opt",           "/usr/local"};
// Below a JDK, and in one of version 8.
constexpr const char* kInHome[] = {"/lib/security", "/jre/lib/security"};
// Where Java finds jssecacerts, it does not look at cacerts.
constexpr const char* kNames[] = {"/jssecacerts", "/cacerts"};
constexpr std::size_t kNamesMax = 256;  // looked at in each of the folders
// Of all copies together: they lie in memory, in a folder that has 16 MiB.
constexpr std::size_t kBytesMax = 8u << 20;
constexpr std::string_view kAlias = "aileron session authority";

void CloseFolder(DIR* folder) { closedir(folder); }

void AddOfHome(const std::string& root, const std::string& home, std::vector<std::string>& paths) {
  for (const char* in_home : kInHome) {
    const std::string folder = home + in_home;
    // Most of what is looked at, at each launch, is no JDK.
    if (access((root + folder).c_str(), F_OK) != 0) continue;
    for (const char* name : kNames) {
      std::string path = folder + name;
      if (access((root + path).c_str(), F_OK) == 0) paths.push_back(std::move(path));
    }
  }
}

// A file that everybody may read: the copy can be read by everybody.
bool IsStore(const struct stat& info) {
  const auto size = static_cast<std::size_t>(info.st_size);
  return S_ISREG(info.st_mode) && (info.st_mode & S_IROTH) != 0 && size != 0 &&
         size <= crypto::limits::java_store_max;
}

// What all of a root's stores may take yet.
struct Budget {
  std::size_t stores = crypto::limits::java_stores;
  std::size_t bytes = crypto::limits::java_stores_bytes;
  long rounds = crypto::limits::java_stores_iterations;
  std::size_t copies = kBytesMax;

  // Before any of it is read.
  bool Take(const struct stat& info) {
    const auto size = static_cast<std::size_t>(std::max<off_t>(info.st_size, 0));
    if (stores == 0 || size > bytes) return false;
    --stores;
    bytes -= size;
    return true;
  }
};

Status WriteCopy(const std::string& path, std::string_view bytes) {
  const os::Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
  if (!file) return os::FailErrno("cannot create {}", path);
  return os::WriteAll(file.get(), bytes);
}

}  // namespace

std::vector<std::string> JavaStorePaths(const std::string& root, const std::string& java_home) {
  std::vector<std::string> paths;
  for (const char* path : kStores) {
    if (access((root + path).c_str(), F_OK) == 0) paths.emplace_back(path);
  }
  if (java_home.starts_with('/')) AddOfHome(root, java_home, paths);
  for (const char* homes : kHomes) {
    const std::unique_ptr<DIR, FreeWith<CloseFolder>> folder(opendir((root + homes).c_str()));
    if (!folder) continue;
    std::size_t seen = 0;
    while (const dirent* entry = readdir(folder.get())) {
      if (entry->d_name[0] == '.') continue;
      if (++seen > kNamesMax) break;
      AddOfHome(root, std::string(homes) + "/" + entry->d_name, paths);
    }
  }
  return paths;
}

namespace {

Status PutOver(const os::Fd& file, const std::string& copy, std::string_view bytes) {
  AILERON_TRY(WriteCopy(copy, bytes));
  AILERON_ASSIGN(const os::Fd tree, os::CloneTree(copy));
  AILERON_TRY(os::SetTreeAttributes(tree, MOUNT_ATTR_RDONLY));
  return os::AttachTree(tree, file);
}

}  // namespace

Status TrustInJava(std::string_view pem, const std::string& java_home) {
  struct stat runtime;
  if (stat(std::string(kRuntimeFolder).c_str(), &runtime) != 0)
    return os::FailErrno("cannot look at {}", kRuntimeFolder);
  std::set<std::pair<dev_t, ino_t>> done;
  Budget budget;
  for (const std::string& path : JavaStorePaths("", java_home)) {
    // Nothing of it is waited for: a pipe may stand there.
    const os::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat info;
    if (!file || fstat(file.get(), &info) != 0) continue;
    // A link leads to a copy that stands there already, or elsewhere into our folder.
    if (info.st_dev == runtime.st_dev || !done.emplace(info.st_dev, info.st_ino).second) continue;
    if (budget.stores == 0) break;
    // Of a store that is left as it is, "aileron sandbox check" tells.
    if (!IsStore(info) || !budget.Take(info)) continue;
    const std::string bytes =
        os::ReadAll(file, "cacerts", crypto::limits::java_store_max).value_or("");
    const auto store = crypto::AddToJavaTrustStore(bytes, pem, kAlias, budget.rounds);
    if (!store || store->size() > budget.copies) continue;
    budget.copies -= store->size();
    const std::string copy = fmt::format("{}/java-cacerts-{}", kRuntimeFolder, done.size());
    if (!PutOver(file, copy, *store)) (void)unlink(copy.c_str());
  }
  return {};
}

}  // namespace aileron::sandbox
