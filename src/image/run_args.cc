#include "image/run_args.h"

#include <algorithm>

#include "base/text.h"

namespace aileron::image {
namespace {

enum class Rule : std::uint8_t {
  kTaken,
  kAlways,  // it is so anyway
  kNever,
  kPrivileged,
  kCapability,
  kSecurity,
  kMount,
  kVolume,
  kMemory,
  kVariable,
  kNetwork,
  kUserNamespace
};
enum class Takes : std::uint8_t { kNothing, kValue };

struct Flag {
  std::string_view name;
  std::string_view letter;  // "-e"
  Takes takes;
  Rule rule;
  std::string_view why;
};

constexpr std::string_view kNames = "names are resolved by the data plane";
constexpr std::string_view kOwn = "the sandbox has namespaces of its own";
constexpr std::string_view kDevices = "the sandbox has no devices of the host";
constexpr std::string_view kPorts = "ports are published by forwardPorts";
constexpr std::string_view kHow = "how it runs is the launcher's";

constexpr Flag kFlags[] = {
    {"--env", "-e", Takes::kValue, Rule::kVariable, "a variable inside"},
    {"--label", "-l", Takes::kValue, Rule::kTaken, "a label"},
    {"--hostname", "-h", Takes::kValue, Rule::kTaken, "the name of the machine inside"},
    {"--user", "-u", Takes::kValue, Rule::kNever, "everything inside is \"agent\""},
    {"--workdir", "-w", Takes::kValue, Rule::kTaken, "where commands start"},
    {"--shm-size", "", Takes::kValue, Rule::kTaken, "a bound"},
    {"--memory", "-m", Takes::kValue, Rule::kTaken, "a bound"},
    {"--cpus", "", Takes::kValue, Rule::kTaken, "a bound"},
    {"--pids-limit", "", Takes::kValue, Rule::kTaken, "a bound"},
    {"--ulimit", "", Takes::kValue, Rule::kTaken,
     "of each process; never more than this machine has"},
    {"--tmpfs", "", Takes::kValue, Rule::kMemory, ""},
    {"--stop-signal", "", Takes::kValue, Rule::kTaken, "how commands are told to end"},
    {"--init", "", Takes::kNothing, Rule::kAlways, "always so"},
    {"--rm", "", Takes::kNothing, Rule::kAlways, "always so"},
    {"--interactive", "-i", Takes::kNothing, Rule::kAlways, kHow},
    {"--tty", "-t", Takes::kNothing, Rule::kAlways, kHow},
    {"--detach", "-d", Takes::kNothing, Rule::kAlways, kHow},
    {"--read-only", "", Takes::kNothing, Rule::kAlways, "always so"},
    {"--cap-drop", "", Takes::kValue, Rule::kAlways, "always so"},
    {"--name", "", Takes::kValue, Rule::kNever, "a sandbox is named by its session"},
    {"--privileged", "", Takes::kNothing, Rule::kPrivileged, ""},
    {"--cap-add", "", Takes::kValue, Rule::kCapability, ""},
    {"--security-opt", "", Takes::kValue, Rule::kSecurity, ""},
    {"--mount", "", Takes::kValue, Rule::kMount, ""},
    {"--volume", "-v", Takes::kValue, Rule::kVolume, ""},
    {"--network", "", Takes::kValue, Rule::kNetwork, ""},
    {"--net", "", Takes::kValue, Rule::kNetwork, ""},
    {"--userns", "", Takes::kValue, Rule::kUserNamespace, ""},
    {"--add-host", "", Takes::kValue, Rule::kNever, kNames},
    {"--dns", "", Takes::kValue, Rule::kNever, kNames},
    {"--dns-search", "", Takes::kValue, Rule::kNever, kNames},
    {"--dns-option", "", Takes::kValue, Rule::kNever, kNames},
    {"--publish", "-p", Takes::kValue, Rule::kNever, kPorts},
    {"--publish-all", "-P", Takes::kNothing, Rule::kNever, kPorts},
    {"--env-file", "", Takes::kValue, Rule::kNever, "reads a file of the host"},
    {"--volumes-from", "", Takes::kValue, Rule::kNever, "there is no other container"},
    {"--device", "", Takes::kValue, Rule::kNever, kDevices},
    {"--device-cgroup-rule", "", Takes::kValue, Rule::kNever, kDevices},
    {"--gpus", "", Takes::kValue, Rule::kNever, kDevices},
    {"--pid", "", Takes::kValue, Rule::kNever, kOwn},
    {"--ipc", "", Takes::kValue, Rule::kNever, kOwn},
    {"--uts", "", Takes::kValue, Rule::kNever, kOwn},
    {"--cgroupns", "", Takes::kValue, Rule::kNever, kOwn},
    {"--cgroup-parent", "", Takes::kValue, Rule::kNever, kOwn},
    {"--runtime", "", Takes::kValue, Rule::kNever, "which engine runs it is the user's choice"},
    {"--group-add", "", Takes::kValue, Rule::kNever, "the agent is in no group of the host"},
    {"--sysctl", "", Takes::kValue, Rule::kNever, "the kernel's settings stay"},
    {"--restart", "", Takes::kValue, Rule::kNever, "a sandbox ends with its session"},
    {"--entrypoint", "", Takes::kValue, Rule::kNever, "the first process is aileron's own"},
};

// "SOURCE:TARGET[:OPTIONS]", "TARGET"
Mount VolumeOf(std::string_view value) {
  const std::vector<std::string_view> parts = Split(value, ':');
  Mount mount{.type = "volume", .target = std::string(parts.back())};
  if (parts.size() > 1) {
    mount.source = parts[0];
    mount.target = parts[1];
    if (mount.source.contains('/') || mount.source.starts_with('.')) mount.type = "bind";
  }
  for (const std::string_view option : Split(parts.size() > 2 ? parts[2] : "", ',')) {
    mount.read_only |= option == "ro";
    const bool nothing = option.empty() || option == "ro" || option == "rw" || option == "z" ||
                         option == "Z" || option == "cached" || option == "delegated" ||
                         option == "consistent";
    if (!nothing) mount.others.emplace_back(option);
  }
  return mount;
}

// "TARGET[:OPTIONS]"
Mount MemoryOf(std::string_view value) {
  const std::size_t colon = value.find(':');
  return {.type = "tmpfs", .target = std::string(value.substr(0, colon))};
}

// kInvalid for what is no mount, or another flag.
Result<Mount> MountOf(Rule rule, std::string_view value) {
  if (rule == Rule::kMount) return ParseMount(value);
  if (rule == Rule::kVolume) return VolumeOf(value);
  if (rule == Rule::kMemory) return MemoryOf(value);
  return Fail(Code::kInvalid, "no mount");
}

bool IsMount(Rule rule) {
  return rule == Rule::kMount || rule == Rule::kVolume || rule == Rule::kMemory;
}

Verdict Judge(const Flag& flag, std::string_view value, const Permissions& permissions) {
  const std::string why(flag.why);
  switch (flag.rule) {
    case Rule::kTaken:
    case Rule::kAlways:
      return {Honour::kHonoured, why};
    case Rule::kNever:
      return {Honour::kNotHonoured, why};
    case Rule::kPrivileged:
      if (value == "false") return {Honour::kHonoured, "always so"};
      return JudgePrivileged(permissions);
    case Rule::kCapability:
      return JudgeCapability(value, permissions);
    case Rule::kSecurity:
      return JudgeSecurityOption(value, permissions);
    case Rule::kMount:
    case Rule::kVolume:
    case Rule::kMemory:
      break;
    case Rule::kVariable:
      // Without a value docker takes the host's.
      if (value.contains('=')) return {Honour::kHonoured, why};
      return {Honour::kNotHonoured, "names a variable of the host; write NAME=VALUE"};
    case Rule::kNetwork:
      return {Honour::kNotHonoured,
              "its network is the data plane; your policy says what it reaches"};
    case Rule::kUserNamespace:
      if (value.starts_with("keep-id")) return {Honour::kHonoured, "always so"};
      return {Honour::kNotHonoured, std::string(kOwn)};
  }
  return {Honour::kNotHonoured, why};
}

const Flag* FindFlag(std::string_view name) {
  if (name.empty()) return nullptr;
  const auto* found = std::ranges::find_if(
      kFlags, [&](const Flag& flag) { return flag.name == name || flag.letter == name; });
  return found == std::end(kFlags) ? nullptr : found;
}

}  // namespace

std::vector<RunArg> ReviewRunArgs(std::span<const std::string> args, std::string_view workspace,
                                  const Permissions& permissions) {
  std::vector<RunArg> reviewed;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string& word = args[i];
    const bool is_long = word.starts_with("--");
    const std::size_t equals = is_long ? word.find('=') : word.npos;
    const std::string name = is_long ? word.substr(0, equals) : word.substr(0, 2);
    const Flag* flag = FindFlag(name);
    const bool glued = is_long ? equals != word.npos : word.size() > 2;
    if (flag == nullptr || (glued && !is_long && flag->takes == Takes::kNothing)) {
      // Not known to take a value: a word behind it that is no flag is its value.
      RunArg unknown{.flag = word,
                     .verdict = {Honour::kNotHonoured, "not on the list of flags that are taken"}};
      const bool follows =
          word.starts_with('-') && !glued && i + 1 < args.size() && !args[i + 1].starts_with('-');
      if (follows) unknown.value = args[++i];
      reviewed.push_back(std::move(unknown));
      continue;
    }
    RunArg one{.flag = std::string(flag->name)};
    if (glued) {
      one.value = word.substr(is_long ? equals + 1 : 2);
    } else if (flag->takes == Takes::kValue && i + 1 < args.size()) {
      one.value = args[++i];
    } else if (flag->takes == Takes::kValue) {
      one.verdict = {Honour::kNotHonoured, "its value is missing"};
      reviewed.push_back(std::move(one));
      continue;
    }
    if (!IsMount(flag->rule)) {
      one.verdict = Judge(*flag, one.value, permissions);
    } else if (auto mount = MountOf(flag->rule, one.value); !mount) {
      one.verdict = {Honour::kNotHonoured, mount.error().message};
    } else {
      one.verdict = JudgeMount(*mount, workspace, permissions);
      one.mount = *std::move(mount);
    }
    reviewed.push_back(std::move(one));
  }
  return reviewed;
}

}  // namespace aileron::image
