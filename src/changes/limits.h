// Bounds of what is read of a tree that an agent wrote.
#pragma once

#include <cstddef>
#include <cstdint>

namespace aileron::changes::limits {

constexpr std::size_t kChanges = 200'000;  // of one tree, that are told or carried out at once
constexpr std::size_t kDepth = 200;        // folders in each other; each takes two descriptors
constexpr std::size_t kTarget = 4096;      // of a link
constexpr std::size_t kPiece = 128u << 10;
constexpr std::size_t kAttributes = 64u << 10;  // bytes of their names, and of each (Linux's own)
constexpr std::size_t kLinked = 500'000;        // files of several names that are known again
constexpr std::size_t kName = 64;               // of a snapshot
constexpr std::size_t kPatchFile = 4u << 20;    // bytes of a file whose lines are compared
constexpr std::size_t kPatchEdits = 1000;  // between two files, of which the shortest are found
constexpr std::size_t kPatch = 64u << 20;  // of all files together
constexpr std::size_t kFacts = 64u << 10;  // of a session's file

}  // namespace aileron::changes::limits
