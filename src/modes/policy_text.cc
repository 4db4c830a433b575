#include "modes/policy_text.h"

#include "base/text.h"

namespace aileron::modes {

namespace {

using policy::Opinion;
using policy::Subject;

Style StyleOf(std::string_view verdict) {
  if (verdict == "allow" || verdict == "record") return Style::kGreen;
  return verdict == "deny" ? Style::kRed : Style::kYellow;
}

std::string Credentials(const Opinion& opinion) {
  std::string text;
  if (opinion.credentials) {
    text = opinion.credentials->empty()
               ? "none"
               : fmt::format("only {}", fmt::join(*opinion.credentials, ", "));
  }
  if (opinion.kept.empty()) return text;
  return fmt::format("{}{}not {}", text, text.empty() ? "" : ", ", fmt::join(opinion.kept, ", "));
}

// A verdict in a diff: with what else may differ.
std::string Brief(const Opinion& opinion) {
  std::string text = opinion.verdict;
  if (const std::string credentials = Credentials(opinion); !credentials.empty()) {
    text += fmt::format(", credentials: {}", credentials);
  }
  if (!opinion.redirect.empty()) text += fmt::format(" to {}", Printable(opinion.redirect));
  return fmt::format("{}  by {}", text, ByText(opinion));
}

}  // namespace

std::string ByText(const Opinion& opinion) {
  if (opinion.line == 0) return Printable(opinion.rule);
  return Printable(fmt::format("{} at {}:{}", opinion.rule, opinion.file, opinion.line));
}

Json OpinionJson(const Subject& subject, const Opinion& opinion) {
  Json json = {{"verdict", opinion.verdict}, {"rule", opinion.rule}, {"layer", opinion.layer}};
  json[subject.request ? "request" : "command"] =
      subject.request ? Json(policy::Write(*subject.request)) : Json(subject.command);
  if (!subject.by.empty()) json["by"] = subject.by;
  if (opinion.line != 0) {
    json["file"] = opinion.file;
    json["line"] = opinion.line;
  }
  if (!opinion.reason.empty()) json["reason"] = opinion.reason;
  if (opinion.credentials) json["credentials"] = *opinion.credentials;
  if (!opinion.kept.empty()) json["kept_for_other_programs"] = opinion.kept;
  if (!opinion.command.empty()) json["understood"] = opinion.command;
  if (!opinion.redirect.empty()) json["redirect"] = opinion.redirect;
  return json;
}

std::string OpinionText(const Subject& subject, const Opinion& opinion, Colour colour) {
  std::string text = fmt::format(
      "{}  {}\n", Paint(colour, StyleOf(opinion.verdict), opinion.verdict), policy::Write(subject));
  const auto line = [&](std::string_view title, const std::string& value) {
    constexpr std::size_t columns = 13;
    if (value.empty()) return;
    text +=
        fmt::format("  {}{}\n", Paint(colour, Style::kDim, Pad(title, columns)), Printable(value));
  };
  line("rule", opinion.rule);
  line("layer", opinion.layer);
  if (opinion.line != 0) line("at", fmt::format("{}:{}", opinion.file, opinion.line));
  line("why", opinion.reason);
  line("understood", opinion.command);
  line("runs instead", opinion.redirect);
  line("credentials", Credentials(opinion));
  return text;
}

Json WarningJson(const policy::Warning& warning) {
  return {{"file", warning.file},
          {"line", warning.line},
          {"kind", warning.kind},
          {"message", warning.text}};
}

std::string WarningText(const policy::Warning& warning, Colour colour) {
  return fmt::format("{}:{}: {}: {}\n", Printable(warning.file), warning.line,
                     Paint(colour, Style::kYellow, warning.kind), Printable(warning.text));
}

Json ChangeJson(const policy::Change& change) {
  return {{"before", OpinionJson(change.subject, change.before)},
          {"after", OpinionJson(change.subject, change.after)}};
}

std::string ChangeText(const policy::Change& change, Colour colour) {
  return fmt::format("{}\n{}\n{}\n", policy::Write(change.subject),
                     Paint(colour, Style::kRed, "- " + Brief(change.before)),
                     Paint(colour, Style::kGreen, "+ " + Brief(change.after)));
}

Json CaseJson(const std::string& file, const policy::CaseResult& result) {
  return {{"file", file},
          {"line", result.place.line},
          {"passed", result.passed()},
          {"expected", result.expected},
          {"got", OpinionJson(result.subject, result.got)}};
}

std::string CaseText(const std::string& file, const policy::CaseResult& result, Colour colour) {
  return fmt::format("{}:{}: {}\n{}\n{}\n", Printable(file), result.place.line,
                     policy::Write(result.subject),
                     Paint(colour, Style::kRed, fmt::format("- expected {}", result.expected)),
                     Paint(colour, Style::kGreen, "+ " + Brief(result.got)));
}

std::string WideningText(std::span<const policy::Widening> widenings) {
  std::string text;
  for (const policy::Widening& one : widenings) {
    text += fmt::format("  {}:{}  {}\n", Printable(one.file.substr(one.file.rfind('/') + 1)),
                        one.place.line, Printable(one.text));
  }
  return text;
}

Json WideningJson(const policy::Widening& widening) {
  return {{"file", widening.file}, {"line", widening.place.line}, {"opens", widening.text}};
}

}  // namespace aileron::modes
