#include "report.h"

#include <sys/resource.h>

#include <cinttypes>
#include <cstdio>
#include <string>
#include <string_view>

namespace loadgen {
namespace {

// Control characters become spaces: only a peer's own words could hold one.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return quoted + "\"";
}

void PrintSummary(const char* name, const Histogram& histogram) {
  const Summary s = histogram.Summarize();
  std::printf(",\"%s\":{\"n\":%" PRIu64
              ",\"min\":%.1f,\"mean\":%.1f,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,"
              "\"max\":%.1f}",
              name, s.count, s.min, s.mean, s.p50, s.p90, s.p99, s.p999, s.max);
}

double OwnCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void PrintErrors(const Stats& stats) {
  std::uint64_t total = 0;
  std::string kinds;
  for (const auto& [why, count] : stats.errors) {
    total += count;
    kinds += (kinds.empty() ? "" : ",") + Quoted(why) + ":" + std::to_string(count);
  }
  std::printf(",\"errors\":%" PRIu64 ",\"error_kinds\":{%s}", total, kinds.c_str());
}

}  // namespace

void PrintReport(const Options& options, const Stats& stats, double window_s) {
  constexpr double mib = 1024.0 * 1024.0;
  const auto bytes = static_cast<double>(stats.body_bytes + stats.uploaded_bytes);
  std::printf("{\"connections\":%d,\"window_s\":%.4f,\"completed\":%" PRIu64, options.connections,
              window_s, stats.completed);
  std::printf(",\"per_s\":%.2f,\"mib_per_s\":%.2f,\"handshakes\":%" PRIu64 ",\"resumed\":%" PRIu64
              ",\"reconnects\":%" PRIu64,
              static_cast<double>(stats.completed) / window_s, bytes / window_s / mib,
              stats.handshakes, stats.resumed, stats.reconnects);
  PrintErrors(stats);
  PrintSummary("latency_us", stats.latency);
  PrintSummary("ttfb_us", stats.ttfb);
  PrintSummary("tcp_us", stats.tcp);
  PrintSummary("connect_us", stats.connect);
  PrintSummary("tls_us", stats.tls);
  std::printf(",\"tls\":{\"version\":%s,\"cipher\":%s,\"group\":%s,\"leaf\":%s,\"issuer\":%s}",
              Quoted(stats.facts.version).c_str(), Quoted(stats.facts.cipher).c_str(),
              Quoted(stats.facts.group).c_str(), Quoted(stats.facts.leaf).c_str(),
              Quoted(stats.facts.issuer).c_str());
  std::printf(",\"client_cpu_s\":%.4f}\n", OwnCpuSeconds());
}

}  // namespace loadgen
