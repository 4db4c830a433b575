// Transfer: a layer on its way from a registry into a pipe, on a thread of its own.
//
// What has come is kept in a file as well, until all of it has been used: a transfer that is cut
// goes on where it was, in the same process or in a later one. A connection that breaks or stalls
// is made again, limits::kRetries times without a byte of progress. Nothing is verified here: who
// reads the pipe compares the digest.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "fetch/fetch.h"
#include "image/digest.h"
#include "image/source_files.h"
#include "os/fd.h"
#include "registry/repository.h"

namespace aileron::registry {

class Transfer final : public image::Feed, private fetch::Sink {
 public:
  // `folder` is where bytes are kept, or empty for nowhere. The repository outlives it.
  static Result<image::Blob> Begin(Repository& repository, const image::Digest& digest,
                                   std::uint64_t size, const std::string& folder);
  ~Transfer() override;

  Status Finish() override;
  bool resumed() const override { return resumed_; }
  void Forget() override;

 private:
  Transfer(Repository& repository, const image::Digest& digest, std::uint64_t size)
      : repository_(repository), digest_(digest), size_(size) {}

  void OpenKept(const std::string& folder);
  void Run();
  Status PassOnKept();
  Status Fetch();
  Status Begin(const http::ResponseHead& head) override;
  Status Take(std::string_view piece) override;
  Status Pass(std::string_view piece);
  void Keep(std::string_view piece);

  Repository& repository_;
  const image::Digest digest_;
  const std::uint64_t size_;
  std::string path_;          // of what is kept
  os::Fd kept_;               // locked; closed: nothing is kept
  os::Fd writer_;             // of the pipe
  std::uint64_t passed_ = 0;  // bytes written to the pipe
  std::uint64_t skip_ = 0;    // bytes that a registry sends again
  bool resumed_ = false;
  std::atomic<bool> stop_ = false;
  bool reader_left_ = false;
  Status outcome_;  // once the thread has ended
  std::thread thread_;
};

}  // namespace aileron::registry
