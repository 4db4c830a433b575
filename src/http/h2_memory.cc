#include "http/h2_memory.h"

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/secret.h"

namespace aileron::http {
namespace {

// Each piece has its size in front.
constexpr std::size_t front = alignof(std::max_align_t);

void* Allocate(std::size_t size, void*) {
  auto* piece = static_cast<char*>(std::malloc(front + size));
  if (piece == nullptr) return nullptr;
  std::memcpy(piece, &size, sizeof size);
  return piece + front;
}

std::size_t SizeOf(void* memory) {
  std::size_t size = 0;
  std::memcpy(&size, static_cast<char*>(memory) - front, sizeof size);
  return size;
}

void Free(void* memory, void*) {
  if (memory == nullptr) return;
  Wipe({static_cast<char*>(memory), SizeOf(memory)});
  std::free(static_cast<char*>(memory) - front);
}

void* AllocateZeroed(std::size_t count, std::size_t size, void*) {
  if (size != 0 && count > (SIZE_MAX - front) / size) return nullptr;
  void* memory = Allocate(count * size, nullptr);
  if (memory != nullptr) std::memset(memory, 0, count * size);
  return memory;
}

void* Reallocate(void* memory, std::size_t size, void*) {
  if (memory == nullptr) return Allocate(size, nullptr);
  void* fresh = Allocate(size, nullptr);
  if (fresh == nullptr) return nullptr;
  std::memcpy(fresh, memory, std::min(size, SizeOf(memory)));
  Free(memory, nullptr);
  return fresh;
}

}  // namespace

nghttp2_mem* WipedMemory() {
  static nghttp2_mem memory = {nullptr, Allocate, Free, AllocateZeroed, Reallocate};
  return &memory;
}

}  // namespace aileron::http
