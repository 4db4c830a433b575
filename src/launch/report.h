// Report: what was denied because nobody may be asked, one JSON object a line, in a file or on a
// descriptor of the caller's.
//
// It is evidence, so it may not lie where the agent can change it. Lines wait here while their
// reader is slow, and the agent goes on; Finish waits for the reader.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "launch/launch.h"
#include "launch/limits.h"
#include "launch/plan.h"
#include "os/fd.h"

namespace aileron::launch {

// A descriptor of the caller's that `flag` names, as one of ours that the agent does not get.
// kInvalid when it is not open for writing, or where the agent can change it.
Result<os::Fd> TakeDescriptor(int number, std::string_view flag, const sandbox::Spec& spec);

class Report {
 public:
  // What the options ask for, which may be to count alone. kInvalid for a place that the agent can
  // write, or a descriptor that is none.
  static Result<Report> Open(const Options& options, const Plan& plan);

  // A JSON object, in one line.
  void Add(std::string_view line);
  std::size_t count() const { return count_; }
  const std::string& first() const { return first_; }

  // For poll(): written to when ready; -1 while there is nothing to write.
  int descriptor() const { return pending_.empty() ? -1 : file_.get(); }
  void WriteSome();
  // Writes the rest. Why the report is incomplete, if it is.
  Status Finish();

 private:
  Report() : pending_(limits::kReportQueue) {}

  os::Fd file_;  // none: nothing is written
  std::string name_;
  ByteBuffer pending_;
  std::size_t count_ = 0;
  std::string first_;
  Status written_;
};

}  // namespace aileron::launch
