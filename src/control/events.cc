#include "control/events.h"

namespace aileron::control {

Result<Flow> EventReader::Feed(std::string_view piece, const Client::EventSink& handle) {
  for (const char c : piece) {
    if (c == '\n' && after_cr_) {
      after_cr_ = false;
      continue;
    }
    after_cr_ = c == '\r';
    if (c != '\n' && c != '\r') {
      line_ += c;
      if (line_.size() + data_.size() > limits::event_bytes) {
        return Fail(Code::kInternal, "an event is larger than {} bytes", limits::event_bytes);
      }
      continue;
    }
    AILERON_ASSIGN(const Flow flow, TakeLine(handle));
    if (flow == Flow::kStop) return Flow::kStop;
  }
  return Flow::kContinue;
}

Result<Flow> EventReader::TakeLine(const Client::EventSink& handle) {
  const std::string line = std::exchange(line_, {});
  if (line.empty()) {
    const std::string name = std::exchange(name_, {});
    const std::string data = std::exchange(data_, {});
    if (!std::exchange(has_data_, false)) return Flow::kContinue;
    return handle({name.empty() ? "message" : std::string_view(name), data, id_});
  }
  const std::size_t colon = std::min(line.find(':'), line.size());
  const std::string_view field = std::string_view(line).substr(0, colon);
  std::string_view value = std::string_view(line).substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") name_ = value;
  if (field == "id") id_ = value;
  if (field == "data") {
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  }
  return Flow::kContinue;
}

}  // namespace aileron::control
