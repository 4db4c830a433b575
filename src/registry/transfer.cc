#include "registry/transfer.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/text.h"
#include "crypto/hash.h"
#include "os/pipe.h"
#include "os/start_thread.h"
#include "registry/limits.h"
#include "registry/pause.h"

namespace aileron::registry {

namespace {

constexpr std::size_t kPiece = 256 << 10;
constexpr int kStopCheckMs = 100;
constexpr std::size_t kNameShort = 16;

// "bytes 5-9/10": where it begins (RFC 9110 §14.4).
std::optional<std::uint64_t> BeginOf(std::string_view range) {
  constexpr std::string_view kUnit = "bytes ";
  if (!range.starts_with(kUnit)) return std::nullopt;
  range.remove_prefix(kUnit.size());
  return ParseInteger<std::uint64_t>(range.substr(0, range.find('-')));
}

}  // namespace

Result<image::Blob> Transfer::Begin(Repository& repository, const image::Digest& digest,
                                    std::uint64_t size, const std::string& folder) {
  std::unique_ptr<Transfer> transfer(new Transfer(repository, digest, size));
  AILERON_ASSIGN(os::Pipe pipe, os::MakePipe());
  const int writer = pipe.writer.get();
  if (fcntl(writer, F_SETFL, O_NONBLOCK) != 0) return os::FailErrno("cannot set up a pipe");
  (void)fcntl(writer, F_SETPIPE_SZ, static_cast<int>(limits::kPipe));  // smaller serves, too
  transfer->writer_ = std::move(pipe.writer);
  image::Blob blob{.file = std::move(pipe.reader), .size = size, .feed = nullptr};
  if (!folder.empty()) transfer->OpenKept(folder);
  AILERON_ASSIGN(transfer->thread_, os::StartThread([raw = transfer.get()] { raw->Run(); }));
  blob.feed = std::move(transfer);
  return blob;
}

Transfer::~Transfer() {
  (void)Finish();
  struct stat info;
  if (kept_ && fstat(kept_.get(), &info) == 0 && info.st_size == 0) Forget();
}

Status Transfer::Finish() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  return outcome_;
}

void Transfer::Forget() {
  if (kept_) (void)unlink(path_.c_str());
  kept_.Reset();
}

// Nothing is kept when another transfer has the file.
void Transfer::OpenKept(const std::string& folder) {
  // One registry's bytes do not stand in for another's.
  const std::string repository = HexEncode(crypto::Hash(repository_.name())).substr(0, kNameShort);
  path_ = fmt::format("{}/{}-{}-{}", folder, Name(digest_.algorithm), digest_.hex, repository);
  os::Fd file(open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  struct stat info;
  if (!file || flock(file.get(), LOCK_EX | LOCK_NB) != 0 || fstat(file.get(), &info) != 0) return;
  if (info.st_nlink == 0 || !S_ISREG(info.st_mode)) return;  // removed before it was locked
  if (static_cast<std::uint64_t>(info.st_size) > size_ && ftruncate(file.get(), 0) != 0) return;
  kept_ = std::move(file);
}

void Transfer::Run() {
  sigset_t signals;
  sigfillset(&signals);  // those of the process are others' to take; SIGPIPE is an errno here
  (void)pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  outcome_ = PassOnKept();
  if (outcome_) outcome_ = Fetch();
  // Before the pipe ends: whoever sees its end has not stopped us.
  if (reader_left_ || stop_) outcome_ = {};
  writer_.Reset();
}

Status Transfer::PassOnKept() {
  if (!kept_) return {};
  std::vector<char> piece(kPiece);
  while (true) {
    const ssize_t count = read(kept_.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os::FailErrno("cannot read {}", path_);
    if (count == 0) return {};
    resumed_ = true;
    AILERON_TRY(Pass({piece.data(), static_cast<std::size_t>(count)}));
  }
}

Status Transfer::Fetch() {
  Duration pause = limits::kRetryFirst;
  for (int tries = 0; passed_ < size_; ++tries) {
    const std::uint64_t before = passed_;
    Status streamed = repository_.Stream(digest_, passed_, *this, stop_);
    // Whatever came behind it: who reads has all that was promised, and compares it.
    if (passed_ == size_) break;
    if (streamed) {
      streamed = Fail(Code::kUnavailable, "the registry sent {} of {} bytes of {}", passed_, size_,
                      digest_.Text());
    }
    if (passed_ > before) {
      tries = 0;
      pause = limits::kRetryFirst;
    }
    const bool worth = streamed.error().code == Code::kUnavailable && !stop_ && !reader_left_;
    if (!worth || tries == limits::kRetries) return streamed;
    Pause(pause, &stop_);
    pause *= 2;
  }
  return {};
}

Status Transfer::Begin(const http::ResponseHead& head) {
  if (head.status() != 206) {
    skip_ = passed_;
    return {};
  }
  skip_ = 0;
  const auto begin = BeginOf(head.headers.Find("Content-Range").value_or(""));
  if (begin == passed_) return {};
  return Fail(Code::kUnavailable, "the registry sent another part of {} than was asked for",
              digest_.Text());
}

Status Transfer::Take(std::string_view piece) {
  const std::size_t skipped = std::min<std::uint64_t>(skip_, piece.size());
  skip_ -= skipped;
  piece.remove_prefix(skipped);
  if (piece.size() > size_ - passed_) {
    return Fail(Code::kInvalid, "the registry sends more than the {} bytes that {} has", size_,
                digest_.Text());
  }
  Keep(piece);
  return Pass(piece);
}

// Where there is no room for it, going on later is what is lost.
void Transfer::Keep(std::string_view piece) {
  if (!kept_ || os::WriteAll(kept_.get(), piece)) return;
  Forget();
}

Status Transfer::Pass(std::string_view piece) {
  while (!piece.empty()) {
    if (stop_) return Fail(Code::kUnavailable, "given up");
    const ssize_t count = write(writer_.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      // Whoever reads may have stopped, and keeps its end open until we have, too.
      pollfd full{writer_.get(), POLLOUT, 0};
      (void)poll(&full, 1, kStopCheckMs);
      continue;
    }
    if (count < 0) {
      reader_left_ = errno == EPIPE;
      return os::FailErrno("cannot hand a layer's bytes on");
    }
    passed_ += static_cast<std::uint64_t>(count);
    piece.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace aileron::registry
