#include "build/context.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ranges>

#include "base/text.h"
#include "build/fields.h"
#include "build/limits.h"
#include "os/beneath.h"

namespace aileron::build {
namespace {

using Kind = ContextEntry::Kind;

constexpr int kFile = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
constexpr int kLook = O_PATH | O_NOFOLLOW;
constexpr unsigned kPermissions = 07777;
constexpr std::size_t kPiece = 256 << 10;

// Hands all of a file to `take` in pieces; its digest.
template <typename Take>
Result<crypto::Digest> ReadPieces(const os::Fd& file, std::string_view path, const Take& take) {
  std::string piece(kPiece, '\0');
  crypto::Sha256 hash;
  while (true) {
    const ssize_t count = read(file.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os::FailErrno("cannot read {}", Printable(path));
    if (count == 0) return hash.Finish();
    const std::string_view bytes(piece.data(), static_cast<std::size_t>(count));
    hash.Update(bytes);
    AILERON_TRY(take(bytes));
  }
}

Result<std::string> LinkTarget(const os::Fd& link, std::string_view path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = readlinkat(link.get(), "", target.data(), target.size());
  if (size < 0) return os::FailErrno("cannot read the link {}", Printable(path));
  target.resize(static_cast<std::size_t>(size));
  return target;
}

std::unexpected<Error> FailChanged(std::string_view name, std::string_view path) {
  return Fail(Code::kUnavailable, "{}/{} was changed while it was read; build it again",
              Printable(name), Printable(path));
}

class Walk {
 public:
  Walk(const os::Fd& root, std::string_view name, const IgnoreRules& rules, StatCache& cache,
       Time now)
      : root_(root), name_(name), rules_(rules), cache_(cache), now_(now) {}

  Result<Context> Run() {
    AILERON_TRY(Folder(".", "", {}, 0));
    return std::move(context_);
  }

 private:
  std::string Shown(std::string_view path) const {
    return fmt::format("{}/{}", Printable(name_), Printable(path));
  }

  // `prefix` is the folder's path with a "/", or empty.
  Status Folder(const std::string& path, const std::string& prefix,
                const IgnoreRules::Matched& above, std::size_t depth) {
    if (depth > limits::kContextDepth) {
      return Fail(Code::kInvalid, "{} lies deeper than {} folders; leave it out in .dockerignore",
                  Shown(path), limits::kContextDepth);
    }
    AILERON_ASSIGN(const std::vector<std::string> names, os::ListBeneath(root_, path));
    for (const std::string& name : names) AILERON_TRY(Entry(prefix + name, above, depth));
    return {};
  }

  Status Entry(const std::string& path, const IgnoreRules::Matched& above, std::size_t depth) {
    IgnoreRules::Matched matched;
    const bool excluded = rules_.Excludes(path, above, matched);
    if (excluded && !rules_.MayTakeBackBelow(path)) return {};
    AILERON_ASSIGN(const os::Fd entry, os::OpenBeneath(root_, path, kLook));
    struct stat info;
    if (fstat(entry.get(), &info) != 0) return os::FailErrno("cannot look at {}", Shown(path));
    ContextEntry found{.mode = info.st_mode & kPermissions, .path = path};
    if (S_ISDIR(info.st_mode)) {
      found.kind = Kind::kFolder;
      const std::size_t before = context_.entries.size();
      AILERON_TRY(Add(std::move(found)));
      AILERON_TRY(Folder(path, path + "/", matched, depth + 1));
      // Nothing in it was taken back.
      if (excluded && context_.entries.size() == before + 1) context_.entries.pop_back();
      return {};
    }
    if (excluded || S_ISSOCK(info.st_mode)) return {};
    if (S_ISLNK(info.st_mode)) {
      found.kind = Kind::kLink;
      found.mode = 0;
      AILERON_ASSIGN(found.target, LinkTarget(entry, path));
      return Add(std::move(found));
    }
    if (!S_ISREG(info.st_mode)) {
      return Fail(
          Code::kInvalid,
          "{} is a pipe or a device, which no build can take; leave it out in .dockerignore",
          Shown(path));
    }
    AILERON_TRY(Content(info, found));
    return Add(std::move(found));
  }

  Status Content(struct stat info, ContextEntry& found) {
    found.size = static_cast<std::uint64_t>(info.st_size);
    auto digest = cache_.Find(info);
    if (!digest) {
      AILERON_ASSIGN(const os::Fd file, os::OpenBeneath(root_, found.path, kFile));
      // The times of what is read, which may be another file by now.
      if (fstat(file.get(), &info) != 0)
        return os::FailErrno("cannot look at {}", Shown(found.path));
      if (!S_ISREG(info.st_mode)) return FailChanged(name_, found.path);
      found.mode = info.st_mode & kPermissions;
      found.size = 0;
      AILERON_ASSIGN(digest,
                     ReadPieces(file, Shown(found.path), [&](std::string_view bytes) -> Status {
                       found.size += bytes.size();
                       return {};
                     }));
    }
    found.digest = *digest;
    cache_.Add(info, *digest, now_);
    ++context_.files;
    context_.bytes += found.size;
    return {};
  }

  Status Add(ContextEntry entry) {
    if (context_.entries.size() >= limits::kContextEntries) {
      return Fail(Code::kInvalid, "{} has more than {} files; leave some out in .dockerignore",
                  Printable(name_), limits::kContextEntries);
    }
    context_.entries.push_back(std::move(entry));
    return {};
  }

  const os::Fd& root_;
  std::string_view name_;
  const IgnoreRules& rules_;
  StatCache& cache_;
  Time now_;
  Context context_;
};

class Copy {
 public:
  Copy(const os::Fd& from, std::string_view name, std::string to)
      : from_(from), name_(name), to_(std::move(to)) {}

  Status Run(const Context& context) {
    if (mkdir(to_.c_str(), 0755) != 0) return os::FailErrno("cannot make {}", to_);
    for (const ContextEntry& entry : context.entries) AILERON_TRY(One(entry));
    // Last and from within, since one may not be entered or written to.
    for (const ContextEntry& entry : std::views::reverse(context.entries)) {
      if (entry.kind == Kind::kFolder && chmod(Place(entry).c_str(), entry.mode) != 0) {
        return os::FailErrno("cannot set the mode of {}", Printable(Place(entry)));
      }
    }
    return {};
  }

 private:
  std::string Place(const ContextEntry& entry) const {
    return fmt::format("{}/{}", to_, entry.path);
  }

  Status One(const ContextEntry& entry) {
    const std::string place = Place(entry);
    if (entry.kind == Kind::kFolder) {
      if (mkdir(place.c_str(), 0700) != 0) return os::FailErrno("cannot make {}", Printable(place));
      return {};
    }
    if (entry.kind == Kind::kLink) {
      if (symlink(entry.target.c_str(), place.c_str()) != 0) {
        return os::FailErrno("cannot make {}", Printable(place));
      }
      return {};
    }
    const auto file = os::OpenBeneath(from_, entry.path, kFile);
    struct stat info;
    if (!file || fstat(file->get(), &info) != 0 || !S_ISREG(info.st_mode)) {
      return FailChanged(name_, entry.path);
    }
    const os::Fd copy(
        open(place.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!copy) return os::FailErrno("cannot make {}", Printable(place));
    AILERON_ASSIGN(const crypto::Digest digest,
                   ReadPieces(*file, entry.path, [&](std::string_view bytes) {
                     return os::WriteAll(copy.get(), bytes);
                   }));
    if (digest != entry.digest) return FailChanged(name_, entry.path);
    // COPY keeps the time of a file, as docker has it.
    const timespec times[] = {info.st_atim, info.st_mtim};
    if (fchmod(copy.get(), entry.mode) != 0 || futimens(copy.get(), times) != 0) {
      return os::FailErrno("cannot set mode and time of {}", Printable(place));
    }
    return {};
  }

  const os::Fd& from_;
  std::string_view name_;
  std::string to_;
};

}  // namespace

std::string Context::Digest() const {
  FieldHash hash;
  for (const ContextEntry& entry : entries) {
    hash.Add(entry.kind == Kind::kFile ? "file" : entry.kind == Kind::kLink ? "link" : "folder");
    hash.Add(entry.path);
    hash.Add(fmt::format("{:o}", entry.mode));
    hash.Add(entry.kind == Kind::kFile ? crypto::AsText(entry.digest) : entry.target);
  }
  return hash.Finish();
}

Result<Context> ReadContext(const os::Fd& folder, std::string_view name, const IgnoreRules& rules,
                            StatCache& cache, Time now) {
  return Walk(folder, name, rules, cache, now).Run();
}

Status CopyContext(const os::Fd& folder, std::string_view name, const Context& context,
                   const std::string& to) {
  return Copy(folder, name, to).Run(context);
}

}  // namespace aileron::build
