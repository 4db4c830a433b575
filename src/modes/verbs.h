// The verbs: each describes itself, and carries the function that runs it. One file per verb.
#pragma once

#include "modes/command.h"

namespace aileron::modes {

Command LaunchVerb();
Command SessionVerb();
Command ExecVerb();
Command SandboxVerb();
Command DemoVerb();
Command VaultVerb();
Command SecretVerb();
Command BindingVerb();
Command ConnectorVerb();
Command KeyringVerb();
Command PolicyVerb();
Command ApprovalsVerb();
Command GrantsVerb();
Command OpenVerb();
Command AuditVerb();
Command ServiceVerb();
Command StatusVerb();
Command DaemonVerb();
Command DoctorVerb();
Command VersionVerb();
Command HelpVerb();
Command CompletionVerb();
Command ManVerb();
Command ToolsVerb();
Command WaitVerb();
Command DrainVerb();
Command CredentialVerb();
Command ContractVerb();
Command EnterVerb();
Command InitVerb();
Command KeeperVerb();
Command WorkerVerb();
Command MediatorVerb();
Command StandInVerb();

// "aileron approvals webhook"
Command WebhookCommand();
// "aileron sandbox …"
Command SandboxCheckCommand();
Command SandboxPlanCommand();
Command SandboxInitCommand();
Command SandboxBuildCommand();
Command SandboxWarmCommand();
Command SandboxPullCommand();
Command SessionAttachCommand();
Command SessionLogsCommand();
Command SessionExecCommand();
Command SessionDiffCommand();
Command SessionApplyCommand();
Command SessionDiscardCommand();
Command SessionRemoveCommand();
Command SessionSnapshotCommand();
Command SessionSnapshotsCommand();
Command SessionForkCommand();
Command SandboxCacheCommand();
Command SandboxVolumeCommand();

}  // namespace aileron::modes
