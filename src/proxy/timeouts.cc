#include "proxy/timeouts.h"

#include <vector>

#include "base/text.h"
#include "base/time.h"

namespace aileron::proxy {

namespace {

constexpr NamedTimeout kAll[] = {
    {"connect", &Timeouts::connect, false, "to connect to a site"},
    {"tls", &Timeouts::tls, false, "for a TLS handshake"},
    {"head", &Timeouts::head, true, "for the head of an answer"},
    {"upload", &Timeouts::upload, true, "for a request's body that stands still"},
    {"reader", &Timeouts::reader, true, "for a client that takes nothing of an answer"},
    {"idle", &Timeouts::idle, true, "for an answer or a tunnel in which nothing moves"},
    {"pool", &Timeouts::pool, false, "for a connection without a request"},
};

}  // namespace

std::span<const NamedTimeout> AllTimeouts() { return kAll; }

Status ApplyTimeout(std::string_view setting, Timeouts& timeouts) {
  const std::size_t equals = setting.find('=');
  const std::string_view name = setting.substr(0, equals);
  for (const NamedTimeout& timeout : kAll) {
    if (timeout.name != name || equals == std::string_view::npos) continue;
    const std::string_view value = setting.substr(equals + 1);
    if (value == "none" && timeout.may_be_none) {
      timeouts.*timeout.member = Timeouts::kNone;
      return {};
    }
    const auto length = ParseDuration(value);
    if (!length) return Wrap(length.error(), "{}", name);
    const auto rounded = std::chrono::duration_cast<Timeouts::Length>(*length);
    if (rounded < limits::timeout_min || rounded > limits::timeout_max) {
      return Fail(Code::kInvalid, "{}: from {} to {} can be waited{}", name,
                  FormatDuration(limits::timeout_min), FormatDuration(limits::timeout_max),
                  timeout.may_be_none ? ", or none" : "");
    }
    timeouts.*timeout.member = rounded;
    return {};
  }
  std::vector<std::string> names;
  for (const NamedTimeout& timeout : kAll) names.emplace_back(timeout.name);
  return Fail(Code::kInvalid,
              "\"{}\" is no timeout; write one of {} as NAME=DURATION, as in "
              "connect=5s",
              Printable(setting), Join(names, ", "));
}

}  // namespace aileron::proxy
