// Lock files of features, which projects bring.
#include "build/feature_lock.h"

#include "fuzz/pieces.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::build;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto lock = FeatureLock::Parse(AsText(data, size), "lock");
  if (lock) {
    const std::string digest = lock->DigestOf("ghcr.io/devcontainers/features/node:1");
    Expect(digest.empty() || digest.size() == 71);
  }
  return 0;
}
