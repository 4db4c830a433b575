// Tested by tests/engine/test_engines.py.

#include "sandbox/enter.h"

#include "modes/verbs.h"

namespace aileron::modes {

namespace {

Outcome RunEnterMode(const Invocation&) { return sandbox::RunEnter(); }

}  // namespace

Command EnterVerb() {
  return {
      .text =
          "Started by an engine or an OCI runtime as the first process of a container that "
          "\"aileron launch --sandbox=docker\", podman or oci made, with the launcher's socket in "
          "/run/aileron-enter. Of no use by hand.",
      .run = RunEnterMode};
}

}  // namespace aileron::modes
