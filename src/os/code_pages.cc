#include "os/code_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

// The linker's: where the file is mapped, and where its code ends. What may be written is behind.
extern "C" const char __executable_start;
extern "C" const char etext;

namespace aileron::os {

void GiveBackCodePages() {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(&__executable_start) & ~(page - 1);
  const auto end = reinterpret_cast<std::uintptr_t>(&etext) & ~(page - 1);
  if (begin < end) (void)madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace aileron::os
