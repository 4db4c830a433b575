// QuestionPrompt: questions on a terminal as they come, answered with single keys.
#pragma once

#include "modes/command.h"

namespace aileron::modes {

// Until the person has had enough.
Outcome AnswerQuestions();

}  // namespace aileron::modes
