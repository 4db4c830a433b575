// ImageRoot: a root of an image's layers, instead of the host's.
//
// A stranger made the image: its links may lead anywhere. So the host's root is gone, and /proc,
// whose files tell of the builder, is not there yet, when the first of its names is followed.
#pragma once

#include "base/result.h"
#include "sandbox/spec.h"

namespace aileron::sandbox {

// Makes the layers the root of this process, whose mount namespace must be new, own and sealed.
// What is made in it from then on is in memory. kInvalid where the image has a link or a file in
// the place of a folder that the sandbox is built on.
Status EnterImage(const Spec& spec);
// From now on the root is read-only; what is mounted below stays as it is.
Status FinishImage();

}  // namespace aileron::sandbox
