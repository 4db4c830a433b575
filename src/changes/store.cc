#include "changes/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "base/text.h"
#include "base/ulid.h"
#include "base/wire.h"
#include "changes/apply.h"
#include "changes/limits.h"
#include "os/beneath.h"
#include "os/remove_tree.h"

namespace aileron::changes {

namespace {

constexpr std::string_view kFolder = "changes";
constexpr std::uint32_t kVersion = 2, kWithoutSnapshots = 1;
constexpr std::uint8_t kCopied = 1, kCopies = 2;
constexpr const char* kParts[] = {"home", "tmp", "vartmp", "upper"};
constexpr const char* kProbe = "user.aileron.probe";

std::string Top(const os::Paths& paths) { return fmt::format("{}/{}", paths.state, kFolder); }

os::Fd OpenLock(const std::string& folder, int more, std::string_view name = "lock") {
  const std::string path = fmt::format("{}/{}", folder, name);
  return os::Fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | more, 0600));
}

std::int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

std::string Encode(const Facts& facts) {
  WireWriter out;
  out.U32(kVersion);
  out.Text(facts.session);
  out.U8((facts.copied ? kCopied : 0) | (facts.copies ? kCopies : 0));
  out.U8(facts.kept ? 1 : 0);
  out.Text(facts.image);
  out.Text(facts.workspace);
  out.U64(static_cast<std::uint64_t>(facts.since_ns));
  out.U64(facts.device);
  out.U64(facts.inode);
  out.U8(facts.snapshot ? 1 : 0);
  out.Text(facts.name);
  out.Text(facts.origin);
  return out.Take();
}

Result<Facts> ReadFacts(const std::string& folder) {
  AILERON_ASSIGN(const std::string bytes, os::ReadFile(folder + "/facts", limits::kFacts));
  WireReader in(bytes);
  const std::uint32_t version = in.U32();
  if (version != kVersion && version != kWithoutSnapshots)
    return Fail(Code::kUnsupported, "{} was written by another version of aileron", folder);
  Facts facts;
  facts.session = in.Text();
  const std::uint8_t copy = in.U8();
  facts.copied = (copy & kCopied) != 0;
  facts.copies = copy != 0;
  facts.kept = in.U8() != 0;
  facts.image = in.Text();
  facts.workspace = in.Text();
  facts.since_ns = static_cast<std::int64_t>(in.U64());
  facts.device = in.U64();
  facts.inode = in.U64();
  if (version != kWithoutSnapshots) {
    facts.snapshot = in.U8() != 0;
    facts.name = in.Text();
    facts.origin = in.Text();
  }
  AILERON_TRY(in.Done());
  return facts;
}

Result<os::Fd> OpenFolder(const std::string& path) {
  os::Fd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return os::FailErrno("cannot open {}", path);
  return folder;
}

// Whose launcher was killed before its session had an id, and what was not removed to its end.
void RemoveStale(const std::string& top) {
  const auto folder = OpenFolder(top);
  if (!folder) return;
  const auto names = os::ListBeneath(*folder, ".");
  if (!names) return;
  for (const std::string& name : *names) {
    const std::string facts = fmt::format("{}/{}/facts", top, name);
    if (access(facts.c_str(), F_OK) == 0) continue;
    const os::Fd lock = OpenLock(top + "/" + name, 0);
    if (lock && flock(lock.get(), LOCK_EX | LOCK_NB) != 0) continue;
    (void)os::RemoveTree(*folder, name);
  }
}

std::uint64_t BlocksIn(const os::Fd& folder, std::size_t depth) {
  std::uint64_t bytes = 0;
  const auto names = os::ListBeneath(folder, ".");
  if (!names) return 0;
  for (const std::string& name : *names) {
    struct stat info;
    if (fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    bytes += static_cast<std::uint64_t>(info.st_blocks) * 512;
    if (!S_ISDIR(info.st_mode) || depth == 0) continue;
    const os::Fd below(
        openat(folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (below) bytes += BlocksIn(below, depth - 1);
  }
  return bytes;
}

// One launch at a time: a new folder has no lock for a moment, and would be taken for a stale one.
Result<os::Fd> LockAll(const os::Paths& paths) {
  AILERON_ASSIGN(os::Fd all, OpenFolder(Top(paths)));
  if (flock(all.get(), LOCK_EX) != 0) return os::FailErrno("cannot lock {}", Top(paths));
  return all;
}

// By who has locked all.
Result<Begun> MakeFolder(const os::Paths& paths, Facts facts) {
  const std::string top = Top(paths);
  RemoveStale(top);
  Begun begun{.folder = fmt::format("{}/{}-{}", top, NowNs(), getpid()), .facts = std::move(facts)};
  if (mkdir(begun.folder.c_str(), 0700) != 0) return os::FailErrno("cannot make {}", begun.folder);
  begun.lock = OpenLock(begun.folder, O_CREAT);
  if (!begun.lock || flock(begun.lock.get(), LOCK_EX | LOCK_NB) != 0)
    return os::FailErrno("cannot lock {}", begun.folder);
  return begun;
}

std::unexpected<Error> StillRuns(const Copy& copy) {
  const os::Fd lock = OpenLock(copy.folder, 0);
  if (lock && flock(lock.get(), LOCK_SH | LOCK_NB) == 0) {
    return Fail(Code::kUnavailable,
                "{} is being copied, by \"aileron session fork\" or \"snapshot\"; try again when "
                "that is done",
                copy.session);
  }
  return Fail(Code::kUnavailable,
              "{} runs still, or somebody else applies it. \"aileron session stop {}\" ends it",
              copy.session, copy.session);
}

// Of a snapshot, or nothing.
Status CheckName(const os::Paths& paths, const std::string& name) {
  if (name.empty()) return {};
  const bool plain = name.size() <= limits::kName && name[0] != '-' && name[0] != '.' &&
                     std::ranges::all_of(name, [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
                     });
  if (!plain || Ulid::Parse(name)) {
    return Fail(Code::kInvalid,
                "\"{}\" is no name for a snapshot: at most {} letters, digits, \"-\", \"_\" and "
                "\".\", and no session's id",
                Printable(name), limits::kName);
  }
  for (const Copy& copy : List(paths)) {
    if (copy.facts.name == name)
      return Fail(Code::kInvalid, "there is a snapshot {} already; \"aileron session remove {}\"",
                  name, name);
  }
  return {};
}

// All that the sandbox had but overlayfs's own, which each mount makes anew.
Status CloneParts(const Copy& source, const Begun& made, const CloneProgress& progress) {
  std::uint64_t before = 0;
  for (const char* part : kParts) {
    const auto from = OpenFolder(fmt::format("{}/{}", source.folder, part));
    if (!from && from.error().code == Code::kNotFound) continue;
    if (!from) return std::unexpected(from.error());
    const std::string path = fmt::format("{}/{}", made.folder, part);
    if (mkdir(path.c_str(), 0700) != 0) return os::FailErrno("cannot make {}", path);
    AILERON_ASSIGN(const os::Fd to, OpenFolder(path));
    std::uint64_t all = before;
    const Status cloned = Clone(*from, to, [&](std::uint64_t bytes) {
      all = before + bytes;
      if (progress) progress(all);
    });
    if (!cloned) return Wrap(cloned.error(), "cannot copy {} of {}", part, source.session);
    before = all;
  }
  return {};
}

}  // namespace

Result<Begun> Begin(const os::Paths& paths, const std::string& workspace) {
  Facts facts;
  facts.workspace = workspace;
  struct stat info;
  if (stat(workspace.c_str(), &info) != 0) return os::FailErrno("cannot look at {}", workspace);
  facts.device = info.st_dev;
  facts.inode = info.st_ino;
  // Before anything is copied: what the host changes from now on is seen as changed.
  facts.since_ns = NowNs();

  AILERON_TRY(os::MakePrivateFolder(Top(paths)));
  AILERON_ASSIGN(const os::Fd all, LockAll(paths));
  return MakeFolder(paths, std::move(facts));
}

Result<Copy> Duplicate(const os::Paths& paths, const Copy& source, As as, const std::string& name,
                       const CloneProgress& progress) {
  if (!source.facts.kept) {
    return Fail(Code::kInvalid,
                "{} was not launched with --keep, and nothing of its sandbox is left to copy",
                source.session);
  }
  AILERON_TRY(CheckName(paths, name));
  // Others may want to copy it, too.
  const os::Fd lock = OpenLock(source.folder, O_CREAT);
  if (!lock || flock(lock.get(), LOCK_SH | LOCK_NB) != 0) return StillRuns(source);
  // One after the other: what shuts its owner out is opened for a moment (changes/clone.h).
  const os::Fd alone = OpenLock(source.folder, O_CREAT, "copying");
  if (!alone || flock(alone.get(), LOCK_EX) != 0)
    return os::FailErrno("cannot lock {}", source.folder);
  // Another one may have gone on with it before the lock was taken.
  AILERON_ASSIGN(const Copy now, Find(paths, source.session));
  Facts facts = now.facts;
  facts.snapshot = as == As::kSnapshot;
  facts.name = name;
  facts.origin = now.session;
  auto made = [&]() -> Result<Begun> {
    AILERON_ASSIGN(const os::Fd all, LockAll(paths));
    return MakeFolder(paths, std::move(facts));
  }();
  if (!made) return std::unexpected(std::move(made.error()));
  Status done = CloneParts(now, *made, progress);
  if (done) {
    // The name of one that was faster counts.
    AILERON_ASSIGN(const os::Fd all, LockAll(paths));
    done = CheckName(paths, name);
    if (done) done = NameIt(*made, Ulid::Make(Now()).ToString());
  }
  if (!done) {
    (void)os::RemoveTree(made->folder);
    return std::unexpected(std::move(done.error()));
  }
  return Copy{.session = made->facts.session, .folder = made->folder, .facts = made->facts};
}

Status CheckNoSnapshot(const Copy& copy, const std::string& called) {
  if (!copy.facts.snapshot) return {};
  return Fail(
      Code::kInvalid,
      "{} is a snapshot, which stays as it is. \"aileron session fork {}\" makes a session of it",
      called, called);
}

Result<Begun> BeginAgain(const os::Paths& paths, const std::string& session) {
  AILERON_ASSIGN(Copy copy, Find(paths, session));
  AILERON_TRY(CheckNoSnapshot(copy, session));
  if (!copy.facts.kept) {
    return Fail(Code::kInvalid,
                "{} was not launched with --keep, and nothing of its sandbox is left to resume",
                session);
  }
  AILERON_ASSIGN(os::Fd lock, Hold(copy));
  // Another one may have gone on with it, or applied it, before the lock was taken.
  AILERON_ASSIGN(copy, Find(paths, session));
  struct stat info;
  const std::string& workspace = copy.facts.workspace;
  if (stat(workspace.c_str(), &info) != 0 || info.st_dev != copy.facts.device ||
      info.st_ino != copy.facts.inode) {
    return Fail(Code::kInvalid, "{} is gone, or another folder than the one that {} worked in",
                Printable(workspace), session);
  }
  return Begun{
      .folder = std::move(copy.folder), .lock = std::move(lock), .facts = std::move(copy.facts)};
}

Status MakeCopy(Begun& begun) {
  const std::string upper = begun.folder + "/upper";
  // What a killed removal left is nobody's work any more.
  if (!begun.facts.copied) {
    AILERON_TRY(os::RemoveTree(upper));
    AILERON_TRY(os::RemoveTree(begun.folder + "/work"));
  }
  for (const std::string& path : {upper, begun.folder + "/work"}) {
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
      return os::FailErrno("cannot make {}", path);
  }
  if (setxattr(upper.c_str(), kProbe, "", 0, 0) != 0) {
    return Fail(Code::kUnsupported,
                "the file system of {} keeps no extended attributes, which a copy of the workspace "
                "needs. Set XDG_STATE_HOME to a folder on ext4, xfs or btrfs, or launch without "
                "--workspace=overlay",
                begun.folder);
  }
  (void)removexattr(upper.c_str(), kProbe);
  // A copy that was there already is as old as it is.
  if (!begun.facts.copied) begun.facts.since_ns = NowNs();
  begun.facts.copied = begun.facts.copies = true;
  return {};
}

Status NameIt(Begun& begun, const std::string& session) {
  begun.facts.session = session;
  return os::ReplaceFile(begun.folder + "/facts", Encode(begun.facts), 0600);
}

Result<Copy> Find(const os::Paths& paths, const std::string& session) {
  const bool id = Ulid::Parse(session).has_value();
  for (Copy& copy : List(paths)) {
    if (copy.session == session || (!id && !session.empty() && copy.facts.name == session))
      return std::move(copy);
  }
  if (!id) {
    return Fail(Code::kInvalid,
                "\"{}\" is no session's id and no snapshot's name; \"aileron session list\" and "
                "\"aileron session snapshots\" show them",
                Printable(session));
  }
  return Fail(Code::kNotFound,
              "nothing of {} is left: it was launched with neither --keep nor --workspace=overlay, "
              "changed nothing, or was removed",
              session);
}

Result<Copy> FindCopy(const os::Paths& paths, const std::string& session) {
  auto copy = Find(paths, session);
  if (copy && copy->facts.copied) return copy;
  if (!copy && copy.error().code != Code::kNotFound) return copy;
  return Fail(
      Code::kNotFound,
      "{} has no copy of a workspace: it was not launched with --workspace=overlay, changed "
      "nothing, or was applied or discarded",
      session);
}

std::vector<Copy> List(const os::Paths& paths) {
  std::vector<Copy> copies;
  const auto folder = OpenFolder(Top(paths));
  if (!folder) return copies;
  const auto names = os::ListBeneath(*folder, ".");
  if (!names) return copies;
  for (const std::string& name : *names) {
    Copy copy{.session = {}, .folder = fmt::format("{}/{}", Top(paths), name), .facts = {}};
    auto facts = ReadFacts(copy.folder);
    if (!facts || !Ulid::Parse(facts->session)) continue;
    copy.facts = *std::move(facts);
    copy.session = copy.facts.session;
    const os::Fd lock = OpenLock(copy.folder, 0);
    copy.running = lock && flock(lock.get(), LOCK_SH | LOCK_NB) != 0;
    copies.push_back(std::move(copy));
  }
  std::ranges::sort(copies, {}, &Copy::session);
  return copies;
}

Result<Opened> Open(const Copy& copy) {
  Opened opened;
  AILERON_ASSIGN(opened.upper, OpenFolder(copy.folder + "/upper"));
  const os::Fd top(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  auto host = os::OpenBeneath(top, copy.facts.workspace.substr(1), O_RDONLY | O_DIRECTORY);
  struct stat info;
  if (!host || fstat(host->get(), &info) != 0 || info.st_dev != copy.facts.device ||
      info.st_ino != copy.facts.inode) {
    return Fail(Code::kUnavailable,
                "{} is gone, or another folder than the one that the session had. The changes are "
                "in {}/upper",
                copy.facts.workspace, copy.folder);
  }
  opened.host = *std::move(host);
  return opened;
}

Result<os::Fd> Hold(const Copy& copy) {
  os::Fd lock = OpenLock(copy.folder, O_CREAT);
  if (lock && flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  return StillRuns(copy);
}

std::string TemporaryName(const Copy& copy) {
  return fmt::format(".aileron-apply-{}", copy.session);
}

Status NoteApplying(const Copy& copy, const std::string& folder) {
  return os::ReplaceFile(copy.folder + "/applying", folder, 0600);
}

void CleanUp(const Copy& copy, const os::Fd& host) {
  const auto folder = os::ReadFile(copy.folder + "/applying", limits::kFacts);
  if (!folder) return;
  RemoveTemporary(host, *folder, TemporaryName(copy));
  (void)unlink((copy.folder + "/applying").c_str());
}

std::uint64_t SizeOf(const Copy& copy) {
  const auto folder = OpenFolder(copy.folder);
  return folder ? BlocksIn(*folder, limits::kDepth) : 0;
}

Status Remove(const os::Paths& paths, const Copy& copy) {
  AILERON_ASSIGN(const os::Fd folder, OpenFolder(Top(paths)));
  // Without its facts it is none any more, also when this is killed in the middle.
  (void)unlink((copy.folder + "/facts").c_str());
  return os::RemoveTree(folder, copy.folder.substr(copy.folder.rfind('/') + 1));
}

Status RemoveCopy(const os::Paths& paths, const Copy& copy) {
  if (!copy.facts.kept) return Remove(paths, copy);
  Facts facts = copy.facts;
  facts.copied = false;
  AILERON_TRY(os::ReplaceFile(copy.folder + "/facts", Encode(facts), 0600));
  AILERON_TRY(os::RemoveTree(copy.folder + "/upper"));
  return os::RemoveTree(copy.folder + "/work");
}

}  // namespace aileron::changes
