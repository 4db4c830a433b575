#include "mediation/names.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <span>

#include "base/text.h"
#include "mediation/limits.h"

namespace aileron::mediation {

namespace {

// One name on its way.
class Walk {
 public:
  Walk(int root, const std::string& name) : root_(root), at_(Again(root)) { Ahead(name); }

  std::optional<Named> Run() {
    while (at_ && !ahead_.empty()) {
      const std::string part = std::move(ahead_.front());
      ahead_.pop_front();
      if (part.empty() || part == ".") continue;
      if (++parts_ > limits::kParts) return std::nullopt;
      if (part == "..") {
        Up();
      } else if (!Into(part)) {
        return std::nullopt;
      }
    }
    if (!at_) return std::nullopt;
    struct stat info;
    if (fstat(at_.get(), &info) != 0) return std::nullopt;
    named_.path = Here();
    named_.file = {info.st_dev, info.st_ino};
    named_.changed = info.st_ctim;
    named_.stable = stable_;
    named_.has_other_names = S_ISREG(info.st_mode) && info.st_nlink > 1;
    if (OnReadOnlyMount(at_.get())) named_.origin = command::Origin::kSystem;
    return std::move(named_);
  }

 private:
  static int Again(int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 0); }

  void Ahead(std::string_view name) {
    const std::vector<std::string_view> parts = Split(name, '/');
    ahead_.insert(ahead_.begin(), parts.begin(), parts.end());
  }

  // Past the empty parts and dots that a name may end with.
  bool Last() const {
    return std::ranges::all_of(ahead_, [](const auto& part) { return part.empty(); });
  }

  std::string Here(std::string_view part = {}) const {
    std::string path;
    for (const std::string& folder : where_) path += "/" + folder;
    if (!part.empty()) path.append("/").append(part);
    return path.empty() ? "/" : path;
  }

  void Restart() {
    const std::string here = "." + Here();
    at_.Reset(openat(root_, here.c_str(), O_PATH | O_CLOEXEC | O_NOFOLLOW));
  }

  void Up() {
    if (!where_.empty()) where_.pop_back();
    Restart();
  }

  bool Into(const std::string& part) {
    os::Fd next(openat(at_.get(), part.c_str(), O_PATH | O_CLOEXEC | O_NOFOLLOW));
    struct stat info;
    if (!next || fstat(next.get(), &info) != 0) return false;
    const bool fixed = OnReadOnlyMount(next.get());
    stable_ = stable_ && fixed;
    if (S_ISLNK(info.st_mode)) return Link(next, part, fixed);
    where_.push_back(part);
    at_ = std::move(next);
    return true;
  }

  bool Link(const os::Fd& link, const std::string& part, bool fixed) {
    std::string target(limits::kPath, '\0');
    const ssize_t size = readlinkat(link.get(), "", target.data(), target.size());
    if (size <= 0 || static_cast<std::size_t>(size) == target.size()) return false;
    if (++links_ > limits::kLinks) return false;
    if (fixed && Last()) named_.links.push_back(Here(part));
    target.resize(static_cast<std::size_t>(size));
    if (target.starts_with('/')) {
      where_.clear();
      Restart();
    }
    Ahead(target);
    return true;
  }

  int root_;
  os::Fd at_;
  std::deque<std::string> ahead_;
  std::vector<std::string> where_;
  std::size_t parts_ = 0;
  int links_ = 0;
  bool stable_ = true;
  Named named_;
};

}  // namespace

// The proc of the sandbox tells each process something else.
bool OnReadOnlyMount(int descriptor) {
  struct statfs info;
  if (fstatfs(descriptor, &info) != 0) return false;
  return (info.f_flags & ST_RDONLY) != 0 && info.f_type != PROC_SUPER_MAGIC;
}

std::optional<Named> Names::Follow(const std::string& name) const {
  if (!name.starts_with('/') || name.size() > limits::kPath) return std::nullopt;
  return Walk(root_.get(), name).Run();
}

bool Names::Stands(const Named& named) const {
  struct stat info;
  if (fstatat(root_.get(), named.path.c_str() + 1, &info, AT_SYMLINK_NOFOLLOW) != 0) return false;
  return FileId{info.st_dev, info.st_ino} == named.file &&
         info.st_ctim.tv_sec == named.changed.tv_sec &&
         info.st_ctim.tv_nsec == named.changed.tv_nsec;
}

std::string Names::HeadOf(const Named& named) const {
  // Not to wait for the other end of a pipe that took the file's place.
  const os::Fd file(openat(root_.get(), named.path.c_str() + 1,
                           O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  struct stat info;
  if (!file || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  if (FileId{info.st_dev, info.st_ino} != named.file) return {};
  std::string head(limits::kScriptHead, '\0');
  const ssize_t count = read(file.get(), head.data(), head.size());
  head.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return head;
}

}  // namespace aileron::mediation
