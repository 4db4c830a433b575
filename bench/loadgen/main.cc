// loadgen: an HTTPS load generator that goes through an HTTP CONNECT proxy.
//
//   loadgen ─TCP→ proxy ─CONNECT host:port→ (tunnel) ─TLS→ HTTP/1.1 or HTTP/2
//
// A run has a window of time in which operations count. Its ends are told on standard error as the
// lines "begin" and "end", so that whoever started it can read the proxy's CPU time and memory at
// the same moments. In the mode hold the window opens when the tunnels stand. The figures come as
// one JSON object on standard output; the exit status is 0 when at least one operation was
// completed.
//
// Latency of an open loop (--rate) counts from when an operation was meant to begin, so a proxy
// that stalls cannot hide the queue behind it.

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include "clock.h"
#include "options.h"
#include "plan.h"
#include "report.h"
#include "stats.h"
#include "worker.h"

namespace loadgen {
namespace {

void SleepUntil(Nanos time) {
  const timespec until = ToTimespec(time);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

// Tells standard error that the window begins or ends, and waits until that was acknowledged.
void Tell(const Options& options, const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::fflush(stderr);
  if (!options.acknowledged) return;
  for (int c = std::getchar(); c != '\n' && c != EOF; c = std::getchar()) {
  }
}

void AwaitTunnels(const Plan& plan) {
  const Nanos give_up = Now() + Seconds(plan.options.timeout_s);
  while (plan.holding < plan.options.connections && Now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

std::vector<std::unique_ptr<Worker>> MakeWorkers(Plan& plan) {
  const int threads = plan.options.threads;
  const int connections = plan.options.connections;
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0, first = 0; i < threads; ++i) {
    const int count = connections / threads + (i < connections % threads ? 1 : 0);
    workers.push_back(std::make_unique<Worker>(plan, count, first));
    first += count;
  }
  return workers;
}

int Run(const Options& options) {
  std::signal(SIGPIPE, SIG_IGN);
  const bool by_count = options.requests > 0;
  Plan plan(options);
  const auto workers = MakeWorkers(plan);
  std::atomic<bool> stop{false};
  std::vector<std::jthread> threads;
  const auto start = [&] {
    for (const auto& worker : workers) threads.emplace_back([&] { worker->Run(stop); });
  };
  if (!by_count) {
    start();
    SleepUntil(Now() + Seconds(options.warmup_s));
    if (options.mode == Mode::kHold) AwaitTunnels(plan);
  }
  Tell(options, "begin");
  const Nanos from = Now();
  plan.window_start = from;
  if (by_count) {
    start();
    threads.clear();
  } else {
    plan.window_end = from + Seconds(options.duration_s);
    SleepUntil(plan.window_end);
    stop = true;
  }
  const double window_s = static_cast<double>(Now() - from) / 1e9;
  threads.clear();
  Tell(options, "end");

  Stats all;
  for (const auto& worker : workers) all.Merge(worker->stats());
  PrintReport(options, all, window_s);
  return all.completed > 0 ? 0 : 1;
}

}  // namespace
}  // namespace loadgen

int main(int argc, char** argv) { return loadgen::Run(loadgen::ParseOptions(argc, argv)); }
