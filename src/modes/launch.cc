// Tested by tests/launch/test_exit_codes.py.

#include "launch/launch.h"

#include "keep/keeper.h"
#include "modes/detach.h"
#include "modes/launch_container.h"
#include "modes/launch_flags.h"
#include "modes/runtime_choice.h"
#include "modes/terminal.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

Outcome RunDetached(const Invocation& invocation, const launch::Options& options) {
  AILERON_TRY(SettleDetached(invocation.parsed, options));
  const auto session = LaunchDetached({invocation.words.begin(), invocation.words.end()},
                                      options.tty != launch::Tty::kNever);
  if (!session) return session.error();
  AILERON_TRY(Print(*session + "\n"));
  return 0;
}

Outcome RunLaunch(const Invocation& invocation) {
  AILERON_ASSIGN(launch::Options options, LaunchOptions(invocation.parsed));
  AILERON_TRY(ChooseRuntime(invocation.parsed, options));
  // The launch that a keeper runs has the same words.
  if (invocation.parsed.Has("--detach") && !IsKept()) return RunDetached(invocation, options);
  (void)unsetenv(keep::kKept);  // what it starts on the host is none
  AILERON_ASSIGN(const auto image, PrepareContainer(invocation.parsed, options));
  AILERON_TRY(ChooseRuntime(invocation.parsed, options));  // of what the devcontainer mounts, too
  AILERON_TRY(CheckRuntime(options));
  auto ended = launch::Run(std::move(options));
  if (!ended)
    return std::unexpected(Failure(ended.error().exit_code, std::move(ended.error().error)));
  return *ended;
}

}  // namespace

Command LaunchVerb() {
  return {
      .text =
          "Runs COMMAND (your shell, if none is given) in a sandbox of its own: the host's "
          "files are "
          "read-only, the current folder is the workspace and can be written, and the only way "
          "to the "
          "network is the data plane, which decides which hosts may be reached and adds the "
          "credentials "
          "that bindings name. The exit code is the command's own.\n\n"
          "A project's devcontainer.json says which image is the root, and what runs before the "
          "command, behind the same walls (\"aileron sandbox plan\" shows it field by field). What "
          "it would run on the host, or see of it, takes your trust: you are asked, or told of "
          "\"aileron policy trust\". --image takes another image; --no-devcontainer leaves the "
          "file "
          "out.\n\n"
          "Profiles: \"guarded\" allows package registries, forges and model APIs; \"open\" "
          "allows every "
          "public host; \"locked\" allows none. --deny beats --allow, whatever the order. A "
          "private address "
          "is reached only when --allow or --connect-to names it.\n\n"
          "What the host would run later (.git/hooks, .envrc, .vscode, .idea, .devcontainer, the "
          "settings of "
          "agents, aileron.yaml) is read-only in the workspace, unless --allow-write names it. "
          "Of what the "
          "agent writes to .git/config, harmless settings are kept; the rest is reported.\n\n"
          "--workspace=overlay lets the command work on a copy, which costs no time: your files "
          "stay "
          "as they are, and \"aileron session diff\" shows what it changed, \"session apply\" "
          "brings "
          "that in, \"session discard\" removes it. --keep leaves the sandbox's own folders, its "
          "home and /tmp, and \"aileron launch --resume SESSION\" has them and the copy again; "
          "\"session list\" shows what is kept, \"session remove\" frees it.\n\n"
          "The environment starts empty but for a short list (TERM, LANG, PATH and the like); "
          "--env and "
          "--env-file add to it. Do not pass credentials this way: a binding keeps them out of "
          "the sandbox.\n\n"
          "--opaque is for clients that know their server's certificate, and for protocols that "
          "are "
          "not HTTP (--opaque db.example.com:5432): the host is allowed, its bytes are passed on "
          "unread, and only counted in the audit log. No credential can be put into them. What "
          "begins with TLS has to name the host.\n\n"
          "A host that no rule allows or denies is asked about: the request waits for your answer "
          "(\"aileron approvals watch\" in another terminal) for as long as --hold says, and is "
          "then "
          "answered with status 428, to be sent again. The question stays. --unattended asks "
          "nobody: what would ask is refused at once. --report writes each such thing as a JSON "
          "object (time, session, kind, title, host or operation, code, hint) in a line of its own "
          "to a file outside of the workspace, --report-fd to a descriptor that you opened, whole "
          "before the launch exits; a thing is told once. --fail-on-denied makes the launch exit "
          "with 77 then, whatever the command's own code.\n\n"
          "--ask 'POST,PUT api.example.com/repos/**' asks about single requests to a host: you see "
          "the method, the path, the body's fields with secrets masked and the credential that the "
          "request would get, and what you saw is what is sent. Rules for every launch stand in "
          "policy.yaml beside bindings.yaml; deny beats ask beats allow.\n\n"
          "--command-deny, --command-ask, --command-allow and --command-record are rules about the "
          "programs that the command starts, and all that these start. With any of them every one "
          "is caught in the kernel, whatever shell or program starts it, and judged by what was "
          "loaded, not by what was said. A pattern is written as the command is typed: \"git push "
          "--force\" holds for \"git push -f\", \"env git push -f\" and \"sh -c 'git push -f'\" as "
          "well. Deny beats ask beats allow. A refused command exits with 126 and says why; one "
          "that waits for your answer longer than --hold exits with 75, and runs when it is "
          "started again after your yes.\n\n"
          "--status-line keeps the last row of your terminal: the command's own terminal is one "
          "row "
          "shorter, and the row says how many of its questions wait for you and what the oldest "
          "is. "
          "It is for terminals that know scroll regions, as nearly all do; images in the terminal "
          "are not shown with it.\n\n"
          "--upstream-proxy sends everything through a company's proxy. Its password is never an "
          "argument: it comes from the vault, from a URL in a file (@FILE), or, with \"env\", from "
          "the URL in your HTTPS_PROXY (and NO_PROXY is heeded). Behind a proxy the addresses that "
          "names lead to are not seen by aileron, so the proxy has to guard your private "
          "network.\n\n"
          "--timeout sets how long the data plane waits: connect (10s) for a connection, tls (15s) "
          "for a handshake, head (10m) for the head of an answer, upload (5m) for a request's body "
          "that stands still, reader (30m) for a client that takes nothing of an answer, idle "
          "(none) for an answer or a tunnel in which nothing moves, pool (1m) for an unused "
          "connection. head, upload, reader and idle may be \"none\". Nothing ends a stream that "
          "moves.\n\n"
          "--publish passes connections to an address of this machine on to a port of the sandbox, "
          "where \"aileron service run\" keeps servers: \"-p 8080\" is port 8080 on both sides, "
          "\"-p 8080:80\" and \"-p :80\" lead to port 80. The address is 127.0.0.1 unless another "
          "one stands in front, such as 0.0.0.0, which lets other machines in. The sandbox gets no "
          "way out by it.\n\n"
          "Before the command starts, the sandbox's first process tries what its walls must "
          "refuse, and stops the launch when something succeeds. --require names walls without "
          "which nothing is to be started: namespaces, capabilities, seccomp, landlock, "
          "network, idmap, cgroup (memory, pids, cpu); \"aileron doctor\" tells which of them "
          "this machine has. --allow-nested lets the command build sandboxes of its own, as "
          "browsers, bwrap and rootless podman do; it costs the second wall (Landlock), the "
          "masks of /proc, and opens more of the kernel to the command.",
      .flags =
          {
              {.name = "--sandbox",
               .value = "DRIVER",
               .summary = "What makes the sandbox: this program (native, auto), an engine, in a "
                          "container of an image that it has or pulls, or an OCI runtime (oci)",
               .choices = "auto|native|docker|podman|oci"},
              {.name = "--runtime",
               .value = "NAME|PATH",
               .summary = "The OCI runtime of --sandbox=oci: crun, runc or another one; the first "
                          "of these two that is there",
               .completes = Completes::kFile},
              {.name = "--image",
               .value = "REF",
               .summary = "Take this image as the root instead of the host's "
                          "(oci:FOLDER[:NAME|@DIGEST], oci-archive:FILE, docker-archive:FILE, "
                          "docker-daemon:NAME, podman:NAME)"},
              {.name = "--config",
               .value = "FILE",
               .summary = "The devcontainer.json, where the folder has several or none",
               .completes = Completes::kFile},
              {"--no-devcontainer", "", "Leave the project's devcontainer.json out"},
              {.name = "--setup",
               .value = "WHEN",
               .summary = "When onCreateCommand to postCreateCommand run; auto: once for each "
                          "content of the file and its image",
               .choices = "auto|always|never"},
              {.name = "--profile",
               .value = "NAME",
               .summary = "What the network allows by default, instead of what the policy says, or "
                          "guarded",
               .choices = "open|guarded|locked"},
              {"--allow", "HOST[:PORT]", "Allow a host (*.example.com: all below it)",
               Repeat::kMany},
              {"--deny", "HOST[:PORT]", "Deny a host", Repeat::kMany},
              {"--ask", "METHOD[,METHOD] HOST[:PORT][/PATH]",
               "Ask you about each such request (* for every method; /a/* is one segment, /a/** "
               "all "
               "below)",
               Repeat::kMany},
              {"--command-deny", "PATTERN",
               "Refuse a command, such as \"git push --force\", in any spelling", Repeat::kMany},
              {"--command-ask", "PATTERN", "Ask you about a command", Repeat::kMany},
              {"--command-allow", "PATTERN",
               "Allow exactly this command (* for a word, ** for the rest)", Repeat::kMany},
              {.name = "--command-default",
               .value = "WHAT",
               .summary = "What becomes of commands that no rule speaks of; of this and the policy "
                          "files the strictest holds",
               .choices = "allow|ask|deny"},
              {"--command-record", "PATTERN", "Record a command with its rule", Repeat::kMany},
              {"--opaque", "HOST[:PORT]",
               "Allow a host whose connections nobody looks into (port 443 if none is given)",
               Repeat::kMany},
              {"--learn", "",
               "Allow every public host that no rule denies, and record what \"aileron policy "
               "learn\" makes a policy of"},
              {"--hold", "DURATION",
               "How long a request waits for your answer; 1m on a terminal, else 0s"},
              {"--unattended", "", "Ask nobody: what would ask is refused"},
              {.name = "--report",
               .value = "FILE",
               .summary = "With --unattended: what was refused unasked, one JSON object a line",
               .completes = Completes::kFile},
              {"--report-fd", "N", "The same, on a descriptor from 3 up that you opened"},
              {"--session-fd", "N",
               "Write the session's id to a descriptor from 3 up that you opened, once the agent "
               "runs"},
              {"--fail-on-denied", "", "With --unattended: exit with 77 when anything was refused"},
              {.name = "--workspace",
               .value = "FOLDER|overlay[:FOLDER]",
               .summary =
                   "The folder to work in, instead of the current one; overlay: a copy of it",
               .completes = Completes::kFolder},
              {"--keep", "", "Keep the sandbox's home, /tmp and /var/tmp for --resume"},
              {"--resume", "SESSION", "Go on with what a session kept, in its workspace"},
              {"--read-only", "", "The workspace cannot be written either"},
              {"--allow-write",
               "PATH",
               "Let the agent write what is protected in the workspace, such as .vscode",
               Repeat::kMany,
               {},
               Completes::kFile},
              {"--mount",
               "SRC:DST[:ro]",
               "Show a file or folder of the host inside",
               Repeat::kMany,
               {},
               Completes::kFile},
              {.name = "--workdir",
               .value = "FOLDER",
               .summary = "Where the command starts, inside the sandbox",
               .completes = Completes::kFolder},
              {.name = "--env",
               .value = "NAME[=VALUE]",
               .summary = "Set a variable, or pass yours on",
               .repeat = Repeat::kMany,
               .letter = "-e"},
              {"--env-file",
               "FILE",
               "Variables from a file, one NAME=VALUE a line",
               Repeat::kMany,
               {},
               Completes::kFile},
              {"--memory", "SIZE", "At most so much memory, such as 512m or 2g"},
              {"--pids", "N", "At most so many processes"},
              {"--cpus", "N", "At most so many processors, such as 1.5"},
              {"--require", "WALL[,WALL]", "Start nothing where one of these walls cannot stand",
               Repeat::kMany},
              {"--allow-nested", "", "Let the command make namespaces of its own"},
              {.name = "--upstream-ca",
               .value = "FILE",
               .summary = "Trust these certificate authorities (PEM) too, for sites",
               .completes = Completes::kFile},
              {"--connect-to", "HOST:PORT:ADDR[:PORT]",
               "Connect to ADDR instead of HOST, whose name TLS still checks (as curl has it)",
               Repeat::kMany},
              {"--upstream-proxy", "URL",
               "Reach sites through this HTTP proxy: http://[USER@]HOST[:PORT], @FILE or env"},
              {"--upstream-proxy-credential", "NAME",
               "The vault entry with the proxy's password (USER:PASSWORD if the URL has no user)"},
              {"--no-proxy", "LIST",
               "Hosts that need no proxy, with commas: names (and all below), addresses, ranges, "
               "*"},
              {.name = "--publish",
               .value = "[HOST:]HOSTPORT[:PORT]",
               .summary = "Let this machine reach a port of the sandbox (0: any free one)",
               .repeat = Repeat::kMany,
               .letter = "-p"},
              {"--publish-services", "",
               "Services that ask for it are published, each on a free port of 127.0.0.1"},
              {"--timeout", "NAME=DURATION",
               "How long to wait: connect, tls, head, upload, idle or pool; see above",
               Repeat::kMany},
              {"--status-line", "", "Keep the terminal's last row for what waits for your answer"},
              {.name = "--detach",
               .value = "",
               .summary = "Print the session's id once the command runs, and leave it alone; see "
                          "\"aileron session attach\" and \"logs\"",
               .letter = "-d"},
              {.name = "--tty",
               .value = "WHEN",
               .summary = "Give the command a terminal of its own; auto if yours is one",
               .choices = "auto|always|never"},
          },
      .arguments = {{"COMMAND",
                     "What to run, with its own arguments",
                     Arity::kRest,
                     {},
                     Completes::kCommand}},
      .examples = {{"aileron launch claude", "Run an agent in the current folder"},
                   {"aileron launch --profile=locked --allow=api.example.com -- make test",
                    "Run a build that may reach one host"},
                   {"aileron launch -p 3000 claude", "With a dev server that your browser sees"},
                   {"aileron launch --detach -- make nightly",
                    "A command that goes on when you close the terminal"},
                   {"aileron launch --memory=2g --mount=/srv/data:/data:ro",
                    "A shell with a bound and a folder"}},
      .run = RunLaunch};
}

}  // namespace aileron::modes
