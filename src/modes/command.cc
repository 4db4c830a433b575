// Tested by src/modes/table_test.cc.

#include "modes/command.h"

#include <fmt/format.h>

namespace aileron::modes {

namespace {

int ExitCodeOf(Code code) {
  switch (code) {
    case Code::kInvalid:
      return kExitUsage;
    case Code::kDenied:
      return kExitDenied;
    case Code::kUnavailable:
    case Code::kUnsupported:
      return kExitUnavailable;
    case Code::kNotFound:
    case Code::kInternal:
      return kExitFailure;
  }
  return kExitFailure;
}

std::string UsageOf(const Flag& flag) {
  std::string text(flag.name);
  if (!flag.value.empty())
    text += fmt::format("={}", flag.choices.empty() ? flag.value : flag.choices);
  return fmt::format("[{}]{}", text, flag.repeat == Repeat::kMany ? "…" : "");
}

std::string UsageOf(const Argument& argument) {
  switch (argument.arity) {
    case Arity::kOne:
      return std::string(argument.name);
    case Arity::kOptional:
      return fmt::format("[{}]", argument.name);
    case Arity::kAny:
      return fmt::format("[{}]…", argument.name);
    case Arity::kRest:
      return fmt::format("[--] [{}]…", argument.name);
  }
  return std::string(argument.name);
}

}  // namespace

Failure::Failure(Error why) : exit_code(ExitCodeOf(why.code)), error(std::move(why)) {}

std::string_view GroupTitle(Group group) {
  switch (group) {
    case Group::kRun:
      return "Run";
    case Group::kCredentials:
      return "Credentials";
    case Group::kDecisions:
      return "Decisions";
    case Group::kEvidence:
      return "Evidence";
    case Group::kSelf:
      return "This program";
    case Group::kSandbox:
      return "For agents, inside a sandbox";
    case Group::kInside:
      return "Inside (started by aileron itself)";
  }
  return "";
}

std::string Parsed::Value(std::string_view flag, std::string_view otherwise) const {
  const auto found = flags_.find(flag);
  return found == flags_.end() ? std::string(otherwise) : found->second.back();
}

std::vector<std::string> Parsed::Values(std::string_view flag) const {
  const auto found = flags_.find(flag);
  return found == flags_.end() ? std::vector<std::string>() : found->second;
}

Command Describe(const Mode& mode) {
  Command command = mode.describe();
  command.name = mode.name;
  command.summary = mode.summary;
  return command;
}

const Mode* FindMode(std::span<const Mode> modes, std::string_view name) {
  for (const Mode& mode : modes) {
    if (mode.name == name) return &mode;
  }
  return nullptr;
}

const Command* FindCommand(const Command& command, std::string_view name) {
  for (const Command& child : command.commands) {
    if (child.name == name) return &child;
  }
  return nullptr;
}

std::string Usage(const Command& command, std::string_view path) {
  std::string text(path);
  if (!command.commands.empty()) return text + " COMMAND";
  for (const Flag& flag : command.flags) text += " " + UsageOf(flag);
  for (const Argument& argument : command.arguments) text += " " + UsageOf(argument);
  return text;
}

}  // namespace aileron::modes
