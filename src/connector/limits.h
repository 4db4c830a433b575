// Bounds of the connector room. Specs and imported documents come from strangers.
#pragma once

#include <cstddef>

namespace aileron::connector::limits {

// A spec.
inline constexpr std::size_t kFileMax = 32 << 20;
inline constexpr std::size_t kOperationsMax = 20'000;
inline constexpr std::size_t kToolsMax = 50;
inline constexpr std::size_t kToolGroupsMax = 100;  // names of operations, of a tool
inline constexpr std::size_t kInputsMax = 200;      // of an operation
inline constexpr std::size_t kHostsMax = 16;        // of an operation
inline constexpr std::size_t kHeadersMax = 16;      // constant ones, of an operation
inline constexpr std::size_t kAllowedMax = 200;     // values that an enum lists
inline constexpr std::size_t kFqnMax = 200;
inline constexpr std::size_t kVersionMax = 64;
inline constexpr std::size_t kToolNameMax = 64;
inline constexpr std::size_t kOperationNameMax = 120;
inline constexpr std::size_t kInputNameMax = 64;
inline constexpr std::size_t kSentAsMax = 128;
inline constexpr std::size_t kSummaryMax = 200;
inline constexpr std::size_t kDescriptionMax = 4'000;
inline constexpr std::size_t kPathMax = 1'024;
inline constexpr std::size_t kHeaderValueMax = 4'096;
inline constexpr std::size_t kSpecValueMax = 4'096;  // a default, example or enum value as JSON

// A document, whatever it says.
inline constexpr std::size_t kDepthMax = 100;
inline constexpr std::size_t kNodesMax = 6'000'000;
inline constexpr std::size_t kAnchoredMax = 100'000;  // values below anchors, each time
inline constexpr std::size_t kFlowYamlMax = 1 << 20;  // of YAML that looks like JSON at first
inline constexpr std::size_t kKeyMax = 4'096;
inline constexpr std::size_t kQuotedMax = 100;  // of a stranger's word in a message

// A call.
inline constexpr std::size_t kBodyMax = 8 << 20;
inline constexpr std::size_t kArgumentDepthMax = 32;
inline constexpr std::size_t kDescribedMax = 300;       // the line for a person
inline constexpr std::size_t kDescribedValueMax = 100;  // of one argument in it
inline constexpr std::size_t kWordsMax = 10'000;        // of a command line

// A search.
inline constexpr std::size_t kSearchTextMax = 1'000;
inline constexpr std::size_t kSearchWordsMax = 12;
inline constexpr std::size_t kHitsMax = 1'000;

// What is imported.
inline constexpr std::size_t kImportMax = 64 << 20;
inline constexpr std::size_t kReferenceHopsMax = 16;
inline constexpr std::size_t kSchemaDepthMax = 8;  // of allOf, anyOf and oneOf within each other
inline constexpr std::size_t kSchemaStepsMax = 2'000;  // taken for one operation's schemas
inline constexpr std::size_t kImportedSummaryMax = 120;
inline constexpr std::size_t kImportedTextMax = 1'000;
inline constexpr std::size_t kImportedInputTextMax = 300;
inline constexpr std::size_t kImportedAllowedMax = 50;  // longer enums are left out
inline constexpr std::size_t kReportGroupsMax = 40;
inline constexpr std::size_t kParametersMax = 500;    // of an operation, looked at
inline constexpr std::size_t kCompletionsMax = 100;   // names that are offered at once
inline constexpr std::size_t kReportExamplesMax = 5;  // named beside each reason

}  // namespace aileron::connector::limits
