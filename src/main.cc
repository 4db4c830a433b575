// aileron is one program with many modes: what a user types, what runs inside a sandbox and what
// serves it are this file, started in another mode. The table says which modes there are.
#include "modes/run.h"
#include "modes/verbs.h"

namespace {

using aileron::modes::Group;
using aileron::modes::Mode;

constexpr Mode kModes[] = {
    {"launch", Group::kRun, "Run a command in a sandbox", aileron::modes::LaunchVerb},
    {"session", Group::kRun, "List, show, watch and stop sessions", aileron::modes::SessionVerb},
    {"sandbox", Group::kRun, "Get images ready, and keep them in order",
     aileron::modes::SandboxVerb},
    {"service", Group::kRun, "Run services beside an agent, and publish their ports",
     aileron::modes::ServiceVerb},
    {"demo", Group::kRun, "Show the whole at work, offline, in a world of its own",
     aileron::modes::DemoVerb},

    {"vault", Group::kCredentials, "Make, unlock and lock the vault", aileron::modes::VaultVerb},
    {"secret", Group::kCredentials, "Set, list and remove credentials", aileron::modes::SecretVerb},
    {"binding", Group::kCredentials, "Say which host gets which credential",
     aileron::modes::BindingVerb},

    {"connector", Group::kCredentials, "Describe sites, and give sandboxes commands for them",
     aileron::modes::ConnectorVerb},
    {"keyring", Group::kCredentials, "Keep the keys of those who sign connectors",
     aileron::modes::KeyringVerb},

    {"policy", Group::kDecisions, "Check, explain, test and trust policy files",
     aileron::modes::PolicyVerb},
    {"approvals", Group::kDecisions, "Answer what agents ask for", aileron::modes::ApprovalsVerb},
    {"grants", Group::kDecisions, "List and revoke answers that are remembered",
     aileron::modes::GrantsVerb},
    {"open", Group::kDecisions, "Sign a browser in to answer what agents ask for",
     aileron::modes::OpenVerb},

    {"audit", Group::kEvidence, "Read, verify and export the audit log", aileron::modes::AuditVerb},

    {"status", Group::kSelf, "Show the daemon, the vault and running sessions",
     aileron::modes::StatusVerb},
    {"daemon", Group::kSelf, "Start, stop and inspect the daemon", aileron::modes::DaemonVerb},
    {"doctor", Group::kSelf, "Check what this machine can do, and how to mend it",
     aileron::modes::DoctorVerb},
    {"version", Group::kSelf, "Show the version", aileron::modes::VersionVerb},
    {"help", Group::kSelf, "Explain a command", aileron::modes::HelpVerb},
    {"completion", Group::kSelf, "Write a completion script for a shell",
     aileron::modes::CompletionVerb},
    {"man", Group::kSelf, "Write the man page", aileron::modes::ManVerb},

    {"tools", Group::kSandbox, "List the tools of this sandbox, and search what they can do",
     aileron::modes::ToolsVerb},
    {"wait", Group::kSandbox, "Wait until a person has answered", aileron::modes::WaitVerb},
    {"drain", Group::kSandbox, "Print results that have come meanwhile, each once",
     aileron::modes::DrainVerb},

    {"credential", Group::kInside, "Answer git and docker with look-alikes of credentials",
     aileron::modes::CredentialVerb},
    {"init", Group::kInside, "Be the first process of a sandbox", aileron::modes::InitVerb},
    {"enter", Group::kInside, "Be the first process of an engine's container",
     aileron::modes::EnterVerb},
    {"keeper", Group::kInside, "Keep the terminal of a launch that nobody is at",
     aileron::modes::KeeperVerb},
    {"worker", Group::kInside, "Be the data plane of one session", aileron::modes::WorkerVerb},
    {"mediator", Group::kInside, "Judge the commands of one session", aileron::modes::MediatorVerb},
    {"stand-in", Group::kInside, "Take the place of a command that was refused",
     aileron::modes::StandInVerb},
};

}  // namespace

int main(int argc, char** argv) { return aileron::modes::Run(kModes, argc, argv); }
