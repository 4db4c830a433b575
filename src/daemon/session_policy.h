// SessionPolicy: the policy files of one session, as they are now.
//
// Refresh() reads them again when one of them has changed, or who is trusted has, and has stayed so
// from one call to the next: who writes a file in place is let finish. The new settings hold at
// once. Files that cannot be read or do not compile, or that are gone or empty, leave the last good
// settings in force, and problem() says so until they are good again. At the start they are an
// error; but a session that a new daemon takes up has the last good texts, and goes on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/file_stamp.h"
#include "daemon/session_request.h"
#include "os/paths.h"
#include "session/resume.h"
#include "trust/loader.h"

namespace aileron::daemon {

class SessionPolicy {
 public:
  // `agent` is the program that is launched. No call keeps a reference to `request`.
  SessionPolicy(const os::Paths& paths, std::string agent, const session::NetworkRequest& request);

  // Each puts the texts that are in force into `request`.
  Result<SessionSettings> Open(session::NetworkRequest& request, const Secret& proxy_password);
  // For a session that was interrupted: from its own texts where the files are no good.
  Result<SessionSettings> Resume(session::NetworkRequest& request, const Secret& proxy_password);

  // The settings, when they changed. What a worker was told at its start (opaque hosts, the
  // upstream proxy) and the ports that the sandbox opened stay as they were.
  std::optional<SessionSettings> Refresh(session::NetworkRequest& request,
                                         const Secret& proxy_password);

  // Why the files as they are now cannot be used; empty when they can.
  const std::string& problem() const { return problem_; }
  policy::Profile profile() const { return profile_; }
  // How much of the project's file is not in force, for lack of trust.
  std::size_t withheld() const { return withheld_; }
  // What the last Refresh found, for the person at the terminal and the log.
  std::string News() const;

 private:
  Result<SessionSettings> Compile(const trust::Texts& texts, const session::NetworkRequest& request,
                                  const Secret& proxy_password);
  Result<SessionSettings> FromFiles(session::NetworkRequest& request, const Secret& proxy_password);
  std::vector<FileStamp> Stamps() const;

  os::Paths paths_;
  std::string agent_;
  std::vector<std::string> project_;
  std::optional<policy::Profile> flag_;  // that the command line asked for
  std::vector<FileStamp> stamps_;        // the user's file, who is trusted, the project's
  std::vector<FileStamp> seen_;          // the same, as they were at the last look
  policy::Profile profile_ = policy::Profile::kGuarded;
  std::size_t withheld_ = 0;
  std::string problem_;
};

}  // namespace aileron::daemon
