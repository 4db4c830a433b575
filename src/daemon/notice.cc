#include "daemon/notice.h"

#include <algorithm>

#include "approval/shown_text.h"
#include "daemon/limits.h"

namespace aileron::daemon {

namespace {

// The last name of a path: enough to know which project it is.
std::string_view NameOf(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string Literal(std::string_view text) {
  std::string literal;
  for (const char c : text) {
    switch (c) {
      case '&':
        literal += "&amp;";
        break;
      case '<':
        literal += "&lt;";
        break;
      case '>':
        literal += "&gt;";
        break;
      case '\\':
        literal += "\\\\";
        break;
      default:
        literal += c;
    }
  }
  return literal;
}

}  // namespace

// Agent and project are the session's; the texts passed approval/shown_text.h when it was asked.
Notice NoticeOf(const approval::Approval& approval) {
  const approval::Question& question = approval.question;
  const std::string_view agent = NameOf(question.agent), project = NameOf(question.project);
  return {
      .title = approval::ShownText(question.title, limits::kNoticeTitle, approval::Lines::kMany),
      .line = fmt::format("{}{} asks. To answer: aileron approvals watch",
                          agent.empty() ? "an agent" : agent,
                          project.empty() ? "" : fmt::format(" in {}", project))};
}

Notice NoticeOfMany(std::int64_t waiting) {
  return {.title = waiting == 1 ? "1 question waits" : fmt::format("{} questions wait", waiting),
          .line = "To answer: aileron approvals watch"};
}

std::vector<std::string> NotifySendArguments(const Notice& notice) {
  return {"notify-send", "--app-name=aileron", "--icon=dialog-question",
          "--",          notice.title,         Literal(notice.line)};
}

void NoticePace::Refill(net::Instant now) {
  if (!since_) {
    left_ = limits::kNoticesAtOnce;
    since_ = now;
  }
  while (left_ < limits::kNoticesAtOnce && now - *since_ >= limits::kNoticePause) {
    ++left_;
    *since_ += limits::kNoticePause;
  }
  if (left_ == limits::kNoticesAtOnce) since_ = now;
}

NoticePace::Say NoticePace::Asked(net::Instant now) {
  Refill(now);
  if (!due_ && left_ > 0) {
    --left_;
    return Say::kNow;
  }
  if (!due_) due_ = *since_ + limits::kNoticePause;
  return Say::kLater;
}

void NoticePace::Told(net::Instant now) {
  due_.reset();
  Refill(now);
  left_ = std::max(left_ - 1, 0);
}

}  // namespace aileron::daemon
