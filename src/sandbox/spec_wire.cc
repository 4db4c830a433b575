// Tested by src/sandbox/channel_test.cc.

#include "sandbox/spec_wire.h"

namespace aileron::sandbox {

namespace {

void PutRanges(WireWriter& out, const std::vector<os::IdRange>& ranges) {
  out.U32(static_cast<std::uint32_t>(ranges.size()));
  for (const os::IdRange& range : ranges) {
    for (const std::uint32_t field : {range.inside, range.outside, range.count}) out.U32(field);
  }
}

std::vector<os::IdRange> TakeRanges(WireReader& in) {
  std::vector<os::IdRange> ranges;
  for (std::uint32_t left = in.U32(); left > 0 && !in.failed(); --left) {
    os::IdRange range{};
    for (std::uint32_t* field : {&range.inside, &range.outside, &range.count}) *field = in.U32();
    ranges.push_back(range);
  }
  return ranges;
}

template <typename Enum>
void PutFlag(WireWriter& out, Enum value) {
  out.U8(static_cast<std::uint8_t>(value));
}
Access TakeAccess(WireReader& in) { return in.U8() == 1 ? Access::kReadWrite : Access::kReadOnly; }
Links TakeLinks(WireReader& in) { return in.U8() == 0 ? Links::kFollowed : Links::kRefused; }

}  // namespace

void PutListeners(WireWriter& out, std::span<const Listener> listeners) {
  out.U32(static_cast<std::uint32_t>(listeners.size()));
  for (const Listener& listener : listeners) {
    PutFlag(out, listener.kind);
    out.U32(listener.port);
  }
}

std::vector<Listener> TakeListeners(WireReader& in) {
  std::vector<Listener> listeners;
  for (std::uint32_t left = in.U32(); left > 0 && !in.failed(); --left) {
    const std::uint8_t kind = in.U8();
    const std::uint32_t port = in.U32();
    if (kind > static_cast<std::uint8_t>(ListenerKind::kApi) || port == 0 || port > 65535) continue;
    listeners.push_back({static_cast<ListenerKind>(kind), static_cast<std::uint16_t>(port)});
  }
  return listeners;
}

void PutSpec(WireWriter& out, const Spec& spec) {
  PutFlag(out, spec.in_container);
  out.U32(static_cast<std::uint32_t>(spec.layers.size()));
  for (const std::string& layer : spec.layers) out.Text(layer);
  out.U32(static_cast<std::uint32_t>(spec.volumes.size()));
  for (const Volume& volume : spec.volumes) {
    out.Text(volume.target);
    PutFlag(out, volume.access);
  }
  out.Text(spec.hostname);
  out.U64(spec.shm_bytes);
  PutFlag(out, spec.nesting);
  PutListeners(out, spec.listeners);
}

Spec TakeSpec(WireReader& in) {
  Spec spec;
  spec.in_container = in.U8() != 0;
  for (std::uint32_t left = in.U32(); left > 0 && !in.failed(); --left) {
    spec.layers.emplace_back(in.Text());
  }
  for (std::uint32_t left = in.U32(); left > 0 && !in.failed(); --left) {
    Volume volume;
    volume.target = in.Text();
    volume.access = TakeAccess(in);
    spec.volumes.push_back(std::move(volume));
  }
  spec.hostname = in.Text();
  spec.shm_bytes = in.U64();
  spec.nesting = in.U8() == 0 ? Nesting::kRefused : Nesting::kAllowed;
  spec.listeners = TakeListeners(in);
  return spec;
}

void PutIdentity(WireWriter& out, const Identity& identity) {
  out.U32(identity.uid);
  out.U32(identity.gid);
  out.Text(identity.name);
  out.Text(identity.home);
  PutRanges(out, identity.uids);
  PutRanges(out, identity.gids);
  PutFlag(out, identity.mapped);
}

Identity TakeIdentity(WireReader& in) {
  Identity identity;
  identity.uid = in.U32();
  identity.gid = in.U32();
  identity.name = in.Text();
  identity.home = in.Text();
  identity.uids = TakeRanges(in);
  identity.gids = TakeRanges(in);
  identity.mapped = in.U8() != 0;
  return identity;
}

void PutTree(WireWriter& out, const Enter::Tree& tree) {
  out.Text(tree.source);
  out.Text(tree.target);
  PutFlag(out, tree.access);
  PutFlag(out, tree.links);
  out.U64(tree.bytes);
  PutFlag(out, tree.folder);
  PutFlag(out, tree.detached);
  out.Text(tree.changes);
  out.U64(tree.device);
  out.U64(tree.inode);
}

Enter::Tree TakeTree(WireReader& in) {
  Enter::Tree tree;
  tree.source = in.Text();
  tree.target = in.Text();
  tree.access = TakeAccess(in);
  tree.links = TakeLinks(in);
  tree.bytes = in.U64();
  tree.folder = in.U8() != 0;
  tree.detached = in.U8() != 0;
  tree.changes = in.Text();
  tree.device = in.U64();
  tree.inode = in.U64();
  return tree;
}

}  // namespace aileron::sandbox
