#include "image/layer_work.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/text.h"
#include "image/limits.h"
#include "os/remove_tree.h"
#include "os/start_thread.h"

namespace aileron::image {
namespace {

constexpr auto kProgressEvery = std::chrono::milliseconds(100);

std::size_t Processors() {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  if (sched_getaffinity(0, sizeof usable, &usable) != 0) return 1;
  return std::max<std::size_t>(1, static_cast<std::size_t>(CPU_COUNT(&usable)));
}

// Whether what was unpacked is what was promised.
Status Compare(const SourceLayer& layer, const LayerResult& result) {
  const std::string name = Printable(layer.name);
  if (layer.digest && layer.digest->algorithm == Algorithm::kSha256 &&
      *layer.digest != result.digest) {
    return FailLying("the layer " + name, *layer.digest, result.digest);
  }
  if (layer.diff_id != result.diff_id) {
    return Fail(Code::kInvalid,
                "the layer {} is not the one that its image's config names: unpacked it is {}, and "
                "{} was promised. Copy the image anew",
                name, result.diff_id.Text(), layer.diff_id.Text());
  }
  return {};
}

class Work {
 public:
  Work(const Source& source, std::span<LayerJob> jobs, const LayerUnpacker& unpack)
      : source_(source), jobs_(jobs), unpack_(unpack) {
    for (const LayerJob& job : jobs) all_ += job.layer->size;
  }

  Status Run(std::size_t threads, const ImageProgress& progress);

 private:
  void TakeJobs();
  Result<LayerResult> Do(const LayerJob& job);
  Result<LayerResult> Read(const LayerJob& job, const Blob& blob);
  void Wait(const ImageProgress& progress);

  const Source& source_;
  std::span<LayerJob> jobs_;
  const LayerUnpacker& unpack_;
  std::uint64_t all_ = 0;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::uint64_t> read_ = 0;
  std::atomic<bool> failed_ = false;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::size_t running_ = 0;
  std::optional<Error> error_;  // the first
};

Result<LayerResult> Work::Do(const LayerJob& job) {
  while (true) {
    AILERON_ASSIGN(const Blob blob, source_.Open(*job.layer));
    auto result = Read(job, blob);
    if (blob.feed == nullptr) return result;
    // Why it ended early is known where it comes from.
    if (auto fed = blob.feed->Finish(); !fed) return std::unexpected(std::move(fed.error()));
    if (!result && failed_) return result;  // given up: a later pull goes on
    blob.feed->Forget();
    // What was kept may have been damaged since, or may never have been what was promised.
    if (result || !blob.feed->resumed()) return result;
  }
}

Result<LayerResult> Work::Read(const LayerJob& job, const Blob& blob) {
  Blob again;
  const Blob* unpacked = &blob;
  if (job.layer->digest && job.layer->digest->algorithm != Algorithm::kSha256) {
    // Unpacking tells sha256 alone, so this one is read twice.
    AILERON_TRY(Verify(blob, *job.layer->digest, "the layer " + Printable(job.layer->name)));
    AILERON_ASSIGN(again, source_.Open(*job.layer));
    unpacked = &again;
  }
  std::uint64_t before = 0;
  const auto told = [&](std::uint64_t read) -> Status {
    read_ += read - before;
    before = read;
    if (failed_) return Fail(Code::kUnavailable, "given up, since another layer failed");
    return {};
  };
  AILERON_ASSIGN(LayerResult result, unpack_(*unpacked, *job.layer, job.folder, told));
  AILERON_TRY(Compare(*job.layer, result));
  (void)told(job.layer->size);
  return result;
}

void Work::TakeJobs() {
  while (!failed_) {
    const std::size_t number = next_++;
    if (number >= jobs_.size()) break;
    auto result = Do(jobs_[number]);
    if (result) {
      jobs_[number].result = std::move(*result);
      continue;
    }
    const std::scoped_lock lock(mutex_);
    if (!error_) error_ = std::move(result.error());
    failed_ = true;
  }
  const std::scoped_lock lock(mutex_);
  --running_;
  changed_.notify_one();
}

void Work::Wait(const ImageProgress& progress) {
  std::unique_lock lock(mutex_);
  while (running_ > 0) {
    changed_.wait_for(lock, kProgressEvery);
    if (!progress) continue;
    lock.unlock();
    progress(read_, all_);
    lock.lock();
  }
}

Status Work::Run(std::size_t threads, const ImageProgress& progress) {
  std::vector<std::thread> started;
  for (std::size_t i = 0; i < threads; ++i) {
    {
      const std::scoped_lock lock(mutex_);
      ++running_;
    }
    auto thread = os::StartThread([this] { TakeJobs(); });
    if (!thread) {
      const std::scoped_lock lock(mutex_);
      --running_;
      if (started.empty()) return std::unexpected(thread.error());
      break;
    }
    started.push_back(*std::move(thread));
  }
  Wait(progress);
  for (std::thread& thread : started) thread.join();
  if (!error_) return {};
  // What cannot be removed now is removed by whoever needs the place next.
  for (const LayerJob& job : jobs_) (void)os::RemoveTree(job.folder);
  return std::unexpected(*error_);
}

}  // namespace

Status UnpackAll(const Source& source, std::span<LayerJob> jobs, const LayerUnpacker& unpack,
                 const ImageProgress& progress) {
  if (jobs.empty()) return {};
  return Work(source, jobs, unpack)
      .Run(std::min({limits::kThreadsMax, source.is_remote() ? limits::kThreadsMax : Processors(),
                     jobs.size()}),
           progress);
}

}  // namespace aileron::image
