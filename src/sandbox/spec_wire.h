// What a sandbox is to be, as fields of a message (base/wire.h): for one that is built where its
// launcher is not (sandbox/enter.h).
#pragma once

#include <span>
#include <vector>

#include "base/wire.h"
#include "sandbox/channel.h"
#include "sandbox/identity.h"
#include "sandbox/spec.h"

namespace aileron::sandbox {

void PutListeners(WireWriter& out, std::span<const Listener> listeners);
std::vector<Listener> TakeListeners(WireReader& in);

// Of a spec what its first process needs: not what it shows of the host, which comes as trees.
void PutSpec(WireWriter& out, const Spec& spec);
Spec TakeSpec(WireReader& in);

void PutIdentity(WireWriter& out, const Identity& identity);
Identity TakeIdentity(WireReader& in);

void PutTree(WireWriter& out, const Enter::Tree& tree);
Enter::Tree TakeTree(WireReader& in);

}  // namespace aileron::sandbox
