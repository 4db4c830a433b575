// EventReader: takes server-sent events (WHATWG HTML §9.2) out of pieces of a stream.
//
//   event = *( field LF ) LF        field = name ":" [SP] value   (name: event, data, id; else
//   skipped)
//
// Lines end in LF, CR LF or CR. An event without data is not handed on. One larger than
// limits::event_bytes is kInternal.
#pragma once

#include <string>
#include <string_view>

#include "control/client.h"

namespace aileron::control {

class EventReader {
 public:
  // Calls `handle` for each event that ends in `piece`, until it says kStop or fails.
  Result<Flow> Feed(std::string_view piece, const Client::EventSink& handle);

 private:
  Result<Flow> TakeLine(const Client::EventSink& handle);

  std::string line_;
  std::string name_;
  std::string data_;
  std::string id_;
  bool has_data_ = false;
  bool after_cr_ = false;  // an LF that follows belongs to the CR before it
};

}  // namespace aileron::control
