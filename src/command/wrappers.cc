#include "command/wrappers.h"

#include <array>

#include "command/line.h"
#include "command/wrapper_lines.h"

namespace aileron::command {
namespace {

enum class Through : std::uint8_t { kNo, kYes };

// A wrapper whose command stands behind its options and some operands.
struct Plain {
  std::string_view name;
  OptionTable options;
  int operands = 0;
  std::string_view instead = {};  // letters of options with which no command is run
  Through through = Through::kYes;
};

constexpr auto kPlain = std::to_array<Plain>({
    {"chroot", {"", "", "", "skip-chdir", "userspec groups"}, 1, "", Through::kNo},
    {"chrt",
     {"abdefimoprRvhV", "TPD", "",
      "all-tasks batch deadline fifo idle max other pid reset-on-fork rr verbose help version",
      "sched-runtime sched-period sched-deadline"},
     1,
     "pm"},
    {"doas", {"nsLS", "uCa"}, 0, "Ls", Through::kNo},
    {"dumb-init", {"cvhV", "r", "", "single-child verbose help version", "rewrite"}},
    {"fakeroot", {"uhv", "lsibf", "", "unknown-is-real help version", "lib faked"}},
    {"gosu", {}, 1, "", Through::kNo},
    {"i386", {"vhRXLBISTZ3FV", "", "p", "help verbose addr-no-randomize 3gb 4gb"}},
    {"ionice",
     {"thV", "cnpPu", "", "ignore help version", "class classdata pid pgid uid"},
     0,
     "pPu"},
    {"linux32", {"vhRXLBISTZ3FV", "", "p", "help verbose addr-no-randomize 3gb 4gb"}},
    {"linux64", {"vhRXLBISTZ3FV", "", "p", "help verbose addr-no-randomize 3gb 4gb"}},
    {"nice", {"0123456789", "n", "", "help version", "adjustment"}},
    {"nocorrect", {}},
    {"noglob", {}},
    {"nohup", {"", "", "", "help version"}},
    {"nsenter",
     {"aFZhV", "tSG", "muinpUCTrwW",
      "all mount uts ipc net pid user cgroup time root wd wdns no-fork preserve-credentials "
      "follow-context help version",
      "target setuid setgid"},
     0,
     "",
     Through::kNo},
    {"repeat", {}, 1},
    {"setarch", {"vhRXLBISTZ3FV", "", "p", "help verbose addr-no-randomize 3gb 4gb"}},
    {"setpriv",
     {"dhV", "", "",
      "dump nnp no-new-privs clear-groups keep-groups init-groups reset-env help version",
      "ambient-caps inh-caps bounding-set ruid euid rgid egid reuid regid groups securebits "
      "pdeathsig "
      "selinux-label apparmor-profile"},
     0,
     "d",
     Through::kNo},
    {"setsid", {"cfwhV", "", "", "ctty fork wait help version"}},
    {"stdbuf", {"", "ioe", "", "help version", "input output error"}},
    {"strace",
     {"ACcdDfFhiknNqrtTvVwxyYzZ", "abeEIoOpPsSuUX", "",
      "follow-forks output-append-mode summary-only summary help instruction-pointer stack-traces "
      "no-abbrev "
      "strings-in-hex version summary-wall-clock decode-fds decode-pids successful-only "
      "failed-only seccomp-bpf "
      "relative-timestamps absolute-timestamps syscall-times quiet daemonize output-separately",
      "columns detach-on env interruptible trace inject fault read write status kvm raw signal "
      "abbrev verbose "
      "output attach trace-path string-limit summary-sort-by summary-columns "
      "summary-syscall-overhead user "
      "const-print-style decode-fd argv0"},
     0,
     "pV"},
    {"su-exec", {}, 1, "", Through::kNo},
    {"sudo",
     {"AbBEeHiKklnNPSsVv", "aCcDghpRrtTUu", "",
      "askpass background bell preserve-env edit set-home help login remove-timestamp "
      "reset-timestamp list "
      "non-interactive no-update preserve-groups stdin shell version validate",
      "auth-type close-from login-class chdir group host prompt chroot role type command-timeout "
      "other-user user"},
     0,
     "eKlVv",
     Through::kNo},
    {"taskset", {"apchV", "", "", "all-tasks pid cpu-list help version"}, 1, "p"},
    {"time", {"apqvV", "fo", "", "append portability quiet verbose help version", "format output"}},
    {"timeout",
     {"vfp", "ks", "", "foreground preserve-status verbose help version", "kill-after signal"},
     1},
    {"tini", {"gshvw", "pe"}},
    {"unbuffer", {"p"}},
    {"unshare",
     {"fcrhV", "SGRwl", "muinpUCT",
      "mount uts ipc net pid user cgroup time fork mount-proc mount-binfmt map-root-user "
      "map-current-user "
      "map-auto keep-caps kill-child help version",
      "map-user map-group map-users map-groups propagation setgroups root wd setuid setgid "
      "monotonic boottime "
      "load-interp"},
     0,
     "",
     Through::kNo},
    {"x86_64", {"vhRXLBISTZ3FV", "", "p", "help verbose addr-no-randomize 3gb 4gb"}},
});

struct Special {
  std::string_view name;
  void (*read)(Line&);
};

constexpr auto kSpecial = std::to_array<Special>({
    {"-", ReadExec},
    {"ash", ReadShell},
    {"bash", ReadShell},
    {"busybox", ReadBusybox},
    {"coreutils", ReadBusybox},
    {"csh", ReadOther},
    {"dash", ReadShell},
    {"elvish", ReadOther},
    {"env", ReadEnv},
    {"find", ReadFind},
    {"fish", ReadOther},
    {"flock", ReadFlock},
    {"git", ReadGit},
    {"ksh", ReadShell},
    {"ksh93", ReadShell},
    {"mksh", ReadShell},
    {"nu", ReadOther},
    {"oksh", ReadShell},
    {"osh", ReadOther},
    {"parallel", ReadParallel},
    {"pwsh", ReadOther},
    {"rbash", ReadShell},
    {"runuser", ReadSu},
    {"script", ReadScript},
    {"sh", ReadShell},
    {"su", ReadSu},
    {"tcsh", ReadOther},
    {"toybox", ReadBusybox},
    {"watch", ReadWatch},
    {"xargs", ReadXargs},
    {"xonsh", ReadOther},
    {"yash", ReadShell},
    {"zsh", ReadShell},
});

// Commands of shells: only where a shell reads the line.
constexpr auto kOfShells = std::to_array<Special>({{"builtin", ReadCommandBuiltin},
                                                   {"command", ReadCommandBuiltin},
                                                   {"eval", ReadEval},
                                                   {"exec", ReadExec},
                                                   {"trap", ReadTrap}});

static_assert(std::ranges::is_sorted(kPlain, {}, &Plain::name));
static_assert(std::ranges::is_sorted(kSpecial, {}, &Special::name));
static_assert(std::ranges::is_sorted(kOfShells, {}, &Special::name));

template <typename Rows>
auto Find(const Rows& rows, std::string_view name) -> decltype(rows.data()) {
  const auto* found =
      std::ranges::lower_bound(rows, name, {}, [](const auto& row) { return row.name; });
  return found != rows.end() && found->name == name ? found : nullptr;
}

bool IsLoader(std::string_view name) {
  return name == "ld.so" || (name.starts_with("ld-") && name.find(".so") != std::string_view::npos);
}

void ReadPlain(Line& line, const Plain& plain) {
  if (plain.through == Through::kYes) line.Through();
  if (plain.name == "setarch" && !line.empty() && !line.front().text.starts_with('-')) line.Skip();
  while (const auto option = line.NextOption(plain.options)) {
    if (option->name.size() == 1 &&
        plain.instead.find(option->name.front()) != std::string_view::npos) {
      return;
    }
    if (option->name == "chdir" || option->name == "D" || option->name == "root") line.SetCwd({});
  }
  for (int i = 0; i < plain.operands && !line.empty() && !line.lost(); ++i) {
    if (line.front().count != Word::Count::kOne) return line.RunUnknown();
    line.Skip();
  }
  if (plain.name == "sudo") {
    while (!line.empty() && line.front().text.find('=') < line.front().text.find(kHole))
      line.Skip();
  }
  line.RunRest();
}

}  // namespace

bool IsWrapper(std::string_view name) {
  return Find(kSpecial, name) != nullptr || Find(kPlain, name) != nullptr ||
         Find(kOfShells, name) != nullptr || IsLoader(name) || name.starts_with("git-");
}

void Unwrap(Reading& reading, std::size_t index, std::string_view name) {
  Line line(reading, index, name);
  const bool in_shell = reading.commands[index].shell != Shells::kNone;
  if (const Special* special = Find(kSpecial, name)) {
    special->read(line);
  } else if (const Plain* plain = Find(kPlain, name)) {
    ReadPlain(line, *plain);
  } else if (const Special* builtin = Find(kOfShells, name); builtin != nullptr && in_shell) {
    builtin->read(line);
  } else if (IsLoader(name)) {
    ReadLoader(line);
  } else if (name.starts_with("git-")) {
    ReadDashedGit(line);
  }
  line.Finish();
}

}  // namespace aileron::command
