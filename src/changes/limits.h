// Bounds of what is read of a tree that an agent wrote.
#pragma once

#include <cstddef>
#include <cstdint>

namespace aileron::changes::limits {

constexpr std::size_t kChanges = 200'000;  // of one tree, that are told or carried out at once
constexpr std::size_t kDepth = 200;        // folders in each other; each takes two descriptors
constexpr std::size_t kTarget = 4096;      // of a link
constexpr std::size_t kPiece = 128u << 10;
constexpr std::size_t kFacts = 64u << 10;  // of a session's file

}  // namespace aileron::changes::limits
