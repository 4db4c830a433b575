#include "connector/connector.h"

#include <algorithm>

namespace aileron::connector {

const Input* Operation::Find(std::string_view input) const {
  const auto found = std::ranges::find(inputs, input, &Input::name);
  return found == inputs.end() ? nullptr : &*found;
}

const Operation* Connector::Find(std::string_view operation) const {
  const auto found = std::ranges::find(operations, operation, &Operation::name);
  return found == operations.end() ? nullptr : &*found;
}

Idempotency IdempotencyOf(std::string_view method) {
  if (method == "GET" || method == "HEAD" || method == "OPTIONS") return Idempotency::kSafe;
  if (method == "PUT" || method == "DELETE") return Idempotency::kIdempotent;
  return Idempotency::kNone;
}

Approval ApprovalOf(Idempotency idempotency) {
  return idempotency == Idempotency::kSafe ? Approval::kNever : Approval::kAsk;
}

bool InGroup(std::string_view name, std::string_view group) {
  return name.starts_with(group) && (name.size() == group.size() || name[group.size()] == '.');
}

bool Covers(const Tool& tool, const Operation& operation) {
  return tool.operations.empty() || std::ranges::any_of(tool.operations, [&](const auto& group) {
           return InGroup(operation.name, group);
         });
}

std::vector<const Operation*> OperationsOf(const Connector& connector, const Tool& tool) {
  std::vector<const Operation*> operations;
  for (const Operation& operation : connector.operations) {
    if (Covers(tool, operation)) operations.push_back(&operation);
  }
  return operations;
}

Reach ReachOf(const Connector& connector) {
  Reach reach;
  for (const Operation& operation : connector.operations) {
    reach.hosts.insert(operation.hosts.begin(), operation.hosts.end());
    if (!operation.credential.empty()) reach.credentials.insert(operation.credential);
    if (operation.approval == Approval::kAsk) ++reach.asking;
  }
  for (const Tool& tool : connector.tools) {
    reach.tools.push_back(tool.name);
    if (tool.overrides) reach.overrides.push_back(tool.name);
  }
  return reach;
}

}  // namespace aileron::connector
