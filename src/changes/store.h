// Remains: what outlasts a sandbox, one folder a session: the changes in a copy of its workspace,
// and the folders that were its own.
//
//   STATE/changes/NAME/upper/    the changes, as overlayfs keeps them (change.h)
//                     /work/     overlayfs's own
//                     /home/ /tmp/ /vartmp/   of a session that is kept: the agent's home and its
//                     /tmp
//                                and /var/tmp
//                     /facts     which session and workspace, and since when (base/wire.h), once
//                     the
//                                session has its id
//                     /lock      held by the launcher while the session runs, and by who applies
//                     /applying  the folder in which a file is being put, while one is
//
// NAME says nothing: the sandbox takes the folder before there is an id, and while it does a name
// must not change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "changes/clone.h"
#include "os/fd.h"
#include "os/paths.h"

namespace aileron::changes {

struct Facts {
  std::string session;
  bool copied = false;    // it has a copy of the workspace
  bool copies = false;    // it works on copies, also when the last one was applied or discarded
  bool kept = false;      // it can be resumed
  bool snapshot = false;  // nobody works in it: only others are made of it
  std::string name;       // of a snapshot, if a person gave it one
  std::string origin;     // the session or snapshot that it was made of
  std::string image;      // its root: "host", or NAME@DIGEST
  std::string workspace;  // resolved
  std::int64_t since_ns = 0;
  std::uint64_t device = 0, inode = 0;  // of the workspace's folder
};

struct Copy {
  std::string session;
  std::string folder;
  Facts facts;
  bool running = false;
};

// One that is begun; whoever has it holds its lock.
struct Begun {
  std::string folder;  // with upper/ and work/
  os::Fd lock;
  Facts facts;
};
// What launches that were killed before they had an id left is removed.
Result<Begun> Begin(const os::Paths& paths, const std::string& workspace);
// The same one once more, by another session. kUnavailable while it is in use; kInvalid for one
// that was not kept, and where its workspace is another folder by now.
Result<Begun> BeginAgain(const os::Paths& paths, const std::string& session);
// kInvalid for a snapshot, which nobody works in or decides about.
Status CheckNoSnapshot(const Copy& copy, const std::string& called);
enum class As : std::uint8_t { kSession, kSnapshot };
// A second one of a kept session or a snapshot, of the same bytes (clone.h), with an id of its own:
// a session that can be resumed, or a snapshot with the name `name`, which may be empty. kInvalid
// for one that was not kept, and for a bad name or one that is taken; kUnavailable while it runs.
Result<Copy> Duplicate(const os::Paths& paths, const Copy& source, As as, const std::string& name,
                       const CloneProgress& progress);
// A place for the copy. kUnsupported where the state's file system keeps no extended attributes of
// users'.
Status MakeCopy(Begun& begun);
Status NameIt(Begun& begun, const std::string& session);

// Of that session, or the snapshot of that id or name; and with a copy in it. kNotFound when there
// is none; kInvalid for what is no id and no name of a snapshot's.
Result<Copy> Find(const os::Paths& paths, const std::string& session);
Result<Copy> FindCopy(const os::Paths& paths, const std::string& session);
// All, the oldest sessions first. What cannot be read is left out.
std::vector<Copy> List(const os::Paths& paths);

// Its parts, open.
struct Opened {
  os::Fd upper;
  os::Fd host;  // the workspace
};
// kUnavailable when the workspace is gone, or is another folder by now.
Result<Opened> Open(const Copy& copy);

// The lock, for who changes something. kUnavailable while the session runs or somebody else
// applies.
Result<os::Fd> Hold(const Copy& copy);

// The name that a file has in its folder of the host while it is put there (apply.h).
std::string TemporaryName(const Copy& copy);
// Notes the folder in which that is to be, and takes away what a killed one left there; by who
// holds the copy.
Status NoteApplying(const Copy& copy, const std::string& folder);
void CleanUp(const Copy& copy, const os::Fd& host);

// Bytes on the disk, of all that is in it: blocks of all files.
std::uint64_t SizeOf(const Copy& copy);
Status Remove(const os::Paths& paths, const Copy& copy);
// The copy alone, of one that is kept; else all of it.
Status RemoveCopy(const os::Paths& paths, const Copy& copy);

}  // namespace aileron::changes
