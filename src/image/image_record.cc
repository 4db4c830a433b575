#include "image/image_record.h"

#include "image/json_fields.h"
#include "image/limits.h"

namespace aileron::image {
namespace {

constexpr std::uint64_t kVersion = 1;

Result<Fields> Open(const Json& json, std::string_view file) {
  AILERON_ASSIGN(const Fields fields, Fields::Of(json, file));
  AILERON_ASSIGN(const std::uint64_t version, fields.Number("version", UINT64_MAX));
  if (version != kVersion) {
    return Fail(Code::kInvalid, "{} is of version {}; {} is read here", file, version, kVersion);
  }
  return fields;
}

Result<Digest> DigestIn(const Fields& fields) {
  AILERON_ASSIGN(const std::string text, fields.Text("digest", limits::kDigestMax));
  return ParseDigest(text);
}

}  // namespace

std::string Write(const ImageRecord& record) {
  return Json({{"version", kVersion},
               {"digest", record.digest.Text()},
               {"config", record.config_text},
               {"added", FormatTime(record.added)}})
      .dump();
}

std::string Write(const NameRecord& record) {
  return Json({{"version", kVersion},
               {"reference", record.reference},
               {"digest", record.digest.Text()},
               {"stamp", record.stamp}})
      .dump();
}

std::string Write(const LayerRecord& record) {
  return Json({{"version", kVersion},
               {"bytes", record.bytes},
               {"root_opaque", record.root_opaque ? 1 : 0}})
      .dump();
}

Result<ImageRecord> ParseImageRecord(std::string_view text, std::string_view file) {
  AILERON_ASSIGN(const Json json, ParseJson(text, limits::kRecordMax, file));
  AILERON_ASSIGN(const Fields fields, Open(json, file));
  ImageRecord record;
  AILERON_ASSIGN(record.digest, DigestIn(fields));
  AILERON_ASSIGN(record.config_text, fields.Text("config", limits::kConfigMax));
  AILERON_ASSIGN(record.config, ParseConfig(record.config_text, file));
  AILERON_ASSIGN(const std::string added, fields.Text("added", limits::kQuotedMax));
  AILERON_ASSIGN(record.added, ParseTime(added));
  return record;
}

Result<NameRecord> ParseNameRecord(std::string_view text, std::string_view file) {
  AILERON_ASSIGN(const Json json, ParseJson(text, limits::kRecordMax, file));
  AILERON_ASSIGN(const Fields fields, Open(json, file));
  NameRecord record;
  AILERON_ASSIGN(record.digest, DigestIn(fields));
  AILERON_ASSIGN(record.reference, fields.Text("reference", limits::kReferenceMax));
  AILERON_ASSIGN(record.stamp, fields.Text("stamp", limits::kReferenceMax));
  return record;
}

Result<LayerRecord> ParseLayerRecord(std::string_view text, std::string_view file) {
  AILERON_ASSIGN(const Json json, ParseJson(text, limits::kRecordMax, file));
  AILERON_ASSIGN(const Fields fields, Open(json, file));
  LayerRecord record;
  AILERON_ASSIGN(record.bytes, fields.Number("bytes", UINT64_MAX));
  AILERON_ASSIGN(const std::uint64_t opaque, fields.Number("root_opaque", 1));
  record.root_opaque = opaque == 1;
  return record;
}

}  // namespace aileron::image
