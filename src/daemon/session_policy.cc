#include "daemon/session_policy.h"

#include "base/text.h"
#include "trust/files.h"
#include "trust/store.h"

namespace aileron::daemon {

SessionPolicy::SessionPolicy(const os::Paths& paths, std::string agent,
                             const session::NetworkRequest& request)
    : paths_(paths), agent_(std::move(agent)), flag_(policy::ParseProfile(request.profile)) {
  for (const auto& [path, text] : request.project) project_.push_back(path);
}

// A file that is written between the look at it and its reading is read again at the next turn.
std::vector<FileStamp> SessionPolicy::Stamps() const {
  std::vector<FileStamp> stamps = {
      FileStamp::Of(fmt::format("{}/{}", paths_.config, trust::kUserFile)),
      FileStamp::Of(trust::Store(paths_.state).path())};
  for (const std::string& path : project_) stamps.push_back(FileStamp::Of(path));
  return stamps;
}

Result<SessionSettings> SessionPolicy::Compile(const trust::Texts& texts,
                                               const session::NetworkRequest& request,
                                               const Secret& proxy_password) {
  AILERON_ASSIGN(trust::Loaded loaded, trust::Load(paths_, texts, agent_, flag_));
  policy::Merged merged = policy::Merge(loaded.layers);
  const policy::Profile profile = merged.profile;
  auto settings = CompileSettings(request, proxy_password, std::move(merged));
  if (!settings) return settings;
  profile_ = profile;
  withheld_ = loaded.withheld.size();
  return settings;
}

// No way out of a file's rules is to take the file away, or to be seen while it is written anew.
Result<SessionSettings> SessionPolicy::FromFiles(session::NetworkRequest& request,
                                                 const Secret& proxy_password) {
  AILERON_ASSIGN(trust::Texts texts, trust::ReadTexts(paths_, project_));
  const auto lost = [](std::string_view before, std::string_view now, std::string_view path) {
    if (before.empty() || !now.empty()) return Status();
    return Status(Fail(Code::kInvalid,
                       "{} is gone or empty; to end what it says write \"version: 1\" into it",
                       Printable(path)));
  };
  AILERON_TRY(
      lost(request.user_policy, texts.user, fmt::format("{}/{}", paths_.config, trust::kUserFile)));
  for (std::size_t i = 0; i < project_.size(); ++i) {
    AILERON_TRY(lost(request.project[i].second, texts.project[i].second, project_[i]));
  }
  auto settings = Compile(texts, request, proxy_password);
  if (!settings) return settings;
  request.user_policy = std::move(texts.user);
  request.project = std::move(texts.project);
  return settings;
}

Result<SessionSettings> SessionPolicy::Open(session::NetworkRequest& request,
                                            const Secret& proxy_password) {
  if (!request.profile.empty() && !flag_) {
    return Fail(Code::kInvalid, "\"{}\" is not a network profile. Use open, guarded or locked.",
                Printable(request.profile));
  }
  stamps_ = seen_ = Stamps();
  return FromFiles(request, proxy_password);
}

Result<SessionSettings> SessionPolicy::Resume(session::NetworkRequest& request,
                                              const Secret& proxy_password) {
  auto settings = Open(request, proxy_password);
  if (settings) return settings;
  problem_ = settings.error().message;
  return Compile({request.user_policy, request.project}, request, proxy_password);
}

std::optional<SessionSettings> SessionPolicy::Refresh(session::NetworkRequest& request,
                                                      const Secret& proxy_password) {
  const auto stamps = Stamps();
  const bool settled = std::exchange(seen_, stamps) == stamps;
  if (!settled || stamps == stamps_) return std::nullopt;
  stamps_ = stamps;
  auto settings = FromFiles(request, proxy_password);
  if (!settings) {
    problem_ = settings.error().message;
    return std::nullopt;
  }
  problem_.clear();
  return *std::move(settings);
}

std::string SessionPolicy::News() const {
  if (!problem_.empty()) {
    return fmt::format("the policy as it is now is not in force: {}. What was in force stays",
                       problem_);
  }
  std::string news =
      fmt::format("the policy changed and is in force (profile {})", policy::Name(profile_));
  if (withheld_ != 0) {
    news += fmt::format("; {} of its lines open something and wait: \"aileron policy trust\"",
                        withheld_);
  }
  return news;
}

}  // namespace aileron::daemon
