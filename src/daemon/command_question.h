// CommandQuestion: a command as a person is asked about it, and as it is recorded. Pure.
//
// Its words come from a hostile process. They are written as a shell would read them, what looks
// like a secret in them is masked (a value of an option or a variable that names one, a user's part
// of a URL, a header's value, a word that begins as tokens do), and so is every look-alike of this
// session.
//
// A remembered yes covers the same file with the same words in the same folder. Of a command that
// is too long to be told whole it covers nothing: it is asked about each time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "approval/approval.h"
#include "mediation/messages.h"
#include "session/resume.h"

namespace aileron::daemon {

using Sentinels = std::map<std::string, session::Sentinel>;

// The command on one line, masked.
std::string CommandLine(const mediation::Told& told, const Sentinels& sentinels);
// For the record, within limits::kRecordedLine: CommandLine in whole words, "..." where there are
// more, and what it is understood as in parentheses. A shell would take the words apart again.
std::string RecordedLine(const mediation::Told& told, const Sentinels& sentinels);

approval::Question QuestionOn(const session::Session& session, const mediation::Ask& ask,
                              const Sentinels& sentinels);

}  // namespace aileron::daemon
