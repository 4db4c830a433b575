#include "daemon/denials.h"

#include <nlohmann/json.hpp>

#include "approval/limits.h"
#include "approval/shown_text.h"
#include "crypto/hash.h"
#include "daemon/limits.h"
#include "daemon/request.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

std::string Line(std::string_view text) {
  return approval::ShownText(text, approval::limits::kLineMax);
}

}  // namespace

std::optional<std::string> Denials::Word(const Denied& denied, Time now) {
  if (more_told_) return std::nullopt;
  json entry = {{"time", FormatTime(now)}, {"session", session_}};
  if (told_.size() >= limits::kDenialsTold) {
    more_told_ = true;
    entry["kind"] = "more";
    entry["title"] = fmt::format("more than {} things were denied", limits::kDenialsTold);
    entry["code"] = "too_many_denials";
    entry["hint"] = "see \"aileron audit list\"";
  } else {
    entry["kind"] = approval::SubjectName(denied.kind);
    entry["title"] = approval::ShownText(denied.title, approval::limits::kTitleMax);
    if (!denied.host.empty()) entry["host"] = Line(denied.host);
    if (!denied.operation.empty()) entry["operation"] = Line(denied.operation);
    entry["code"] = denied.code;
    entry["hint"] = Line(denied.hint);
    // Of what was asked for as it was, not as it is cut for a person.
    const crypto::Digest thing =
        crypto::Hash(fmt::format("{}\n{}\n{}\n{}", entry["kind"].get<std::string>(), denied.host,
                                 denied.operation, denied.title));
    if (!told_.emplace(crypto::AsText(thing)).second) return std::nullopt;
  }
  return JsonText({{"type", "denied"}, {"denied", std::move(entry)}});
}

}  // namespace aileron::daemon
