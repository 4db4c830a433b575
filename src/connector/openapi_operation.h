// One operation of an OpenAPI or Swagger document.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connector/connector.h"
#include "connector/import_report.h"
#include "connector/references.h"
#include "connector/schemas.h"

namespace aileron::connector {

enum class Dialect { kSwagger2, kOpenApi3 };

// Places and names, in lower case, of parameters that carry a credential.
using CredentialPlaces = std::set<std::pair<std::string, std::string>>;

// What all operations of a document share.
struct ImportWorld {
  Dialect dialect;
  const Node& root;
  const CredentialPlaces& credentials;
  References& references;
  Schemas& schemas;
  ImportReport& report;
};

struct RequestSource {
  std::string_view method;
  std::string_view path;            // as the document has it
  std::string base_path;            // in front of it
  const Node* item = nullptr;       // of the path
  const Node* operation = nullptr;  // of the method
};

class OperationImport {
 public:
  OperationImport(const ImportWorld& world, const RequestSource& source)
      : world_(world), source_(source) {}

  // Without name, hosts and credential. Nothing where a spec cannot say it; that is reported.
  std::optional<Operation> Make();

 private:
  enum class Need { kOptional, kRequired };
  Need NeedOf(const Node& described);

  // "GET /path", for the report.
  std::string What() const;
  // Reports why the operation, or a part of it that can be missing, is left out. False where the
  // operation is.
  bool Unusable(Need need, std::string_view reason, std::string_view part = {});

  bool ReadTexts();
  bool ReadParameters();
  bool ReadParameter(const Node& parameter);
  bool ReadQueryParameter(const Node& parameter, const Node* schema, Need need);
  bool ReadHeaderParameter(const Node& parameter, const Node* schema, Need need);
  bool ReadPath();

  bool ReadBody();
  bool ReadOpenApiBody(const Node& body);
  bool ReadSwaggerBody();
  bool ReadSwaggerForm();
  bool ReadMembers(BodyShape shape, const Node* schema, std::string_view content_type);
  bool ReadMember(const Schemas::Property& property);
  bool ReadWhole(const Node* schema, std::string_view content_type);

  // An input of a schema; nothing where no input can be like that.
  std::optional<Input> MakeInput(Where where, const Node* schema, const Node* described);
  // Gives it a name and its place, and redacts what its schema calls a password. False where its
  // name on the wire cannot be sent.
  bool Add(Input input, std::string_view wire, const Node* schema);
  bool TakeName(Input& input, std::string_view wanted);

  const ImportWorld& world_;
  const RequestSource& source_;
  Operation operation_;
  std::set<std::string, std::less<>> flags_;
  std::set<std::pair<Where, std::string>> sent_;
  std::set<std::string_view> path_names_;  // {names} in the path
  std::unordered_map<std::string, std::string> path_inputs_;
  const Node* swagger_body_ = nullptr;
  std::vector<const Node*> swagger_form_;
};

}  // namespace aileron::connector
