#include "http/h2_memory.h"

#include <gtest/gtest.h>

#include <cstring>

namespace aileron::http {
namespace {

TEST(H2Memory, GrowsWithItsContentAndStartsZeroedWhenAskedTo) {
  nghttp2_mem& memory = *WipedMemory();
  auto* piece = static_cast<char*>(memory.calloc(3, 5, memory.mem_user_data));
  for (int i = 0; i < 15; ++i) EXPECT_EQ(piece[i], 0);
  std::memcpy(piece, "secret", 6);
  piece = static_cast<char*>(memory.realloc(piece, 1 << 16, memory.mem_user_data));
  EXPECT_EQ(std::memcmp(piece, "secret", 6), 0);
  piece = static_cast<char*>(memory.realloc(piece, 3, memory.mem_user_data));
  EXPECT_EQ(std::memcmp(piece, "sec", 3), 0);
  memory.free(piece, memory.mem_user_data);
  memory.free(nullptr, memory.mem_user_data);
}

TEST(H2Memory, ASizeThatOverflowsIsRefused) {
  nghttp2_mem& memory = *WipedMemory();
  EXPECT_EQ(memory.calloc(SIZE_MAX / 2, 3, memory.mem_user_data), nullptr);
}

}  // namespace
}  // namespace aileron::http
