// The check of a question before it is kept: every text safe to show, everything within its bound.
#pragma once

#include <string>

#include "approval/approval.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/hash.h"

namespace aileron::approval {

struct CheckedQuestion {
  Question question;     // as it is shown
  crypto::Digest topic;  // of subject and key: what a grant covers
  crypto::Digest same;   // of session, topic and arguments: what makes two questions one
};

// kInvalid names what is wrong. What is long is cut where a person sees the cut.
Result<CheckedQuestion> Check(const Question& question, Time now);

}  // namespace aileron::approval
