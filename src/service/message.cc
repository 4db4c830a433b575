#include "service/message.h"

#include "base/text.h"
#include "base/wire.h"
#include "service/limits.h"

namespace aileron::service {

namespace {

enum class RequestKind : std::uint8_t { kRun, kList, kLog, kStop, kRestart };
enum class AnswerKind : std::uint8_t { kDone, kLog, kError };

constexpr std::uint32_t kWholeLog = 0xFFFFFFFF;
constexpr std::size_t kLengthBytes = 4;

void PutKind(WireWriter& out, RequestKind kind) { out.U8(static_cast<std::uint8_t>(kind)); }

struct RequestEncoder {
  WireWriter& out;
  void operator()(const RunIt& run) const {
    PutKind(out, RequestKind::kRun);
    Put(out, run.spec);
  }
  void operator()(const ListAll&) const { PutKind(out, RequestKind::kList); }
  void operator()(const ShowLog& log) const {
    PutKind(out, RequestKind::kLog);
    out.Text(log.name);
    out.U32(log.tail.value_or(kWholeLog));
    out.U8(log.follow ? 1 : 0);
  }
  void operator()(const StopIt& stop) const {
    PutKind(out, RequestKind::kStop);
    out.Text(stop.name);
  }
  void operator()(const RestartIt& restart) const {
    PutKind(out, RequestKind::kRestart);
    out.Text(restart.name);
  }
};

std::string WithLength(const std::string& message) {
  WireWriter out;
  out.Text(message);  // a text is its length and its bytes
  return out.Take();
}

// As long as the longer of the two, so that the time says nothing.
bool SameKey(std::string_view a, std::string_view b) {
  if (a.size() != b.size() || a.empty()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0;
}

Result<std::string> TakeName(WireReader& in) {
  std::string name(in.Text());
  AILERON_TRY(CheckName(name));
  return name;
}

}  // namespace

std::string Encode(std::string_view key, const Request& request) {
  WireWriter out;
  out.Text(key);
  std::visit(RequestEncoder{out}, request);
  return WithLength(out.bytes());
}

std::string Encode(const Answer& answer) {
  WireWriter out;
  if (const auto* done = std::get_if<Done>(&answer)) {
    out.U8(static_cast<std::uint8_t>(AnswerKind::kDone));
    Put(out, done->services);
  } else if (const auto* piece = std::get_if<LogPiece>(&answer)) {
    out.U8(static_cast<std::uint8_t>(AnswerKind::kLog));
    out.Text(piece->bytes);
  } else {
    const Error& error = std::get<Error>(answer);
    out.U8(static_cast<std::uint8_t>(AnswerKind::kError));
    out.U8(static_cast<std::uint8_t>(error.code));
    out.Text(error.message);
  }
  return WithLength(out.bytes());
}

Result<Request> DecodeRequest(std::string_view message, std::string_view key) {
  WireReader in(message);
  if (!SameKey(in.Text(), key)) {
    return Fail(Code::kDenied,
                "the sandbox's init takes no request without the session's token. Run \"aileron "
                "service\" with AILERON_TOKEN as the agent has it");
  }
  Request request;
  switch (static_cast<RequestKind>(in.U8())) {
    case RequestKind::kRun: {
      AILERON_ASSIGN(Spec spec, TakeSpec(in));
      return RunIt{std::move(spec)};
    }
    case RequestKind::kList:
      request = ListAll{};
      break;
    case RequestKind::kLog: {
      ShowLog log;
      AILERON_ASSIGN(log.name, TakeName(in));
      const std::uint32_t tail = in.U32();
      if (tail != kWholeLog) log.tail = tail;
      log.follow = in.U8() != 0;
      request = std::move(log);
      break;
    }
    case RequestKind::kStop: {
      AILERON_ASSIGN(std::string name, TakeName(in));
      request = StopIt{std::move(name)};
      break;
    }
    case RequestKind::kRestart: {
      AILERON_ASSIGN(std::string name, TakeName(in));
      request = RestartIt{std::move(name)};
      break;
    }
    default:
      return Fail(Code::kInvalid, "a request of unknown kind arrived");
  }
  AILERON_TRY(in.Done());
  return request;
}

Result<Answer> DecodeAnswer(std::string_view message) {
  WireReader in(message);
  switch (static_cast<AnswerKind>(in.U8())) {
    case AnswerKind::kDone: {
      AILERON_ASSIGN(std::vector<Report> reports, TakeReports(in));
      return Done{std::move(reports)};
    }
    case AnswerKind::kLog: {
      LogPiece piece{std::string(in.Text())};
      AILERON_TRY(in.Done());
      return piece;
    }
    case AnswerKind::kError: {
      const std::uint8_t code = in.U8();
      Error error;
      if (code <= static_cast<std::uint8_t>(Code::kInternal)) error.code = static_cast<Code>(code);
      error.message = in.Text();
      AILERON_TRY(in.Done());
      return error;
    }
  }
  return Fail(Code::kInvalid, "an answer of unknown kind arrived");
}

Result<std::optional<std::string_view>> NextMessage(std::string_view& stream) {
  if (stream.size() < kLengthBytes) return std::nullopt;
  const std::uint32_t length = WireReader(stream.substr(0, kLengthBytes)).U32();
  if (length > limits::kMessageMax)
    return Fail(Code::kInvalid, "a message is longer than {} KiB", limits::kMessageMax >> 10);
  if (stream.size() - kLengthBytes < length) return std::nullopt;
  const std::string_view message = stream.substr(kLengthBytes, length);
  stream.remove_prefix(kLengthBytes + length);
  return message;
}

}  // namespace aileron::service
