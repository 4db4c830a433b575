// Entry: how a launcher lets a sandbox into a container, whoever made it: what it shows there, and
// what the two say to each other until the sandbox is built (sandbox/enter.h).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/container.h"
#include "engine/entry_folder.h"
#include "os/fd.h"
#include "os/process.h"
#include "sandbox/channel.h"
#include "sandbox/identity.h"
#include "sandbox/root_fs.h"
#include "sandbox/spec.h"

namespace aileron::engine {

// The path of a name of the entry folder, inside.
std::string InEntry(std::string_view name);
// Where the tree of that number is shown, inside.
std::string TreePlace(std::size_t number);

// kInvalid where they are more than go in one message.
Status CheckNumber(const sandbox::HostTrees& host);
// What is shown of the host: the entry folder, this program, and each tree that is not passed as a
// descriptor, in its place of `folder`.
Result<std::vector<Bind>> ShowTrees(const sandbox::HostTrees& host, EntryFolder& folder);
// Behind those: the number of the first place that is free.
std::size_t FreePlace(const sandbox::HostTrees& host);
// What the container's first process is told.
sandbox::Enter Orders(const sandbox::Spec& spec, const sandbox::Identity& identity,
                      const sandbox::HostTrees& host);

// Signals that end a launch wait until its sandbox can be told of them: kUnavailable when one has
// come, and there is none yet.
Status CheckWanted();
// A sandbox that is about to be built, with its ids mapped: it waits for Go.
struct Inside {
  os::Fd channel;
  os::Child init;  // its first process, which is no child of this one
};
// Who has made the container.
struct Maker {
  std::string name;
  // Asked now and then, and when `ended`, if it is none, can be read: what it fails with ends the
  // waiting.
  std::function<Status()> check;
  int ended = -1;
};
// Waits until the container's first process calls, closes the entry behind it, and sends the orders
// with the standard streams.
Result<Inside> LetIn(EntryFolder& folder, const Maker& maker, const sandbox::Enter& orders,
                     const sandbox::HostTrees& host);

}  // namespace aileron::engine
