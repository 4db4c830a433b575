#include "control/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "control/events.h"
#include "http/h1.h"
#include "http/problem.h"
#include "os/paths.h"
#include "os/socket.h"

namespace aileron::control {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kUploadPiece = 256 << 10;

Response FromHead(const http::ResponseHead& head) {
  Response response{.status = head.status()};
  for (const auto& [name, value] : head.headers) response.headers.emplace_back(name, value);
  return response;
}

// The descriptors as a control message; `storage` keeps it.
using ControlBytes = std::array<char, CMSG_SPACE(limits::descriptors * sizeof(int))>;
void Attach(msghdr& message, std::span<const int> descriptors, ControlBytes& storage) {
  storage.fill(0);
  message.msg_control = storage.data();
  message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
}

}  // namespace

std::string_view Response::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (EqualsIgnoreCase(key, name)) return value;
  }
  return {};
}

Result<Client> Client::Connect(const os::Paths& paths) { return Connect(os::ControlSocket(paths)); }

Result<Client> Client::Connect(const std::string& socket_path, Peer peer) {
  AILERON_ASSIGN(os::Fd socket, os::ConnectUnix(socket_path));
  return Client(std::move(socket), std::move(peer));
}

Result<Response> Client::Send(const Request& request) {
  AILERON_TRY(Ask(request));
  return AnyAnswer();
}

Result<Response> Client::Call(const Request& request) {
  AILERON_TRY(Ask(request));
  return Answer();
}

Status Client::Ask(const Request& request) {
  AILERON_CHECK(request.descriptors.size() <= limits::descriptors);
  if (broken_)
    return Fail(Code::kInternal, "the connection to {} is not usable any more", peer_.name);
  broken_ = true;  // until the answer has been read to its end
  deadline_ = Clock::now() + request.deadline;
  return Write(request, deadline_);
}

Result<Response> Client::Answer() {
  AILERON_ASSIGN(Response response, AnyAnswer());
  if (!response.ok())
    return std::unexpected(http::ToError(http::ReadProblem(response.status, response.body)));
  return response;
}

Result<Response> Client::AnyAnswer() {
  http::ResponseHead head;
  AILERON_TRY(ReadFinalHead(head));
  Response response = FromHead(head);
  AILERON_ASSIGN(response.body, ReadWhole(head, deadline_));
  return response;
}

Result<Response> Client::Stream(const Request& request, const Sink& sink) {
  AILERON_ASSIGN(Response response, Transfer(request, sink));
  if (response.ok()) return response;
  return std::unexpected(http::ToError(http::ReadProblem(response.status, response.body)));
}

Result<Response> Client::Transfer(const Request& request, const Sink& sink) {
  AILERON_TRY(Ask(request));
  http::ResponseHead head;
  AILERON_TRY(ReadFinalHead(head));
  Response response = FromHead(head);
  if (!response.ok()) {
    AILERON_ASSIGN(response.body, ReadWhole(head, deadline_));
    return response;
  }
  quiet_ = request.quiet;
  const Status read = ReadBody(head, std::nullopt, sink);
  quiet_.reset();
  AILERON_TRY(read);
  return response;
}

Result<Response> Client::StreamTo(const Request& request, int descriptor) {
  return Stream(request, [descriptor](std::string_view piece) -> Result<Flow> {
    AILERON_TRY(os::WriteAll(descriptor, piece));
    return Flow::kContinue;
  });
}

Status Client::Events(std::string_view path, const EventSink& handle) {
  EventReader reader;
  AILERON_ASSIGN([[maybe_unused]] const Response response,
                 Stream({.path = path}, [&](std::string_view piece) -> Result<Flow> {
                   return reader.Feed(piece, handle);
                 }));
  return {};
}

std::unexpected<Error> Client::Gone() const {
  return Fail(Code::kUnavailable,
              "{} closed the connection before it had answered. {}, and try again", peer_.name,
              peer_.help);
}

Status Client::ReadFinalHead(http::ResponseHead& head) {
  do {
    AILERON_TRY(ReadHead(deadline_, head));
  } while (head.interim());
  return {};
}

Status Client::Write(const Request& request, Deadline deadline) {
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: aileron/{}\r\n",
                                 request.method, request.path, AILERON_VERSION);
  const std::uint64_t size = request.upload != nullptr ? request.upload->size : request.body.size();
  if (size > 0) head += fmt::format("Content-Type: {}\r\n", request.content_type);
  if (size > 0 || request.method != "GET") head += fmt::format("Content-Length: {}\r\n", size);
  std::string end = "\r\n";
  if (!request.secret_field.empty()) {
    head += fmt::format("{}: ", request.secret_field);
    end += "\r\n";
  }
  const auto part = [](std::string_view text) {
    return iovec{const_cast<char*>(text.data()), text.size()};
  };
  iovec parts[] = {part(head), part(request.secret_value), part(end), part(request.body)};
  AILERON_TRY(WriteParts(parts, request.descriptors, deadline));
  if (request.upload == nullptr || refused_) return {};
  AILERON_TRY(WriteUpload(*request.upload, request.deadline));
  deadline_ = Clock::now() + request.deadline;
  return {};
}

Status Client::WriteUpload(const Upload& upload, Duration patience) {
  std::vector<char> piece(kUploadPiece);
  for (std::uint64_t left = upload.size; left > 0 && !refused_;) {
    AILERON_ASSIGN(
        const std::size_t count,
        upload.read(std::span(piece).first(std::min<std::uint64_t>(kUploadPiece, left))));
    AILERON_CHECK(count > 0 && count <= left);
    iovec part{piece.data(), count};
    AILERON_TRY(WriteParts({&part, 1}, {}, Clock::now() + patience));
    left -= count;
  }
  return {};
}

Status Client::WriteParts(std::span<iovec> parts, std::span<const int> descriptors,
                          Deadline deadline) {
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  ControlBytes storage;
  if (!descriptors.empty()) Attach(message, descriptors, storage);
  while (std::ranges::any_of(parts, [](const iovec& part) { return part.iov_len > 0; })) {
    const ssize_t count = sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      AILERON_TRY(Wait(POLLOUT, deadline));
      continue;
    }
    // The daemon may have answered already and want no more of the body: its answer says why.
    if (count < 0 && (errno == EPIPE || errno == ECONNRESET)) {
      refused_ = true;
      return {};
    }
    if (count < 0) return os::FailErrno("cannot speak to {}", peer_.name);
    message.msg_control = nullptr;  // the descriptors went with the first byte
    message.msg_controllen = 0;
    auto sent = static_cast<std::size_t>(count);
    for (iovec& part : parts) {
      const std::size_t step = std::min(sent, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + step;
      part.iov_len -= step;
      sent -= step;
    }
  }
  return {};
}

Status Client::Wait(short events, Deadline deadline) {
  while (true) {
    pollfd watched{socket_.get(), events, 0};
    timespec left{};
    if (deadline) {
      const auto rest = std::max(*deadline - Clock::now(), Clock::duration::zero());
      left.tv_sec =
          static_cast<time_t>(std::chrono::duration_cast<std::chrono::seconds>(rest).count());
      left.tv_nsec = static_cast<long>((rest % std::chrono::seconds(1)).count());
    }
    const int ready = ppoll(&watched, 1, deadline ? &left : nullptr, nullptr);
    if (ready > 0) return {};
    if (ready == 0) {
      return Fail(Code::kUnavailable, "{} did not answer in time. {}, restart it, and try again",
                  peer_.name, peer_.help);
    }
    if (errno != EINTR) return os::FailErrno("cannot wait for {}", peer_.name);
  }
}

Result<std::size_t> Client::Fill(Deadline deadline) {
  while (true) {
    const std::span<char> room = input_.Prepare(std::min(limits::read_bytes, input_.Room()));
    const ssize_t count = recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
    if (count >= 0) {
      input_.Commit(static_cast<std::size_t>(count));
      return static_cast<std::size_t>(count);
    }
    if (errno == EINTR) continue;
    if (errno == ECONNRESET) return 0;
    if (errno != EAGAIN) return os::FailErrno("cannot read what {} says", peer_.name);
    AILERON_TRY(Wait(POLLIN, deadline));
  }
}

Status Client::ReadHead(Deadline deadline, http::ResponseHead& head) {
  http::ResponseParser parser;
  while (true) {
    const http::HeadStep step = parser.Parse(input_.View(), {}, head);
    if (step.outcome == http::Outcome::kFailed) {
      return Fail(Code::kInternal, "the answer of {} cannot be read: {}", peer_.name,
                  http::FlawText(step.flaw));
    }
    if (step.outcome == http::Outcome::kDone) {
      input_.Consume(step.consumed);
      return {};
    }
    if (input_.Room() == 0)
      return Fail(Code::kInternal, "the head of the answer of {} never ends", peer_.name);
    AILERON_ASSIGN(const std::size_t count, Fill(deadline));
    if (count == 0) return Gone();
  }
}

Status Client::ReadBody(const http::ResponseHead& head, Deadline deadline, const Sink& sink) {
  http::BodyReader reader(head.body());
  while (!reader.done()) {
    http::BodyReader::Step step = reader.Read(input_.View());
    if (step.outcome == http::Outcome::kNeedMore && step.consumed == 0) {
      const Deadline until = quiet_ ? Deadline(Clock::now() + *quiet_) : deadline;
      AILERON_ASSIGN(const std::size_t count, Fill(until));
      if (count != 0) continue;
      step = reader.End();
      if (step.outcome != http::Outcome::kDone) return Gone();
      return {};  // the connection is spent, and `broken_` stays
    }
    if (step.outcome == http::Outcome::kFailed) {
      return Fail(Code::kInternal, "the answer of {} cannot be read: {}", peer_.name,
                  http::FlawText(step.flaw));
    }
    if (!step.payload.empty()) {
      AILERON_ASSIGN(const Flow flow, sink(step.payload));
      if (flow == Flow::kStop) return {};
    }
    input_.Consume(step.consumed);
  }
  broken_ = !head.keep_alive();
  return {};
}

Result<std::string> Client::ReadWhole(const http::ResponseHead& head, Deadline deadline) {
  std::string body;
  AILERON_TRY(ReadBody(head, deadline, [this, &body](std::string_view piece) -> Result<Flow> {
    if (body.size() + piece.size() > limits::body_bytes) {
      return Fail(Code::kInternal, "the answer of {} is larger than {} bytes", peer_.name,
                  limits::body_bytes);
    }
    body += piece;
    return Flow::kContinue;
  }));
  return body;
}

}  // namespace aileron::control
