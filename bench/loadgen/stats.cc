#include "stats.h"

namespace loadgen {

void Stats::Merge(const Stats& other) {
  completed += other.completed;
  body_bytes += other.body_bytes;
  uploaded_bytes += other.uploaded_bytes;
  handshakes += other.handshakes;
  resumed += other.resumed;
  reconnects += other.reconnects;
  for (const auto& [why, count] : other.errors) errors[why] += count;
  latency.Merge(other.latency);
  ttfb.Merge(other.ttfb);
  tcp.Merge(other.tcp);
  connect.Merge(other.connect);
  tls.Merge(other.tls);
  if (facts.version.empty()) facts = other.facts;
}

}  // namespace loadgen
