#include "launch/report.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "base/below.h"
#include "base/text.h"

namespace aileron::launch {

namespace {

bool AgentWrites(const sandbox::Spec& spec, std::string_view path) {
  if (spec.workspace_access == sandbox::Access::kReadWrite && IsOrBelow(path, spec.workspace)) {
    return true;
  }
  return std::ranges::any_of(spec.mounts, [&](const sandbox::MountRequest& mount) {
    return mount.access == sandbox::Access::kReadWrite && IsOrBelow(path, mount.source);
  });
}

std::unexpected<Error> Changeable(std::string_view name, std::string_view path) {
  return Fail(Code::kInvalid,
              "{}: {} lies where the agent can change it. Choose a file outside of the workspace "
              "and of what is mounted to be written",
              name, Printable(path));
}

// Where the open file lies; what is no file of a folder lies nowhere.
Status CheckPlace(const os::Fd& file, std::string_view name, const sandbox::Spec& spec) {
  std::error_code error;
  const std::filesystem::path path =
      std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", file.get()), error);
  if (error) return Fail(Code::kInvalid, "{}: it cannot be looked at: {}", name, error.message());
  if (AgentWrites(spec, path.native())) return Changeable(name, path.native());
  return {};
}

Result<os::Fd> OpenFile(const std::string& path, const sandbox::Spec& spec) {
  const std::filesystem::path given(path);
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::canonical(
      given.has_parent_path() ? given.parent_path() : std::filesystem::path("."), error);
  if (error) {
    return Fail(Code::kInvalid, "--report: cannot find the folder of {}: {}", Printable(path),
                error.message());
  }
  // Before it is opened: an agent may have left a link to something there.
  const std::filesystem::path whole = folder / given.filename();
  if (AgentWrites(spec, whole.native())) return Changeable("--report", whole.native());
  os::Fd file(open(whole.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600));
  if (!file) return os::FailErrno("--report: cannot open {}", Printable(path));
  AILERON_TRY(CheckPlace(file, "--report", spec));
  // A pipe or a terminal has no length.
  if (ftruncate(file.get(), 0) != 0 && errno != EINVAL) {
    return os::FailErrno("--report: cannot empty {}", Printable(path));
  }
  return file;
}

}  // namespace

Result<os::Fd> TakeDescriptor(int number, std::string_view flag, const sandbox::Spec& spec) {
  const int flags = fcntl(number, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH) != 0) {
    return Fail(Code::kInvalid,
                "{}: {} is not open for writing. Open it for the launch, as the shell does with "
                "{}>FILE",
                flag, number, number);
  }
  // A copy, so that nothing that is given this number later is closed with it.
  os::Fd file(fcntl(number, F_DUPFD_CLOEXEC, 3));
  if (!file) return os::FailErrno("{}: cannot use {}", flag, number);
  close(number);
  AILERON_TRY(CheckPlace(file, flag, spec));
  return file;
}

Result<Report> Report::Open(const Options& options, const Plan& plan) {
  Report report;
  if (options.report_fd) {
    report.name_ = fmt::format("descriptor {}", *options.report_fd);
    AILERON_ASSIGN(report.file_, TakeDescriptor(*options.report_fd, "--report-fd", plan.spec));
  } else if (!options.report.empty()) {
    report.name_ = options.report;
    AILERON_ASSIGN(report.file_, OpenFile(options.report, plan.spec));
  }
  // A reader that has left is an error of the report's, not this program's end.
  if (report.file_) std::signal(SIGPIPE, SIG_IGN);
  return report;
}

void Report::Add(std::string_view line) {
  if (count_++ == 0) first_ = line;
  if (!file_ || !written_) return;
  if (pending_.Room() <= line.size()) {
    written_ = Fail(Code::kUnavailable, "its reader takes nothing");
    return;
  }
  pending_.Append(line);
  pending_.Append("\n");
}

void Report::WriteSome() {
  const std::string_view piece = pending_.View().substr(0, limits::kReportPiece);
  const ssize_t count = write(file_.get(), piece.data(), piece.size());
  if (count >= 0) return pending_.Consume(static_cast<std::size_t>(count));
  if (errno == EINTR || errno == EAGAIN) return;
  written_ = os::FailErrno("cannot write");
  pending_.Consume(pending_.size());
}

Status Report::Finish() {
  if (!pending_.empty()) {
    written_ = os::WriteAll(file_.get(), pending_.View());
    pending_.Consume(pending_.size());
  }
  if (written_) return {};
  return Fail(written_.error().code, "the report on {} is incomplete: {}", Printable(name_),
              written_.error().message);
}

}  // namespace aileron::launch
