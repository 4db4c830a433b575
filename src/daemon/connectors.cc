#include "daemon/connectors.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "connector/connector_json.h"
#include "connector/connector_yaml.h"
#include "connector/limits.h"
#include "connector/tools.h"
#include "crypto/hash.h"
#include "daemon/limits.h"
#include "os/fd.h"
#include "os/paths.h"

namespace aileron::daemon {

namespace {

constexpr std::string_view kEnding = ".json";

std::string DigestOf(std::string_view text) { return HexEncode(crypto::Hash(text)); }

std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(opendir(folder.c_str()), closedir);
  if (!opened) return names;
  while (const dirent* entry = readdir(opened.get())) {
    if (std::string_view(entry->d_name).ends_with(kEnding)) names.emplace_back(entry->d_name);
  }
  std::ranges::sort(names);
  return names;
}

Time ChangedAt(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return {};
  return Time(std::chrono::seconds(info.st_mtime));
}

Result<InstalledConnector> Read(const std::string& path, std::string_view digest) {
  AILERON_ASSIGN(std::string text, os::ReadFile(path, connector::limits::kFileMax));
  if (DigestOf(text) != digest) {
    return Fail(Code::kInvalid, "{} is damaged. Add the connector again.", path);
  }
  AILERON_ASSIGN(connector::Connector spec, connector::ParseConnector(text, path));
  return InstalledConnector{.digest = std::string(digest),
                            .added = ChangedAt(path),
                            .text = std::move(text),
                            .spec = std::move(spec)};
}

bool Before(const std::shared_ptr<const InstalledConnector>& a,
            const std::shared_ptr<const InstalledConnector>& b) {
  return a->spec.fqn < b->spec.fqn;
}

}  // namespace

std::string Connectors::PathOf(std::string_view digest) const {
  return fmt::format("{}/{}{}", folder_, digest, kEnding);
}

void Connectors::Load() {
  loaded_ = true;
  for (const std::string& name : FilesIn(folder_)) {
    const std::string_view digest = std::string_view(name).substr(0, name.size() - kEnding.size());
    auto read = Read(PathOf(digest), digest);
    if (!read) {
      LogError("{}", read.error().message);
      problem_ = read.error().message;
      continue;
    }
    all_.push_back(std::make_shared<const InstalledConnector>(std::move(*read)));
  }
  std::ranges::sort(all_, Before);
}

const std::vector<std::shared_ptr<const InstalledConnector>>& Connectors::All() {
  if (!loaded_) Load();
  return all_;
}

std::shared_ptr<const InstalledConnector> Connectors::Find(std::string_view fqn) {
  for (const auto& one : All()) {
    if (one->spec.fqn == fqn) return one;
  }
  return nullptr;
}

Result<std::shared_ptr<const InstalledConnector>> Connectors::Add(connector::Connector spec) {
  const auto before = Find(spec.fqn);
  std::vector<const connector::Connector*> beside = {&spec};
  for (const auto& one : All()) {
    if (one != before) beside.push_back(&one->spec);
  }
  AILERON_TRY(connector::CheckTools(beside, {}));
  std::string text = connector::WriteConnectorJson(spec);  // read many times faster than YAML
  auto added = std::make_shared<const InstalledConnector>(InstalledConnector{
      .digest = DigestOf(text), .added = Now(), .text = std::move(text), .spec = std::move(spec)});
  AILERON_TRY(os::MakePrivateFolder(folder_));
  AILERON_TRY(os::ReplaceFile(PathOf(added->digest), added->text, 0600));
  if (before && before->digest != added->digest) unlink(PathOf(before->digest).c_str());
  std::erase(all_, before);
  all_.push_back(added);
  std::ranges::sort(all_, Before);
  if (on_change_) on_change_();
  return added;
}

Status Connectors::Remove(std::string_view fqn) {
  const auto known = Find(fqn);
  if (!known) {
    return Fail(Code::kNotFound, "there is no connector {}. Run \"aileron connector list\".",
                Printable(fqn));
  }
  if (unlink(PathOf(known->digest).c_str()) != 0) {
    return os::FailErrno("cannot remove {}", PathOf(known->digest));
  }
  std::erase(all_, known);
  if (on_change_) on_change_();
  return {};
}

nlohmann::json Connectors::ToolList() {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& one : All()) {
    for (const connector::Tool& tool : one->spec.tools) {
      list.push_back({{"name", tool.name}, {"summary", tool.summary}});
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
