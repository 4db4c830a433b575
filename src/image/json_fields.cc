#include "image/json_fields.h"

#include "base/json_depth.h"
#include "base/json_members.h"
#include "base/text.h"
#include "image/limits.h"

namespace aileron::image {

Result<Json> ParseJson(std::string_view text, std::size_t most, std::string_view what) {
  if (text.size() > most) {
    return Fail(Code::kInvalid, "{} is larger than {} bytes", what, most);
  }
  if (NestsDeeperThan(text, limits::kJsonDepthMax)) {
    return Fail(Code::kInvalid, "{} nests deeper than {} levels", what, limits::kJsonDepthMax);
  }
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return Fail(Code::kInvalid, "{} is no JSON", what);
  if (const auto repeated = RepeatedMember(text)) {
    return Fail(Code::kInvalid,
                "{} has the member \"{}\" twice, so that it may be read in two ways", what,
                Printable(BeginningOf(*repeated, limits::kQuotedMax)));
  }
  return json;
}

Result<Fields> Fields::Of(const Json& json, std::string_view what, std::string at) {
  if (json.is_object()) return Fields(json, what, std::move(at));
  return Fail(Code::kInvalid, "{}: {} is {}, not an object", what, at.empty() ? "the whole" : at,
              json.type_name());
}

const Json* Fields::Find(std::string_view name) const {
  const auto found = json_->find(name);
  return found == json_->end() || found->is_null() ? nullptr : &*found;
}

std::string Fields::PlaceOf(std::string_view name) const {
  return fmt::format("{}{}{}", at_, at_.empty() ? "" : ".", name);
}

std::unexpected<Error> Fields::Wrong(std::string_view name, std::string_view why) const {
  return Fail(Code::kInvalid, "{}: {} {}", what_, PlaceOf(name), why);
}

namespace {

// What is wrong with it as a text, or nothing.
std::string FlawOfText(const Json& json, std::size_t most) {
  if (!json.is_string()) return fmt::format("is {}, not a text", json.type_name());
  const auto& text = *json.get_ptr<const std::string*>();
  if (text.size() > most) return fmt::format("is longer than {} bytes", most);
  return text.contains('\0') ? "has a NUL in it" : "";
}

}  // namespace

Result<std::string> Fields::Text(std::string_view name, std::size_t most) const {
  const Json* found = Find(name);
  if (found == nullptr) return std::string();
  if (const std::string flaw = FlawOfText(*found, most); !flaw.empty()) return Wrong(name, flaw);
  return *found->get_ptr<const std::string*>();
}

Result<std::uint64_t> Fields::Number(std::string_view name, std::uint64_t most) const {
  const Json* found = Find(name);
  if (found == nullptr) return 0;
  if (!found->is_number_unsigned()) {
    return Wrong(name, fmt::format("is {}, not a whole number of at least 0",
                                   found->is_number() ? found->dump() : found->type_name()));
  }
  const auto value = *found->get_ptr<const std::uint64_t*>();
  if (value > most) return Wrong(name, fmt::format("is {}, more than {}", value, most));
  return value;
}

Result<std::vector<const Json*>> Fields::List(std::string_view name, std::size_t count) const {
  std::vector<const Json*> items;
  const Json* found = Find(name);
  if (found == nullptr) return items;
  if (!found->is_array()) return Wrong(name, fmt::format("is {}, not a list", found->type_name()));
  if (found->size() > count) {
    return Wrong(name, fmt::format("has {} items, more than {}", found->size(), count));
  }
  items.reserve(found->size());
  for (const Json& item : *found) items.push_back(&item);
  return items;
}

Result<std::vector<std::string>> Fields::Texts(std::string_view name, std::size_t most) const {
  AILERON_ASSIGN(const auto items, List(name, limits::kWordsMax));
  std::vector<std::string> texts;
  texts.reserve(items.size());
  for (const Json* item : items) {
    if (const std::string flaw = FlawOfText(*item, most); !flaw.empty()) {
      return Wrong(fmt::format("{}[{}]", name, texts.size()), flaw);
    }
    texts.push_back(*item->get_ptr<const std::string*>());
  }
  return texts;
}

Result<Fields> Fields::Object(std::string_view name) const {
  static const Json kNothing = Json::object();
  const Json* found = Find(name);
  return Of(found == nullptr ? kNothing : *found, what_, PlaceOf(name));
}

Result<std::vector<std::string>> Fields::Keys(std::string_view name, std::size_t most) const {
  AILERON_ASSIGN(const Fields object, Object(name));
  if (object.json_->size() > limits::kWordsMax) {
    return Wrong(name, fmt::format("has more than {} members", limits::kWordsMax));
  }
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.json_->items()) {
    if (const std::string flaw = FlawOfText(key, most); !flaw.empty()) {
      return Wrong(name, fmt::format("has a member whose name {}", flaw));
    }
    keys.push_back(key);
  }
  return keys;
}

Result<std::map<std::string, std::string>> Fields::TextMap(std::string_view name,
                                                           std::size_t most) const {
  AILERON_ASSIGN(const Fields object, Object(name));
  AILERON_ASSIGN(const auto keys, Keys(name, limits::kWordMax));
  std::map<std::string, std::string> texts;
  for (const std::string& key : keys) {
    // A member's name is a stranger's, and may stand in the message.
    if (const Json* value = object.Find(key); value != nullptr) {
      if (const std::string flaw = FlawOfText(*value, most); !flaw.empty()) {
        return object.Wrong(Printable(BeginningOf(key, limits::kQuotedMax)), flaw);
      }
      texts.emplace(key, *value->get_ptr<const std::string*>());
    }
  }
  return texts;
}

}  // namespace aileron::image
