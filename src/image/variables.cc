#include "image/variables.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/hash.h"
#include "image/devcontainer_limits.h"

namespace aileron::image {
namespace {

using Kind = VariableNote::Kind;
using Environment = std::map<std::string, std::string, std::less<>>;

std::string Basename(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return std::string(path == "/" ? "" : path.substr(path.rfind('/') + 1));
}

class Substitution {
 public:
  Substitution(const VariableValues& values, const Place& place, std::vector<VariableNote>& notes)
      : values_(values), place_(place), notes_(notes) {}

  // `written` is the whole of it, ${…}.
  std::string Of(std::string_view written) const {
    const std::vector<std::string_view> parts = Split(written.substr(2, written.size() - 3), ':');
    const std::string_view name = parts[0];
    if (name == "localEnv" || name == "env") return FromHost(written, parts);
    if (name == "containerEnv") return FromContainer(written, parts);
    const std::string* value = nullptr;
    std::string_view whole = name;
    if (whole.ends_with("Basename")) whole.remove_suffix(sizeof("Basename") - 1);
    if (whole == "localWorkspaceFolder") value = &values_.local_workspace_folder;
    if (whole == "containerWorkspaceFolder") value = &values_.container_workspace_folder;
    if (name == "devcontainerId") value = &values_.devcontainer_id;
    if (value == nullptr) return Left(written, Kind::kUnknown);
    if (value->empty()) return Left(written, Kind::kLater);
    return whole == name ? *value : Basename(*value);
  }

 private:
  std::string Left(std::string_view written, Kind kind) const {
    Note(kind, written);
    return std::string(written);
  }
  void Note(Kind kind, std::string_view text) const {
    notes_.push_back({.kind = kind, .place = place_, .text = std::string(text)});
  }
  // A default ends at the next colon, as the reference implementation has it.
  static std::string Default(const std::vector<std::string_view>& parts) {
    return parts.size() > 2 ? std::string(parts[2]) : std::string();
  }
  std::string FromHost(std::string_view written, const std::vector<std::string_view>& parts) const {
    if (parts.size() < 2) return Left(written, Kind::kNameless);
    const auto found = values_.local_env.find(parts[1]);
    if (found == values_.local_env.end()) return Default(parts);
    if (values_.may_see && values_.may_see(parts[1])) return found->second;
    Note(Kind::kWithheld, parts[1]);
    return Default(parts);
  }
  std::string FromContainer(std::string_view written,
                            const std::vector<std::string_view>& parts) const {
    if (parts.size() < 2) return Left(written, Kind::kNameless);
    if (!values_.container_env) return Left(written, Kind::kLater);
    const auto found = values_.container_env->find(parts[1]);
    return found == values_.container_env->end() ? Default(parts) : found->second;
  }

  const VariableValues& values_;
  const Place& place_;
  std::vector<VariableNote>& notes_;
};

Status SubstituteIn(JsonNode& node, const VariableValues& values, std::string_view file,
                    std::vector<VariableNote>& notes, std::size_t& bytes) {
  if (node.kind == JsonKind::kString && node.text.contains("${")) {
    node.text = Substituted(node.text, values, node.place, notes);
    bytes += node.text.size();
    if (bytes > limits::kSubstitutedMax) {
      return FailAt(file, node.place,
                    fmt::format("with what its variables stand for the file has more than {} bytes",
                                limits::kSubstitutedMax));
    }
  }
  for (JsonNode& item : node.items) {
    AILERON_TRY(SubstituteIn(item, values, file, notes, bytes));
  }
  return {};
}

}  // namespace

std::string Substituted(std::string_view text, const VariableValues& values, const Place& place,
                        std::vector<VariableNote>& notes) {
  const Substitution substitution(values, place, notes);
  std::string result;
  for (;;) {
    const std::size_t start = text.find("${");
    // A variable stands in one line.
    const std::size_t stop = start == text.npos ? text.npos : text.find_first_of("}\r\n", start);
    if (stop == text.npos) return result.append(text);
    if (text[stop] != '}') {
      result.append(text.substr(0, stop));
      text.remove_prefix(stop);
      continue;
    }
    result.append(text.substr(0, start));
    result += substitution.Of(text.substr(start, stop + 1 - start));
    if (result.size() > limits::kSubstitutedMax) return result;  // who counts refuses it
    text.remove_prefix(stop + 1);
  }
}

Status Substitute(JsonNode& node, const VariableValues& values, std::string_view file,
                  std::vector<VariableNote>& notes) {
  std::size_t bytes = 0;
  return SubstituteIn(node, values, file, notes, bytes);
}

std::string DevContainerId(const std::string& workspace, const std::string& config_file) {
  const nlohmann::json labels = {{"devcontainer.config_file", config_file},
                                 {"devcontainer.local_folder", workspace}};
  const crypto::Digest digest =
      crypto::Hash(labels.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  // 256 bits in digits of five, the last one first: 52 of them.
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";
  constexpr std::size_t kLength = 52;
  std::string id;
  for (std::size_t digit = 0; digit < kLength; ++digit) {
    unsigned value = 0;
    for (std::size_t bit = 0; bit < 5; ++bit) {
      const std::size_t at = digit * 5 + bit;
      if (at >= digest.size() * 8) break;
      const unsigned byte = digest[digest.size() - 1 - at / 8];
      value |= ((byte >> (at % 8)) & 1U) << bit;
    }
    id += kDigits[value];
  }
  std::ranges::reverse(id);
  return id;
}

}  // namespace aileron::image
