// A connector: the operations of a site, described once, and the commands they are called by.
//
// Values only. connector_yaml.h reads and writes them, check.h says which are valid, call.h makes
// requests of them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aileron::connector {

enum class Type : std::uint8_t { kString, kInteger, kNumber, kBoolean, kArray, kObject };
enum class Where : std::uint8_t { kPath, kQuery, kHeader, kBody };
// How an array goes into a query or a form: name=a&name=b, or name=a,b.
enum class ListForm : std::uint8_t { kRepeat, kComma };
enum class BodyShape : std::uint8_t { kNone, kJson, kForm, kRaw };
// What a second call does (RFC 9110 §9.2): nothing at all, nothing more than the first, nothing
// more where both carry the same key, or it all again.
enum class Idempotency : std::uint8_t { kSafe, kIdempotent, kKey, kNone };
enum class Approval : std::uint8_t { kNever, kAsk };

struct Input {
  std::string name;
  Type type = Type::kString;
  Type items = Type::kString;  // of an array
  Where where = Where::kQuery;
  bool required = false;
  std::string sent_as;  // its name in the request, where that is another one
  ListForm list = ListForm::kRepeat;
  std::string description;
  nlohmann::json default_value;         // null: none. It is sent where no value is given
  std::vector<nlohmann::json> allowed;  // empty: every value of the type; of an array: its items
  nlohmann::json example;               // null: none

  const std::string& wire_name() const { return sent_as.empty() ? name : sent_as; }
  bool operator==(const Input&) const = default;
};

// A safe operation of the same connector, whose result a person sees beside the question.
struct Preview {
  std::string operation;
  std::map<std::string, std::string> inputs;  // its input → the asking operation's
  bool operator==(const Preview&) const = default;
};

struct Operation {
  std::string name;  // words in groups: issues.create
  std::string summary;
  std::string description;
  std::string method;
  std::string path;                // with {input}
  std::vector<std::string> hosts;  // as CanonicalHost spells them; the first one is called
  std::vector<std::pair<std::string, std::string>> headers;  // the same in every call
  std::vector<Input> inputs;
  BodyShape body = BodyShape::kNone;
  std::string content_type;  // of a raw body
  Idempotency idempotency = Idempotency::kNone;
  std::string idempotency_header;  // kKey only
  Approval approval = Approval::kAsk;
  std::optional<Preview> preview;
  std::vector<std::string> editable;  // inputs that a person may change before saying yes
  std::string credential;             // an entry of the vault (base/entry_name.h), or none
  std::vector<std::string> recorded;  // inputs whose values go into the audit log
  std::vector<std::string> redacted;  // inputs whose values nobody sees

  const Input* Find(std::string_view input) const;
  bool operator==(const Operation&) const = default;
};

// A command of the sandbox.
struct Tool {
  std::string name;
  std::string summary;
  bool overrides = false;               // may shadow a command of the image
  std::vector<std::string> operations;  // names and groups; empty: all of the connector's
  bool operator==(const Tool&) const = default;
};

struct Connector {
  std::string fqn;  // example.com/github
  std::string version;
  std::string summary;
  std::vector<Tool> tools;
  std::vector<Operation> operations;

  // Linear.
  const Operation* Find(std::string_view operation) const;
  bool operator==(const Connector&) const = default;
};

// The words that specs have for these.
template <typename Value>
struct Word {
  std::string_view text;
  Value value;
};
inline constexpr auto kTypeWords = std::to_array<Word<Type>>({{"string", Type::kString},
                                                              {"integer", Type::kInteger},
                                                              {"number", Type::kNumber},
                                                              {"boolean", Type::kBoolean},
                                                              {"array", Type::kArray},
                                                              {"object", Type::kObject}});
inline constexpr auto kWhereWords = std::to_array<Word<Where>>({{"path", Where::kPath},
                                                                {"query", Where::kQuery},
                                                                {"header", Where::kHeader},
                                                                {"body", Where::kBody}});
inline constexpr auto kListWords =
    std::to_array<Word<ListForm>>({{"repeat", ListForm::kRepeat}, {"comma", ListForm::kComma}});
inline constexpr auto kBodyWords = std::to_array<Word<BodyShape>>({{"none", BodyShape::kNone},
                                                                   {"json", BodyShape::kJson},
                                                                   {"form", BodyShape::kForm},
                                                                   {"raw", BodyShape::kRaw}});
inline constexpr auto kIdempotencyWords =
    std::to_array<Word<Idempotency>>({{"safe", Idempotency::kSafe},
                                      {"idempotent", Idempotency::kIdempotent},
                                      {"key", Idempotency::kKey},
                                      {"none", Idempotency::kNone}});
inline constexpr auto kApprovalWords =
    std::to_array<Word<Approval>>({{"never", Approval::kNever}, {"ask", Approval::kAsk}});

template <typename Value, std::size_t N>
std::string_view WordOf(const std::array<Word<Value>, N>& words, Value value) {
  for (const auto& word : words) {
    if (word.value == value) return word.text;
  }
  return {};
}

// What a method means where a spec says nothing else.
Idempotency IdempotencyOf(std::string_view method);
// Reading needs nobody's consent, everything else does.
Approval ApprovalOf(Idempotency idempotency);

// Whether `tool` can call `operation`.
bool Covers(const Tool& tool, const Operation& operation);
// Whether `name` is `group` or lies in it: issues covers issues.create.
bool InGroup(std::string_view name, std::string_view group);
std::vector<const Operation*> OperationsOf(const Connector& connector, const Tool& tool);

// What installing it opens: for whoever confirms that.
struct Reach {
  std::set<std::string> hosts;
  std::set<std::string> credentials;
  std::vector<std::string> tools;
  std::vector<std::string> overrides;  // tools that may shadow a command of the image
  std::size_t asking = 0;              // operations that a person is asked about
};
Reach ReachOf(const Connector& connector);

}  // namespace aileron::connector
