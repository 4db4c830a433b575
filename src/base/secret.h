// Secret: bytes that must not leak.
//
// The memory is page-granular, locked (where RLIMIT_MEMLOCK allows), left out of core dumps and of
// forked children, and wiped before it is freed. There is no copy, no ==, no printing; `grep
// Reveal` lists every reader. Never hold a secret in a std::string: a moved short string leaves its
// bytes behind.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace aileron {

class Secret {
 public:
  Secret() = default;
  // Copies `bytes` in. The caller wipes its own copy (see Wipe).
  explicit Secret(std::string_view bytes);
  // `size` zero bytes, to be filled through RevealWritable().
  static Secret OfSize(std::size_t size);

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  // The bytes. Use them at once and keep no copy.
  std::string_view Reveal() const { return {data_, size_}; }
  std::span<char> RevealWritable() { return {data_, size_}; }

  // Shortens to `size` bytes and wipes the rest.
  void Truncate(std::size_t size);
  // A second owner, said aloud.
  Secret Duplicate() const { return Secret(Reveal()); }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t mapped_ = 0;
};

// Overwrites memory in a way that the compiler may not drop.
void Wipe(std::span<char> bytes);

}  // namespace aileron
