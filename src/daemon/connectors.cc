#include "daemon/connectors.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "connector/connector_json.h"
#include "connector/connector_yaml.h"
#include "connector/limits.h"
#include "connector/tools.h"
#include "crypto/hash.h"
#include "daemon/limits.h"
#include "daemon/members.h"
#include "daemon/request.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "os/paths.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

constexpr std::string_view kEnding = ".json";
constexpr std::int64_t kListVersion = 1;

std::string DigestOf(std::string_view text) { return HexEncode(crypto::Hash(text)); }

bool IsDigest(std::string_view text) {
  return text.size() == 2 * std::tuple_size_v<crypto::Digest> && HexDecode(text);
}

bool Before(const SharedConnector& a, const SharedConnector& b) {
  return a->spec.fqn < b->spec.fqn;
}

}  // namespace

Result<Connectors::Listed> Connectors::ReadListed(const json& entry) {
  if (!entry.is_object()) return Fail(Code::kInvalid, "an entry is no object");
  Listed listed;
  std::string added;
  Members members(entry, "");
  AILERON_TRY(members.Text("fqn", listed.fqn, connector::limits::kFqnMax));
  AILERON_TRY(members.Text("digest", listed.digest, 64));
  AILERON_TRY(members.Text("added", added, 64));
  if (const json* by = members.Take("signed_by"); by != nullptr) {
    if (!by->is_object()) return Fail(Code::kInvalid, "\"signed_by\" is no object");
    Members inner(*by, "signed_by.");
    listed.signed_by.emplace();
    AILERON_TRY(inner.Text("key", listed.signed_by->key, 64));
    AILERON_TRY(inner.Text("comment", listed.signed_by->comment, limits::kConnectorList));
    AILERON_TRY(inner.Done());
  }
  AILERON_TRY(members.Done());
  if (!IsDigest(listed.digest)) return Fail(Code::kInvalid, "\"digest\" is none");
  listed.added = ParseTime(added).value_or(Time());
  return listed;
}

Result<std::vector<Connectors::Listed>> Connectors::ReadList(std::string_view text) {
  const json list = json::parse(text, nullptr, false);
  if (!list.is_object() || list.value("version", json()) != kListVersion ||
      !list.value("connectors", json()).is_array()) {
    return Fail(Code::kInvalid, "it is no list of version {}", kListVersion);
  }
  std::vector<Listed> entries;
  for (const json& entry : list["connectors"]) {
    AILERON_ASSIGN(Listed listed, ReadListed(entry));
    entries.push_back(std::move(listed));
  }
  return entries;
}

std::string Connectors::PathOf(std::string_view digest) const {
  return fmt::format("{}/{}{}", folder_, digest, kEnding);
}

Result<SharedConnector> Connectors::Read(const Listed& listed) const {
  const std::string path = PathOf(listed.digest);
  AILERON_ASSIGN(std::string text, os::ReadFile(path, connector::limits::kFileMax));
  if (DigestOf(text) != listed.digest) {
    return Fail(Code::kInvalid, "{} is damaged. Add the connector {} again.", path,
                Printable(listed.fqn));
  }
  AILERON_ASSIGN(connector::Connector spec, connector::ParseConnector(text, path));
  return std::make_shared<const InstalledConnector>(
      InstalledConnector{.digest = listed.digest,
                         .added = listed.added,
                         .text = std::move(text),
                         .spec = std::move(spec),
                         .signed_by = listed.signed_by});
}

void Connectors::Load() {
  loaded_ = true;
  const auto note = [this](const Error& error) {
    LogError("{}", error.message);
    problem_ = error.message;
  };
  auto text = os::ReadFile(ListPath(), limits::kConnectorList);
  if (!text && text.error().code == Code::kNotFound) return;
  auto list = text ? ReadList(*text) : std::unexpected(text.error());
  if (!list) {
    list_ = Fail(Code::kUnavailable, "{} is damaged: {}. Remove it, and add the connectors again.",
                 ListPath(), list.error().message);
    return note(list_.error());
  }
  for (Listed& listed : *list) {
    auto read = Read(listed);
    if (read) {
      all_.push_back(std::move(*read));
    } else {
      note(read.error());
      damaged_.push_back(std::move(listed));
    }
  }
  std::ranges::sort(all_, Before);
}

const std::vector<SharedConnector>& Connectors::All() {
  if (!loaded_) Load();
  return all_;
}

SharedConnector Connectors::Find(std::string_view fqn) {
  for (const SharedConnector& one : All()) {
    if (one->spec.fqn == fqn) return one;
  }
  return nullptr;
}

SharedConnector Connectors::Prepare(connector::Connector spec, std::optional<SignedBy> signed_by) {
  std::string text = connector::WriteConnectorJson(spec);  // read many times faster than YAML
  return std::make_shared<const InstalledConnector>(
      InstalledConnector{.digest = DigestOf(text),
                         .added = Now(),
                         .text = std::move(text),
                         .spec = std::move(spec),
                         .signed_by = std::move(signed_by)});
}

std::vector<SharedConnector> Connectors::With(std::span<const SharedConnector> fresh) {
  std::set<std::string_view> replaced;
  for (const SharedConnector& one : fresh) replaced.insert(one->spec.fqn);
  std::vector<SharedConnector> next(fresh.begin(), fresh.end());
  for (const SharedConnector& one : All()) {
    if (!replaced.contains(one->spec.fqn)) next.push_back(one);
  }
  std::ranges::sort(next, Before);
  return next;
}

Status Connectors::Check(std::span<const SharedConnector> fresh) {
  const std::vector<SharedConnector> next = With(fresh);
  std::vector<const connector::Connector*> specs;
  for (const SharedConnector& one : next) {
    if (!specs.empty() && specs.back()->fqn == one->spec.fqn) {
      return Fail(Code::kInvalid, "two of the specs are of one connector, {}: add one of them",
                  one->spec.fqn);
    }
    specs.push_back(&one->spec);
  }
  if (next.size() > limits::kConnectors) {
    return Fail(Code::kInvalid, "{} connectors would be installed; at most {} can be", next.size(),
                limits::kConnectors);
  }
  return connector::CheckTools(specs);
}

Status Connectors::Add(std::span<const SharedConnector> fresh) {
  AILERON_TRY(Check(fresh));
  AILERON_TRY(os::MakePrivateFolder(folder_));
  std::vector<Listed> damaged = damaged_;
  Status written;
  for (const SharedConnector& one : fresh) {
    if (written) written = os::ReplaceFile(PathOf(one->digest), one->text, 0600);
    std::erase_if(damaged, [&](const Listed& listed) { return listed.fqn == one->spec.fqn; });
  }
  if (written) written = Replace(With(fresh), std::move(damaged));
  RemoveUnlisted();
  return written;
}

Status Connectors::Replace(std::vector<SharedConnector> next, std::vector<Listed> damaged) {
  AILERON_TRY(list_);
  json list = {{"version", kListVersion}, {"connectors", json::array()}};
  const auto put = [&list](std::string_view fqn, const auto& one) {
    json entry = {{"fqn", fqn}, {"digest", one.digest}, {"added", FormatTime(one.added)}};
    if (one.signed_by) {
      entry["signed_by"] = {{"key", one.signed_by->key}, {"comment", one.signed_by->comment}};
    }
    list["connectors"].push_back(std::move(entry));
  };
  for (const SharedConnector& one : next) put(one->spec.fqn, *one);
  for (const Listed& one : damaged) put(one.fqn, one);
  AILERON_TRY(os::ReplaceFile(ListPath(), JsonText(list) + "\n", 0600));
  all_ = std::move(next);
  damaged_ = std::move(damaged);
  if (damaged_.empty()) problem_.clear();
  if (on_change_) on_change_();
  return {};
}

// What was replaced, and what a kill or a full disk cut off.
void Connectors::RemoveUnlisted() const {
  if (!list_) return;
  std::set<std::string, std::less<>> listed;
  const auto put = [&](std::string_view digest) {
    listed.insert(fmt::format("{}{}", digest, kEnding));
  };
  for (const SharedConnector& one : all_) put(one->digest);
  for (const Listed& one : damaged_) put(one.digest);
  const os::Fd folder(open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto names = os::ListBeneath(folder, ".");
  if (!names) return;
  for (const std::string& name : *names) {
    if (!listed.contains(name)) unlinkat(folder.get(), name.c_str(), 0);
  }
}

Status Connectors::Remove(std::string_view fqn) {
  std::vector<SharedConnector> next = All();
  std::vector<Listed> damaged = damaged_;
  const std::size_t removed =
      std::erase_if(next, [&](const SharedConnector& one) { return one->spec.fqn == fqn; }) +
      std::erase_if(damaged, [&](const Listed& one) { return one.fqn == fqn; });
  if (removed == 0) {
    return Fail(Code::kNotFound, "there is no connector {}. Run \"aileron connector list\".",
                Printable(fqn));
  }
  AILERON_TRY(Replace(std::move(next), std::move(damaged)));
  RemoveUnlisted();
  return {};
}

nlohmann::json Connectors::ToolList() {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& one : All()) {
    for (const connector::Tool& tool : one->spec.tools) {
      list.push_back({{"name", tool.name},
                      {"summary", tool.summary},
                      {"connector", one->spec.fqn},
                      {"override", tool.overrides}});
    }
  }
  return list;
}

Result<Connectors::Tool> Connectors::FindTool(std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& one : All()) {
    for (const connector::Tool& tool : one->spec.tools) {
      if (tool.name == name) return Tool{one, &tool};
      names.push_back(tool.name);
    }
  }
  const auto nearest = NearestWord(name.substr(0, limits::kToolName), names);
  return Fail(
      Code::kNotFound, "there is no tool {}. {}", Printable(name),
      nearest ? fmt::format("Did you mean {}?", *nearest) : std::string("Run \"aileron tools\"."));
}

}  // namespace aileron::daemon
