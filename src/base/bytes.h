// ByteBuffer: a bounded queue of bytes in one piece. Producers write at the end, consumers take
// from the front; memory moves only when the free end is too small. Who fills it keeps to Room(),
// and that is the back pressure. A buffer of Contents::kSecret wipes each byte as it leaves or
// moves, and the rest in the end.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/secret.h"

namespace aileron {

enum class Contents : unsigned char { kPlain, kSecret };

class ByteBuffer {
 public:
  // Holds at most `bound` bytes. Memory is taken when it is first needed (see Release).
  explicit ByteBuffer(std::size_t bound, Contents contents = Contents::kPlain)
      : bound_(bound), contents_(contents) {}
  ~ByteBuffer() { WipeSecret(0, capacity_); }
  ByteBuffer(ByteBuffer&& other) noexcept
      : bound_(other.bound_),
        contents_(other.contents_),
        data_(std::move(other.data_)),
        capacity_(std::exchange(other.capacity_, 0)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)) {}
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    std::swap(bound_, other.bound_);
    std::swap(contents_, other.contents_);
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    return *this;
  }

  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return end_ - begin_; }
  std::size_t bound() const { return bound_; }
  // How many bytes may still be added.
  std::size_t Room() const { return bound_ - size(); }

  std::string_view View() const { return {data_.get() + begin_, size()}; }
  void Consume(std::size_t count) {
    AILERON_CHECK(count <= size());
    WipeSecret(begin_, count);
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  // Free space at the end, at least `least` bytes (≤ Room()); follow with Commit(what was written).
  std::span<char> Prepare(std::size_t least) {
    AILERON_CHECK(least <= Room());
    Reserve(least);
    return {data_.get() + end_, std::min(capacity_ - end_, Room())};
  }
  void Commit(std::size_t count) {
    AILERON_CHECK(count <= capacity_ - end_);
    end_ += count;
  }
  // Adds all of `bytes`; they must fit in Room().
  void Append(std::string_view bytes) {
    if (bytes.empty()) return;
    AILERON_CHECK(bytes.size() <= Room());
    Reserve(bytes.size());
    std::memcpy(data_.get() + end_, bytes.data(), bytes.size());
    end_ += bytes.size();
  }

  // Gives the memory back while empty: an idle connection should own nothing.
  void Release() {
    if (!empty()) return;
    WipeSecret(0, capacity_);
    data_.reset();
    capacity_ = begin_ = end_ = 0;
  }

 private:
  void Reserve(std::size_t more) {
    if (capacity_ - end_ >= more) return;
    const std::size_t used = size();
    if (used + more <= capacity_) {
      std::memmove(data_.get(), data_.get() + begin_, used);
      WipeSecret(used, end_ - used);
    } else {
      std::size_t grown = std::max<std::size_t>(capacity_ * 2, 4096);
      while (grown < used + more) grown *= 2;
      grown = std::max(std::min(grown, bound_), used + more);
      auto fresh = std::make_unique_for_overwrite<char[]>(grown);
      if (used != 0) std::memcpy(fresh.get(), data_.get() + begin_, used);
      WipeSecret(0, capacity_);
      data_ = std::move(fresh);
      capacity_ = grown;
    }
    begin_ = 0;
    end_ = used;
  }

  void WipeSecret(std::size_t from, std::size_t count) {
    if (contents_ == Contents::kSecret && count != 0) Wipe({data_.get() + from, count});
  }

  std::size_t bound_;
  Contents contents_;
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace aileron
