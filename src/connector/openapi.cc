#include "connector/openapi.h"

#include <algorithm>
#include <unordered_set>

#include "base/entry_name.h"
#include "base/host_pattern.h"
#include "base/text.h"
#include "connector/check.h"
#include "connector/document.h"
#include "connector/import_text.h"
#include "connector/limits.h"
#include "connector/names.h"
#include "connector/openapi_operation.h"
#include "connector/references.h"
#include "connector/schemas.h"

namespace aileron::connector {
namespace {

constexpr std::size_t kTagsMax = 10;     // of an operation, looked at
constexpr std::size_t kServersMax = 50;  // of a list, looked at

struct Method {
  std::string_view key;
  std::string_view name;
};
constexpr auto kMethods = std::to_array<Method>({{"get", "GET"},
                                                 {"head", "HEAD"},
                                                 {"post", "POST"},
                                                 {"put", "PUT"},
                                                 {"patch", "PATCH"},
                                                 {"delete", "DELETE"}});

// Where a document's paths are.
struct Site {
  std::vector<std::string> hosts;
  std::string base_path;  // without "/" at its end
};

struct ServerUrl {
  std::string host;  // empty: the document's own
  std::string path;
  bool plain = false;
};

ServerUrl SplitUrl(std::string_view url) {
  ServerUrl server;
  const std::size_t scheme = url.find("//");
  if (scheme != std::string_view::npos && (scheme == 0 || url[scheme - 1] == ':')) {
    server.plain = ToLower(url.substr(0, scheme)) == "http:";
    url.remove_prefix(scheme + 2);
    const std::size_t slash = std::min(url.find('/'), url.size());
    server.host = url.substr(0, slash);
    url.remove_prefix(slash);
  }
  server.path = url.substr(0, url.find_first_of("?#"));
  while (server.path.ends_with('/')) server.path.pop_back();
  if (!server.path.empty() && !server.path.starts_with('/')) server.path.insert(0, "/");
  return server;
}

class Importer {
 public:
  Importer(const Node& root, std::string_view file, const ImportOptions& options)
      : root_(root), file_(file), options_(options), references_(root), schemas_(references_) {}

  Result<Imported> Run() {
    AILERON_TRY(ReadDialect());
    AILERON_TRY(ReadSite());
    AILERON_TRY(NameConnector());
    ReadCredentials();
    AILERON_TRY(ReadPaths());
    AILERON_TRY(CheckIncluded());
    Connector& connector = imported_.connector;
    if (connector.operations.empty()) {
      return Fail(Code::kNotFound, "{}: no operation is left\n{}", file_, imported_.report.Text());
    }
    if (const auto flaw = CheckConnector(connector)) {
      return Fail(Code::kInvalid, "{}: {}", file_, flaw->message);
    }
    return std::move(imported_);
  }

 private:
  Status ReadDialect() {
    if (references_.Text(&root_, "swagger") == "2.0") {
      dialect_ = Dialect::kSwagger2;
      return {};
    }
    const std::string_view version = references_.Text(&root_, "openapi");
    if (version.starts_with("3.0") || version.starts_with("3.1")) return {};
    return Fail(Code::kInvalid,
                "{} is no OpenAPI document that can be read: expected \"openapi: 3.0\" or 3.1, or "
                "\"swagger: 2.0\", at its top",
                file_);
  }

  Status ReadSite() {
    if (dialect_ == Dialect::kSwagger2) {
      site_.base_path = SplitUrl(references_.Text(&root_, "basePath")).path;
      AddHost(site_, references_.Text(&root_, "host"));
    } else {
      site_ = SiteOf(references_.Member(&root_, "servers")).value_or(Site());
    }
    for (const std::string& host : options_.hosts) {
      if (&host == &options_.hosts.front()) site_.hosts.clear();
      AILERON_ASSIGN(std::string canonical, CanonicalHost(host));
      site_.hosts.push_back(std::move(canonical));
    }
    if (!site_.hosts.empty()) return {};
    return Fail(Code::kInvalid, "{} names no host that can be called: say which one is meant",
                file_);
  }

  static void AddHost(Site& site, std::string_view text) {
    const auto host = CanonicalHost(text);
    if (!host || site.hosts.size() >= limits::kHostsMax) return;
    if (std::ranges::find(site.hosts, *host) == site.hosts.end()) site.hosts.push_back(*host);
  }

  // The first server, and others that have the same paths. Nothing where there is none.
  std::optional<Site> SiteOf(const Node* servers) {
    if (servers == nullptr || servers->kind != Kind::kList || servers->items.empty()) {
      return std::nullopt;
    }
    Site site;
    for (const Node& each :
         std::span(servers->items).first(std::min(servers->items.size(), kServersMax))) {
      const ServerUrl url = SplitUrl(WithVariables(references_.Follow(&each)));
      if (&each == &servers->items.front()) site.base_path = url.path;
      if (url.path != site.base_path) continue;
      if (url.plain) imported_.report.Note("a server without TLS is called with it", url.host);
      AddHost(site, url.host);
    }
    if (site.hosts.empty()) site.hosts = site_.hosts;
    if (!options_.hosts.empty() && !site_.hosts.empty()) site.hosts = site_.hosts;
    return site;
  }

  // A server's URL with the defaults of its variables.
  std::string WithVariables(const Node* server) {
    const std::string_view url = references_.Text(server, "url").substr(0, limits::kPathMax);
    const Node* variables = references_.Member(server, "variables");
    std::string filled;
    std::string_view rest = url;
    while (!rest.empty()) {
      const std::size_t open = std::min(rest.find('{'), rest.size());
      filled += rest.substr(0, open);
      rest.remove_prefix(open);
      const std::size_t close = rest.find('}');
      if (close == std::string_view::npos) break;
      const Node* variable = references_.Member(variables, rest.substr(1, close - 1));
      filled += references_.Text(variable, "default").substr(0, limits::kPathMax);
      rest.remove_prefix(close + 1);
    }
    return filled;
  }

  Status NameConnector() {
    Connector& connector = imported_.connector;
    const Node* info = references_.Member(&root_, "info");
    const std::string title =
        CleanText(references_.Text(info, "title"), limits::kImportedSummaryMax);
    connector.fqn = options_.fqn.empty() ? DefaultFqn(title) : options_.fqn;
    AILERON_TRY(CheckFqn(connector.fqn));
    connector.version = options_.version.empty() ? DefaultVersion(references_.Text(info, "version"))
                                                 : options_.version;
    AILERON_TRY(CheckVersion(connector.version));
    connector.summary = title.empty() ? connector.fqn : title;
    const std::string_view last = Split(connector.fqn, '/').back();
    Tool tool{.name = options_.tool, .summary = connector.summary};
    if (tool.name.empty()) tool.name = WordOfName(last.substr(0, limits::kToolNameMax));
    if (tool.name.empty() || tool.name == "aileron") tool.name = "api";
    AILERON_TRY(CheckToolName(tool.name));
    connector.tools.push_back(std::move(tool));
    service_ = last;
    return {};
  }

  std::string DefaultFqn(std::string_view title) const {
    const auto host = ParseHostPort(site_.hosts.front());
    std::string word = WordOfName(title.substr(0, limits::kToolNameMax));
    if (word.empty()) word = "api";
    return fmt::format("{}/{}", host ? host->pattern.host() : "", word);
  }
  static std::string DefaultVersion(std::string_view text) {
    std::string version;
    for (const char c : text.substr(0, limits::kVersionMax)) {
      if (CheckVersion(version + c)) version += c;
    }
    return version.empty() ? "1" : version;
  }

  // The security schemes, as credentials of the vault.
  void ReadCredentials() {
    const Node* schemes =
        dialect_ == Dialect::kSwagger2
            ? references_.Member(&root_, "securityDefinitions")
            : references_.Member(references_.Member(&root_, "components"), "securitySchemes");
    if (schemes == nullptr || schemes->kind != Kind::kMap) return;
    for (const Node& each :
         std::span(schemes->items).first(std::min(schemes->items.size(), kServersMax))) {
      const Node* scheme = references_.Follow(&each);
      const auto hint = HintOf(scheme);
      if (!hint) continue;
      hints_.emplace(each.key, *hint);
      if (!hint->name.empty()) {
        places_.emplace(references_.Text(scheme, "in"), ToLower(hint->name));
      }
    }
  }

  std::optional<CredentialHint> HintOf(const Node* scheme) {
    const std::string type = ToLower(references_.Text(scheme, "type"));
    const std::string http = ToLower(references_.Text(scheme, "scheme"));
    const std::string in = ToLower(references_.Text(scheme, "in"));
    const auto named = [&](std::string_view kind, std::string_view how) {
      CredentialHint hint{.credential = fmt::format("{}/{}", kind, service_),
                          .scheme = std::string(how)};
      if (type == "apikey") {
        hint.name = CleanText(references_.Text(scheme, "name"), limits::kSentAsMax);
      }
      return hint;
    };
    if (type == "oauth2" || type == "openidconnect") return named("token", "bearer");
    if (type == "http" && http == "bearer") return named("token", "bearer");
    if (type == "basic" || (type == "http" && http == "basic")) return named("login", "basic");
    if (type == "mutualtls") return named("certificate", "mtls");
    if (type != "apikey") return std::nullopt;
    if (in == "query") return named("key", "query-param");
    return in == "cookie" ? named("key", "cookie") : named("key", "header-template");
  }

  // What an operation is called with: the first scheme of its first requirement that names one.
  std::string CredentialOf(const Node* operation) {
    if (!options_.credential.empty()) return options_.credential;
    const Node* security = references_.Get(operation, "security");
    if (security == nullptr) security = references_.Get(&root_, "security");
    if (security == nullptr || security->kind != Kind::kList) return {};
    for (const Node& each :
         std::span(security->items).first(std::min(security->items.size(), kTagsMax))) {
      if (each.kind != Kind::kMap || each.items.empty()) continue;
      const auto hint = hints_.find(each.items.front().key);
      if (hint == hints_.end() || !CheckEntryName(hint->second.credential)) continue;
      const bool told = std::ranges::any_of(imported_.credentials, [&](const auto& known) {
        return known.credential == hint->second.credential && known.scheme == hint->second.scheme &&
               known.name == hint->second.name;
      });
      if (!told) imported_.credentials.push_back(hint->second);
      return hint->second.credential;
    }
    return {};
  }

  Status ReadPaths() {
    const Node* paths = references_.Member(&root_, "paths");
    if (paths == nullptr || paths->kind != Kind::kMap) {
      return Fail(Code::kInvalid, "{} has no paths", file_);
    }
    for (const Node& each : paths->items) {
      const Node* item = references_.Follow(&each);
      for (const Method& method : kMethods) {
        const Node* operation = references_.Member(item, method.key);
        if (operation == nullptr || operation->kind != Kind::kMap) continue;
        ReadOperation(each.key, method.name, *item, *operation);
      }
    }
    return {};
  }

  void ReadOperation(std::string_view path, std::string_view method, const Node& item,
                     const Node& operation) {
    if (!IsIncluded(path, method, operation)) return;
    ImportReport& report = imported_.report;
    const std::string what = fmt::format("{} {}", method, path.substr(0, limits::kPathMax));
    if (references_.IsTrue(&operation, "deprecated")) return report.LeaveOut("deprecated", what);
    std::vector<Operation>& operations = imported_.connector.operations;
    if (operations.size() >= limits::kOperationsMax) {
      return report.LeaveOut("a connector holds no more operations", what);
    }
    Site site = site_;
    for (const Node* of : {static_cast<const Node*>(&operation), &item}) {
      const auto own = SiteOf(references_.Member(of, "servers"));
      if (!own) continue;
      site = *own;
      break;
    }
    const ImportWorld world{dialect_, root_, places_, references_, schemas_, report};
    const RequestSource source{method, path, site.base_path, &item, &operation};
    auto made = OperationImport(world, source).Make();
    if (!made) return;
    made->hosts = std::move(site.hosts);
    made->credential = CredentialOf(&operation);
    made->name = NameOf(path, method, operation);
    if (const auto flaw = CheckOperation(*made)) return report.LeaveOut(flaw->message, what);
    taken_.insert(made->name);
    operations.push_back(*std::move(made));
  }

  std::vector<std::string_view> TagsOf(const Node& operation) {
    std::vector<std::string_view> tags;
    const Node* list = references_.Get(&operation, "tags");
    if (list == nullptr || list->kind != Kind::kList) return tags;
    for (const Node& tag : std::span(list->items).first(std::min(list->items.size(), kTagsMax))) {
      if (tag.kind == Kind::kText) tags.push_back(tag.text);
    }
    return tags;
  }

  // operationId, grouped by its own dots and slashes or by the first tag; else of the request.
  std::string NameOf(std::string_view path, std::string_view method, const Node& operation) {
    std::string name = OperationNameOf(references_.Text(&operation, "operationId"));
    const auto tags = TagsOf(operation);
    const std::string group = tags.empty() ? "" : WordOfName(tags.front());
    if (name.empty()) {
      name = NameOfRequest(method, path);
    } else if (!name.contains('.') && !group.empty()) {
      name = OperationNameOf(fmt::format("{}.{}", group, name));
    }
    std::string unique = name;
    // Each name is counted on from where it stopped, so that many of one name stay cheap.
    while (taken_.contains(unique)) unique = fmt::format("{}-{}", name, ++repeated_[name] + 1);
    return unique;
  }

  bool IsIncluded(std::string_view path, std::string_view method, const Node& operation) {
    const auto tags = TagsOf(operation);
    for (const std::string_view tag : tags) {
      if (!options_.include.empty() && known_tags_.size() < limits::kOperationsMax) {
        known_tags_.insert(tag);
      }
    }
    bool included = options_.include.empty();
    for (std::size_t i = 0; i < options_.include.size(); ++i) {
      if (!Matches(options_.include[i], path, method, tags)) continue;
      matched_.insert(i);
      included = true;
    }
    return included;
  }

  static bool Matches(std::string_view filter, std::string_view path, std::string_view method,
                      const std::vector<std::string_view>& tags) {
    const std::size_t blank = filter.find(" /");
    if (blank != std::string_view::npos) {
      if (!EqualsIgnoreCase(filter.substr(0, blank), method)) return false;
      return path == filter.substr(blank + 1);
    }
    if (!filter.starts_with('/')) {
      return std::ranges::any_of(tags, [&](auto tag) { return EqualsIgnoreCase(tag, filter); });
    }
    // The path itself and what lies below it.
    while (filter.ends_with('/')) filter.remove_suffix(1);
    return path.starts_with(filter) && (path.size() == filter.size() || path[filter.size()] == '/');
  }

  Status CheckIncluded() const {
    for (std::size_t i = 0; i < options_.include.size(); ++i) {
      if (matched_.contains(i)) continue;
      const std::string_view filter = options_.include[i];
      std::vector<std::string_view> tags(known_tags_.begin(), known_tags_.end());
      std::ranges::sort(tags);
      const auto near = filter.contains('/')
                            ? std::nullopt
                            : NearestWord(filter.substr(0, limits::kOperationNameMax), tags);
      return Fail(Code::kNotFound, "{} has no operation with the tag or path \"{}\"{}", file_,
                  Printable(filter.substr(0, limits::kOperationNameMax)),
                  near ? fmt::format(". Did you mean \"{}\"?",
                                     CleanText(*near, limits::kImportedSummaryMax))
                       : "");
    }
    return {};
  }

  const Node& root_;
  std::string_view file_;
  const ImportOptions& options_;
  References references_;
  Schemas schemas_;
  Dialect dialect_ = Dialect::kOpenApi3;
  Site site_;
  std::string service_;
  std::unordered_map<std::string_view, CredentialHint> hints_;
  CredentialPlaces places_;
  std::unordered_set<std::string> taken_;
  std::unordered_map<std::string, std::size_t> repeated_;
  std::unordered_set<std::string_view> known_tags_;
  std::unordered_set<std::size_t> matched_;
  Imported imported_;
};

}  // namespace

Result<Imported> ImportOpenApi(std::string_view text, std::string_view file,
                               const ImportOptions& options) {
  if (text.size() > limits::kImportMax) {
    return Fail(Code::kInvalid, "{} is larger than {} bytes", file, limits::kImportMax);
  }
  AILERON_ASSIGN(const Node root, ParseDocument(text, file, Aliases::kCopied));
  return Importer(root, file, options).Run();
}

}  // namespace aileron::connector
