// The keys of each mapping in a spec: what the reader knows, and what schema/connector.v1.json
// offers to editors. A test compares the two.
#pragma once

#include <array>
#include <string_view>

namespace aileron::connector {

inline constexpr std::string_view kSchemaName = "aileron.connector.v1";

inline constexpr auto kConnectorKeys = std::to_array<std::string_view>(
    {"schema", "fqn", "version", "summary", "hosts", "credential", "tools", "operations"});
inline constexpr auto kToolKeys =
    std::to_array<std::string_view>({"name", "summary", "override", "operations"});
inline constexpr auto kOperationKeys = std::to_array<std::string_view>(
    {"name", "summary", "description", "method", "path", "hosts", "headers", "inputs", "body",
     "idempotency", "approval", "credential", "audit"});
inline constexpr auto kInputKeys =
    std::to_array<std::string_view>({"name", "type", "items", "where", "required", "sent_as",
                                     "list", "description", "default", "enum", "example"});
inline constexpr auto kBodyKeys = std::to_array<std::string_view>({"shape", "content_type"});
inline constexpr auto kIdempotencyKeys = std::to_array<std::string_view>({"key"});
inline constexpr auto kApprovalKeys =
    std::to_array<std::string_view>({"mode", "preview", "editable"});
inline constexpr auto kPreviewKeys = std::to_array<std::string_view>({"operation", "inputs"});
inline constexpr auto kAuditKeys = std::to_array<std::string_view>({"fields", "redact"});

}  // namespace aileron::connector
