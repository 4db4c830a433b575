#include "shim/contract.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "agent/agents.h"
#include "base/text.h"
#include "crypto/java_trust_store.h"
#include "os/fd.h"
#include "sandbox/runtime_folder.h"
#include "shim/distribution.h"
#include "shim/executable.h"
#include "shim/program_file.h"

namespace aileron::shim {

namespace {

using sandbox::Capability;
using sandbox::State;

constexpr std::size_t kFileMax = 16u << 20;
constexpr int kRunnersMax = 4;  // interpreters of interpreters, as the kernel has it
constexpr const char* kCertutil =
    "mkdir -p ~/.pki/nssdb; certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n aileron -i "
    "/run/aileron/ca.pem";
constexpr const char* kKeytool =
    "keytool -importcert -noprompt -alias aileron -file /run/aileron/ca.pem -storepass changeit "
    "-keystore ~/trust.p12; export JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore=$HOME/trust.p12";
constexpr std::string_view kJavaProgram = "/bin/java";
constexpr std::array kNssPrograms = {"chromium", "chromium-browser", "google-chrome", "firefox"};

class Check {
 public:
  explicit Check(const Contract& contract) : contract_(contract) {}
  std::vector<Capability> Run();
  Capability Program(const std::string& name);

 private:
  void Add(std::string name, State state, std::string detail, std::string fix = {}) {
    found_.push_back({std::move(name), state, std::move(detail), std::move(fix)});
  }
  std::string At(std::string_view path) const { return contract_.root + std::string(path); }
  // Of a file of anybody's: regular, and not larger than anybody needs.
  std::optional<std::string> Read(std::string_view path, std::size_t most) const;
  std::string Variable(std::string_view name) const;
  // Where PATH has it; empty: nowhere.
  std::string Find(const std::string& program) const;

  // That of the virtual machine whose program is `java`, if the session's authority is in it.
  std::string JavaStore(const std::string& java) const;

  void LookAtDistribution();
  void LookAtUser();
  void TryFolder(std::string name, const std::string& path, bool wanted);
  void LookAtProgram(const std::string& name, std::string label);
  void LookAtAuthorities();
  void LookAtOwnStores();

  const Contract& contract_;
  Distribution distribution_;
  std::vector<Capability> found_;
};

std::optional<std::string> Check::Read(std::string_view path, std::size_t most) const {
  // Nothing of it is waited for: a pipe may stand there.
  const os::Fd file(open(At(path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info;
  if (!file || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  std::string text(std::min<std::size_t>(most, static_cast<std::size_t>(info.st_size)), '\0');
  const ssize_t count = pread(file.get(), text.data(), text.size(), 0);
  if (count < 0) return std::nullopt;
  text.resize(static_cast<std::size_t>(count));
  return text;
}

std::string Check::Variable(std::string_view name) const {
  for (const std::string& entry : contract_.environment) {
    if (entry.starts_with(name) && entry.substr(name.size()).starts_with('=')) {
      return entry.substr(name.size() + 1);
    }
  }
  return {};
}

std::string Check::Find(const std::string& program) const {
  if (program.contains('/')) return access(At(program).c_str(), F_OK) == 0 ? program : "";
  for (const std::string_view folder : Split(SearchPath(contract_.environment), ':')) {
    const std::string path = fmt::format("{}/{}", folder.empty() ? "." : folder, program);
    if (access(At(path).c_str(), F_OK) == 0) return path;
  }
  return {};
}

void Check::LookAtDistribution() {
  auto text = Read("/etc/os-release", kFileMax);
  if (!text) text = Read("/usr/lib/os-release", kFileMax);
  distribution_ = ReadDistribution(text.value_or(""));
  const bool known = distribution_.family != Family::kUnknown;
  const std::string name =
      distribution_.name.empty() ? "the image does not say whose it is" : distribution_.name;
  Add("distribution", State::kOk,
      known ? name : fmt::format("{}; what installs packages is not known here", name));
}

void Check::LookAtUser() {
  const std::string wanted = std::to_string(contract_.uid);
  for (const std::string_view line : Split(Read("/etc/passwd", kFileMax).value_or(""), '\n')) {
    const auto fields = Split(line, ':');
    if (fields.size() < 7 || fields[2] != wanted) continue;
    Add("user", State::kOk, fmt::format("{} ({})", fields[0], wanted));
    return;
  }
  Add("user", State::kLimited,
      fmt::format("the id {} has no name, which ssh, git and others ask for", wanted),
      "touch /etc/passwd /etc/group");
}

void Check::TryFolder(std::string name, const std::string& path, bool wanted) {
  std::string made = At(path) + "/.aileron-check-XXXXXX";
  const bool writable = mkdtemp(made.data()) != nullptr;
  const std::string reason = writable ? "" : os::ErrnoError(errno, path).message;
  if (writable) rmdir(made.c_str());
  if (writable) {
    Add(std::move(name), State::kOk, fmt::format("{} can be written", path));
  } else if (!wanted) {
    Add(std::move(name), State::kOk, fmt::format("{} cannot be written, as was asked for", path));
  } else {
    Add(std::move(name), State::kMissing, reason);
  }
}

void Check::LookAtProgram(const std::string& name, std::string label) {
  const agent::Agent* known = agent::FindAgent(name);
  const std::string program(known == nullptr ? name : known->program);
  const std::string install =
      known == nullptr ? InstallCommand(distribution_.family, name) : std::string(known->install);
  std::string path = Find(program);
  if (path.empty()) {
    Add(std::move(label), State::kMissing,
        program.contains('/')
            ? fmt::format("{} is not there", program)
            : fmt::format("{} is not in the PATH ({})", program, SearchPath(contract_.environment)),
        install);
    return;
  }
  const std::string first = path;
  for (int depth = 0; depth < kRunnersMax; ++depth) {
    if (access(At(path).c_str(), X_OK) != 0) {
      Add(std::move(label), State::kMissing, fmt::format("{} may not be executed", path),
          fmt::format("chmod a+rx {}", path));
      return;
    }
    const ProgramFile file = ReadProgramFile(Read(path, kProgramBytes).value_or(""));
    if (file.kind == ProgramFile::Kind::kForeign) {
      Add(std::move(label), State::kMissing, fmt::format("{} is for another machine", path));
      return;
    }
    if (file.runner.empty()) break;
    if (access(At(file.runner).c_str(), F_OK) != 0) {
      std::string fix = LoaderCommand(distribution_.family, file.runner);
      if (fix.empty()) {
        fix = InstallCommand(distribution_.family, file.runner.substr(file.runner.rfind('/') + 1));
      }
      Add(std::move(label), State::kMissing,
          fmt::format("{} is run by {}, which is not there", path, file.runner), std::move(fix));
      return;
    }
    path = file.runner;
  }
  Add(std::move(label), State::kOk, first);
}

// Where programs look, whatever the environment says, and what the environment says.
void Check::LookAtAuthorities() {
  const std::string ca(Trim(Read("/run/aileron/ca.pem", kFileMax).value_or("")));
  if (ca.empty()) {
    Add("session authority", State::kMissing, "/run/aileron/ca.pem is not there");
    return;
  }
  std::vector<std::string> without;
  std::vector<std::string> with;
  for (const char* path : sandbox::SystemBundles()) {
    const auto text = Read(path, kFileMax);
    if (text) (text->find(ca) == text->npos ? without : with).emplace_back(path);
  }
  const std::string named = Variable("SSL_CERT_FILE");
  const bool told = !named.empty() && Read(named, kFileMax).value_or("").contains(ca);
  if (!without.empty()) {
    Add("session authority", State::kLimited,
        fmt::format("{} does not have it; programs that heed SSL_CERT_FILE do",
                    Join(without, ", ")));
  } else if (!told) {
    Add("session authority", State::kMissing, "SSL_CERT_FILE names no file that has it");
  } else if (with.empty()) {
    Add("session authority", State::kLimited,
        "in SSL_CERT_FILE and its like; the image has no bundle of authorities of its own",
        InstallCommand(distribution_.family, "update-ca-certificates"));
  } else {
    Add("session authority", State::kOk,
        fmt::format("in {}, SSL_CERT_FILE and its like", Join(with, ", ")));
  }
}

std::string Check::JavaStore(const std::string& java) const {
  const std::string der =
      crypto::CertificateDer(Read("/run/aileron/ca.pem", kFileMax).value_or(""));
  char* resolved = realpath(At(java).c_str(), nullptr);
  if (resolved == nullptr) return {};
  std::string home(resolved);
  free(resolved);  // NOLINT(cppcoreguidelines-no-malloc)
  if (!home.starts_with(contract_.root) || !home.ends_with(kJavaProgram)) return {};
  home = home.substr(contract_.root.size());
  home.resize(home.size() - kJavaProgram.size());
  for (const char* folder : {"/lib/security", "/jre/lib/security"}) {
    // Where it finds the one, it does not look at the other.
    std::string store = home + folder + "/jssecacerts";
    if (access(At(store).c_str(), F_OK) != 0) store = home + folder + "/cacerts";
    if (!der.empty() && Read(store, kFileMax).value_or("").contains(der)) return store;
  }
  return {};
}

// Java and what is made with NSS trust neither the system's bundle nor the environment.
void Check::LookAtOwnStores() {
  const std::string home = Variable("JAVA_HOME");
  const std::string java = home.empty() ? Find("java") : Find(home + "/bin/java");
  if (!java.empty()) {
    const std::string store = JavaStore(java);
    const bool told = Variable("JAVA_TOOL_OPTIONS").contains("javax.net.ssl.trustStore");
    if (told) {
      Add("Java's trust store", State::kOk, "JAVA_TOOL_OPTIONS names one");
    } else if (!store.empty()) {
      Add("Java's trust store", State::kOk, fmt::format("{} has the session's authority", store));
    } else {
      Add("Java's trust store", State::kLimited,
          fmt::format("{} trusts what its own store has, which could not be added to", java),
          kKeytool);
    }
  }
  for (const char* program : kNssPrograms) {
    const std::string path = Find(program);
    if (path.empty()) continue;
    const bool tool = !Find("certutil").empty();
    Add("NSS's trust store", State::kLimited,
        fmt::format("{} trusts what ~/.pki/nssdb has{}", path,
                    tool ? "" : "; certutil, which writes it, is not there"),
        tool ? kCertutil : InstallCommand(distribution_.family, "certutil"));
    break;
  }
}

Capability Check::Program(const std::string& name) {
  LookAtDistribution();
  LookAtProgram(name, name);
  return std::move(found_.back());
}

std::vector<Capability> Check::Run() {
  LookAtDistribution();
  LookAtUser();
  TryFolder("workspace", contract_.workspace, !contract_.read_only);
  const std::string home = Variable("HOME");
  TryFolder("home", home.empty() ? "/" : home, true);
  TryFolder("temporary files", "/tmp", true);
  LookAtProgram("/bin/sh", "shell");
  for (const std::string& name : contract_.programs) {
    LookAtProgram(name, fmt::format("program {}", name));
  }
  LookAtAuthorities();
  LookAtOwnStores();
  return std::move(found_);
}

}  // namespace

std::vector<Capability> CheckContract(const Contract& contract) { return Check(contract).Run(); }

Capability CheckProgram(const std::string& name, const std::vector<std::string>& environment) {
  Contract contract;
  contract.environment = environment;
  return Check(contract).Program(name);
}

}  // namespace aileron::shim
