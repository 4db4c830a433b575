#include "base/secret.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "base/result.h"

namespace aileron {

Secret::Secret(std::string_view bytes) {
  *this = OfSize(bytes.size());
  if (!bytes.empty()) std::memcpy(data_, bytes.data(), bytes.size());
}

Secret Secret::OfSize(std::size_t size) {
  Secret secret;
  if (size == 0) return secret;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t mapped = (size + page - 1) / page * page;
  void* memory = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  AILERON_CHECK(memory != MAP_FAILED);
  // Best effort: an ordinary user's RLIMIT_MEMLOCK may be used up, and a secret in swap is still
  // better than none; core dumps and children are excluded in any case.
  (void)mlock(memory, mapped);
  (void)madvise(memory, mapped, MADV_DONTDUMP);
  (void)madvise(memory, mapped, MADV_WIPEONFORK);
  secret.data_ = static_cast<char*>(memory);
  secret.size_ = size;
  secret.mapped_ = mapped;
  return secret;
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_(std::exchange(other.mapped_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

Secret::~Secret() {
  if (data_ == nullptr) return;
  Wipe({data_, mapped_});
  munmap(data_, mapped_);
}

void Secret::Truncate(std::size_t size) {
  AILERON_CHECK(size <= size_);
  Wipe({data_ + size, size_ - size});
  size_ = size;
}

void Wipe(std::span<char> bytes) {
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
}

}  // namespace aileron
