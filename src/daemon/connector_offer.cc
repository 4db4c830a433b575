#include "daemon/connector_offer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "connector/connector_yaml.h"
#include "connector/limits.h"
#include "connector/version.h"
#include "crypto/limits.h"
#include "daemon/limits.h"
#include "daemon/members.h"

namespace aileron::daemon {

using nlohmann::json;

namespace {

Result<OfferedSpec> ParseSpec(const json& object) {
  if (!object.is_object()) return Fail(Code::kInvalid, "\"specs\" must be a list of objects");
  OfferedSpec spec;
  std::int64_t size = -1;
  Members members(object, "specs.");
  AILERON_TRY(members.Text("file", spec.file, limits::kPathBytes));
  AILERON_TRY(members.Number("size", size));
  AILERON_TRY(members.Text("signature", spec.signature, crypto::limits::kMinisignMax));
  AILERON_TRY(members.Done());
  if (size < 0 || size > static_cast<std::int64_t>(connector::limits::kFileMax)) {
    return Fail(Code::kInvalid, "\"specs.size\" must be a number from 0 to {}",
                connector::limits::kFileMax);
  }
  spec.size = static_cast<std::size_t>(size);
  if (spec.file.empty()) spec.file = "the connector";
  return spec;
}

// Whose the signature is.
std::expected<SignedBy, Refusal> CheckSignature(const OfferedSpec& spec, std::string_view text,
                                                std::span<const KnownKey> keys) {
  const auto bad = [&](std::string_view why) {
    return std::unexpected(
        Refusal{403, "signature_bad", fmt::format("{} is not installed: {}", spec.file, why),
                "get the file and its signature anew from whoever publishes them"});
  };
  auto signature = crypto::ParseMinisignSignature(spec.signature);
  if (!signature) return bad(signature.error().message);
  const std::string id = crypto::KeyIdText(signature->id);
  const auto known =
      std::ranges::find(keys, signature->id, [](const KnownKey& one) { return one.key.id; });
  if (known == keys.end()) {
    return std::unexpected(
        Refusal{403, "signature_unknown_key",
                fmt::format("{} is not installed: it is signed by the key {}, which is not in your "
                            "keyring",
                            spec.file, id),
                "if you trust its owner, get the public key from there, run \"aileron keyring add "
                "NAME KEY\" and add the connector again"});
  }
  if (!crypto::Verify(known->key, text, *signature)) {
    return bad(
        fmt::format("its signature, which names the key {} ({}), does not fit: the file, "
                    "the signature or its comment was changed, or is another one's",
                    known->name, id));
  }
  return SignedBy{.key = id, .comment = std::move(signature->trusted_comment)};
}

}  // namespace

Result<ConnectorOffer> ConnectorOffer::Parse(std::string_view body) {
  AILERON_ASSIGN(const json object, ObjectIn(body));
  ConnectorOffer offer;
  Members members(object, "");
  AILERON_TRY(members.Flag("check", offer.check));
  AILERON_TRY(members.Flag("confirmed", offer.confirmed));
  const json* specs = members.Take("specs");
  AILERON_TRY(members.Done());
  if (specs == nullptr || !specs->is_array() || specs->empty() ||
      specs->size() > limits::kSpecsAtOnce) {
    return Fail(Code::kInvalid, "\"specs\" must be a list of 1 to {}", limits::kSpecsAtOnce);
  }
  for (const json& one : *specs) {
    AILERON_ASSIGN(OfferedSpec spec, ParseSpec(one));
    offer.specs.push_back(std::move(spec));
  }
  return offer;
}

std::expected<std::vector<SharedConnector>, Refusal> ConnectorOffer::Examine(
    std::string_view bytes, std::span<const KnownKey> keys) const {
  std::vector<SharedConnector> examined;
  for (const OfferedSpec& spec : specs) {
    if (spec.size > bytes.size()) {
      return std::unexpected(Refusal{400, "invalid", "the sizes are more than what came", ""});
    }
    const std::string_view text = bytes.substr(0, spec.size);
    bytes.remove_prefix(spec.size);
    std::optional<SignedBy> signed_by;
    if (!spec.signature.empty()) {
      auto checked = CheckSignature(spec, text, keys);
      if (!checked) return std::unexpected(std::move(checked.error()));
      signed_by = std::move(*checked);
    }
    auto parsed = connector::ParseConnector(text, spec.file);
    if (!parsed) {
      return std::unexpected(Refusal{400, "invalid_connector", parsed.error().message, ""});
    }
    examined.push_back(Connectors::Prepare(std::move(*parsed), std::move(signed_by)));
  }
  if (!bytes.empty()) {
    return std::unexpected(Refusal{400, "invalid", "the sizes are less than what came", ""});
  }
  return examined;
}

std::string_view WhyConfirm(const InstalledConnector& fresh, const InstalledConnector* before) {
  if (!fresh.signed_by) return "nobody has signed it";
  if (before != nullptr && before->signed_by && before->signed_by->key != fresh.signed_by->key) {
    return "another key signed the one that it replaces";
  }
  // Its signer knew nothing yet of what was mended since.
  if (before != nullptr && connector::IsOlder(fresh.spec.version, before->spec.version)) {
    return "it is older than the one that it replaces";
  }
  return "";
}

}  // namespace aileron::daemon
