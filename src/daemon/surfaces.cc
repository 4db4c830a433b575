#include "daemon/surfaces.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/entry_name.h"
#include "base/text.h"
#include "connector/document.h"
#include "daemon/limits.h"

namespace aileron::daemon {

namespace {

using connector::Kind;
using connector::Node;

constexpr auto kTopLevel = std::to_array<std::string_view>({"version", "desktop", "webhooks"});
constexpr auto kWebhookKeys = std::to_array<std::string_view>({"url", "secret", "ca", "events"});
constexpr auto kOccasions =
    std::to_array<std::pair<Occasion, std::string_view>>({{Occasion::kCreated, "created"},
                                                          {Occasion::kDecided, "decided"},
                                                          {Occasion::kExpired, "expired"},
                                                          {Occasion::kCancelled, "cancelled"},
                                                          {Occasion::kFinished, "finished"}});

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  Result<Surfaces> Read(const Node& root) {
    Surfaces surfaces;
    if (root.kind == Kind::kNull) return surfaces;
    if (root.kind != Kind::kMap) return At(root, "this must be a mapping with version");
    AILERON_TRY(CheckKeys(root, kTopLevel));
    const Node* version = root.Find("version");
    if (version == nullptr) return At(root, "\"version: 1\" is missing");
    if (version->text != "1") {
      return At(*version, "this aileron knows version 1 of the file, and no other");
    }
    if (const Node* desktop = root.Find("desktop"); desktop != nullptr) {
      if (desktop->kind != Kind::kBoolean) return At(*desktop, "desktop must be true or false");
      surfaces.desktop = desktop->text == "true";
    }
    const Node* list = root.Find("webhooks");
    if (list == nullptr || list->kind == Kind::kNull) return surfaces;
    if (list->kind != Kind::kList) return At(*list, "webhooks must be a list");
    for (const Node& node : list->items) {
      if (surfaces.webhooks.size() == limits::kWebhooks) {
        return At(node, "there are more than {} webhooks", limits::kWebhooks);
      }
      AILERON_ASSIGN(Webhook webhook, ReadWebhook(node));
      if (std::ranges::find(surfaces.webhooks, webhook.written, &Webhook::written) !=
          surfaces.webhooks.end()) {
        return At(node, "a webhook with this url stands here already");
      }
      surfaces.webhooks.push_back(std::move(webhook));
    }
    return surfaces;
  }

 private:
  template <typename... Args>
  std::unexpected<Error> At(const Node& node, fmt::format_string<Args...> format,
                            Args&&... args) const {
    return Fail(Code::kInvalid, "{}:{}: {}", file_, node.line,
                fmt::format(format, std::forward<Args>(args)...));
  }

  Status CheckKeys(const Node& map, std::span<const std::string_view> known) const {
    const auto flaw = connector::CheckKeys(map, known);
    if (!flaw) return {};
    return Fail(Code::kInvalid, "{}:{}: {}", file_, flaw->line, flaw->message);
  }

  Result<Webhook> ReadWebhook(const Node& node) const {
    if (node.kind != Kind::kMap) return At(node, "a webhook must be a mapping");
    AILERON_TRY(CheckKeys(node, kWebhookKeys));
    Webhook webhook;
    AILERON_TRY(Text(node, "url", webhook.written));
    AILERON_TRY(Text(node, "secret", webhook.secret));
    AILERON_TRY(Text(node, "ca", webhook.ca));
    for (const char* required : {"url", "secret"}) {
      if (node.Find(required) == nullptr) return At(node, "the webhook lacks \"{}\"", required);
    }
    auto url = ServiceUrl::Parse(webhook.written);
    if (!url) return At(*node.Find("url"), "url: {}", url.error().message);
    webhook.url = *std::move(url);
    if (auto named = CheckEntryName(webhook.secret); !named) {
      return At(*node.Find("secret"), "secret: {}", named.error().message);
    }
    if (!webhook.ca.empty() && !webhook.ca.starts_with('/')) {
      return At(*node.Find("ca"), "ca: the path must begin with /");
    }
    AILERON_ASSIGN(webhook.events, ReadEvents(node));
    return webhook;
  }

  Status Text(const Node& map, std::string_view key, std::string& into) const {
    const Node* value = map.Find(key);
    if (value == nullptr) return {};
    if (value->kind != Kind::kText) return At(*value, "{} must be text", key);
    into = value->text;
    return {};
  }

  Result<std::vector<Occasion>> ReadEvents(const Node& map) const {
    const Node* list = map.Find("events");
    if (list == nullptr) {
      return std::vector<Occasion>{Occasion::kCreated, Occasion::kDecided, Occasion::kExpired,
                                   Occasion::kCancelled};
    }
    if (list->kind != Kind::kList || list->items.empty()) {
      return At(*list, "events must be a list of {}", fmt::join(Names(), ", "));
    }
    std::vector<Occasion> events;
    for (const Node& item : list->items) {
      const auto known =
          std::ranges::find(kOccasions, item.text, &std::pair<Occasion, std::string_view>::second);
      if (item.kind != Kind::kText || known == kOccasions.end()) {
        const std::string_view word = std::string_view(item.text).substr(0, limits::kHintText);
        const auto near = NearestWord(word, Names());
        return At(item, "\"{}\" is none of {}{}", Printable(word), fmt::join(Names(), ", "),
                  near ? fmt::format(". Did you mean \"{}\"?", *near) : "");
      }
      if (std::ranges::find(events, known->first) != events.end()) {
        return At(item, "\"{}\" stands here a second time", known->second);
      }
      events.push_back(known->first);
    }
    return events;
  }

  static std::vector<std::string_view> Names() {
    std::vector<std::string_view> names;
    for (const auto& [occasion, name] : kOccasions) names.push_back(name);
    return names;
  }

  std::string_view file_;
};

}  // namespace

std::string_view OccasionName(Occasion occasion) {
  return kOccasions[static_cast<std::size_t>(occasion)].second;
}

std::optional<Occasion> OccasionOf(approval::Change change) {
  switch (change) {
    case approval::Change::kAsked:
      return Occasion::kCreated;
    case approval::Change::kApproved:
    case approval::Change::kDenied:
      return Occasion::kDecided;
    case approval::Change::kExpired:
      return Occasion::kExpired;
    case approval::Change::kCancelled:
      return Occasion::kCancelled;
    case approval::Change::kSucceeded:
    case approval::Change::kFailed:
      return Occasion::kFinished;
    case approval::Change::kPreviewed:
    case approval::Change::kBegan:
    case approval::Change::kCollected:
    case approval::Change::kGranted:
    case approval::Change::kGrantUsed:
    case approval::Change::kGrantEnded:
      break;
  }
  return std::nullopt;
}

bool Webhook::Wants(Occasion occasion) const {
  return std::ranges::find(events, occasion) != events.end();
}

Result<Surfaces> ParseSurfaces(std::string_view text, std::string_view file) {
  AILERON_ASSIGN(const Node root,
                 connector::ParseDocument(text, file, connector::Aliases::kRefused));
  return Reader(file).Read(root);
}

}  // namespace aileron::daemon
