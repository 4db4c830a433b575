#include "mediation/desk.h"

#include "mediation/limits.h"
#include "os/socket.h"

namespace aileron::mediation {

namespace {

// About what it takes in a packet.
std::size_t SizeOf(const Record& record) {
  constexpr std::size_t kFields = 128;
  std::size_t size = kFields + record.told.executable.size() + record.told.folder.size() +
                     record.told.command.size() + record.rule.size() + record.detail.size();
  for (const std::string& word : record.told.words) size += word.size() + 4;
  for (const std::string& parent : record.told.parents) size += parent.size() + 4;
  return size;
}

}  // namespace

void Desk::Send(const FromMediator& message) {
  FlushRecords();
  queue_.push_back(Encode(message));
  SendQueue();
}

void Desk::Keep(Record record) {
  if (records_.records.empty()) first_record_ = std::chrono::steady_clock::now();
  records_bytes_ += SizeOf(record);
  records_.records.push_back(std::move(record));
  const bool many = records_.records.size() >= limits::kRecords;
  if (many || records_bytes_ >= limits::kRecordsBytes) FlushRecords();
}

void Desk::FlushRecords() {
  if (records_.records.empty()) return;
  queue_.push_back(Encode(FromMediator(std::exchange(records_, {}))));
  records_bytes_ = 0;
  SendQueue();
}

void Desk::Flush(std::chrono::steady_clock::time_point now) {
  if (!records_.records.empty() && now >= first_record_ + limits::kRecordWait) FlushRecords();
  SendQueue();
}

std::optional<std::chrono::steady_clock::time_point> Desk::Due() const {
  if (records_.records.empty()) return std::nullopt;
  return first_record_ + limits::kRecordWait;
}

// A daemon that is gone is noticed by Receive.
void Desk::SendQueue() {
  while (!queue_.empty()) {
    const Status sent = os::SendMessage(channel_.get(), queue_.front());
    if (!sent && sent.error().code == Code::kUnavailable) return;
    queue_.pop_front();
  }
}

Result<std::optional<FromDaemon>> Desk::Receive() {
  auto packet = os::ReceiveMessage(channel_.get(), limits::kPacket);
  if (!packet && packet.error().code == Code::kUnavailable) return std::optional<FromDaemon>();
  if (!packet) return std::unexpected(std::move(packet.error()));
  if (packet->end) return Fail(Code::kNotFound, "the daemon has gone");
  if (packet->descriptors.size() == 1) {
    AILERON_ASSIGN(packet->bytes,
                   os::ReadAll(packet->descriptors[0], "the rules", limits::kStartBytes));
  }
  AILERON_ASSIGN(FromDaemon message, DecodeFromDaemon(packet->bytes));
  return std::optional(std::move(message));
}

}  // namespace aileron::mediation
