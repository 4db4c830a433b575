// StackImage: what the kernel put on the stack of a program that has not begun.
//
// The System V ABI for x86-64 ("Initial Process Stack"), from the stack pointer upwards, in words
// of 8 bytes:
//
//   stack   = argc, argc × address, 0, *environment address, 0, *(type, value), (AT_NULL, …), …
//   strings = the arguments, then the environment, each with a NUL, in the order of their addresses
//
// The kernel writes it so, but other processes of the same user can write there, too. Hence nothing
// is taken as given: every address has to be where the kernel would have put it, and everything is
// bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace aileron::mediation {

struct StackImage {
  std::vector<std::string> argv;
  std::string name;               // of the file, as it was asked for (AT_EXECFN)
  std::uint64_t environment = 0;  // where the array of its addresses is
};

// Reads what is at `address`: as much as is there, at least one byte.
using ReadAt = std::function<Result<std::size_t>(std::uint64_t address, std::span<char> into)>;

// kInvalid for what no kernel writes, or for more than limits::kWords and limits::kWordBytes.
Result<StackImage> ReadStack(const ReadAt& read, std::uint64_t stack);

}  // namespace aileron::mediation
