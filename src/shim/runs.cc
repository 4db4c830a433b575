#include "shim/runs.h"

#include <set>

#include "base/text.h"

namespace aileron::shim {

using nlohmann::json;

namespace {

// Whole seconds, as the API takes them; a fraction is a second more.
std::int64_t SecondsOf(Duration wait) {
  return std::chrono::ceil<std::chrono::seconds>(wait).count();
}

Request Begin(const Wish& wish, Duration wait) {
  return {.method = "POST",
          .path = "/runs",
          .body = {{"tool", wish.tool},
                   {"operation", wish.operation},
                   {"arguments", wish.arguments},
                   {"key", wish.key},
                   {"wait_s", SecondsOf(wait)}},
          .wait = wait};
}

Request Look(const std::string& id, Duration wait) {
  return {.path = fmt::format("/runs/{}?wait_s={}", PercentEncode(id), SecondsOf(wait)),
          .wait = wait};
}

Result<Run> AskRun(Api& api, const Request& request) {
  AILERON_ASSIGN(const json answer, AskJson(api, request));
  return ReadRun(answer);
}

// Asks on while the run is open, over restarts of the daemon, which knows it again. `again` makes
// the question for a run that is known so far.
Result<Run> Follow(Api& api, Run run, const Patience& patience, const OnWaiting& on_waiting,
                   const std::function<Request(const Run&, Duration)>& again) {
  bool told = false;
  Duration answered = patience.Now();
  while (run.open()) {
    const Duration wait = patience.Left(limits::kWaitMax);
    if (wait <= Duration::zero()) break;
    if (run.state == Run::State::kPending && !std::exchange(told, true)) on_waiting(run);
    const Duration asked = patience.Now();
    auto looked = AskRun(api, again(run, wait));
    if (looked) {
      run = *std::move(looked);
      answered = patience.Now();
    } else if (looked.error().code != Code::kUnavailable ||
               patience.Now() - answered > limits::kAwayMax) {
      return looked;
    }
    const bool at_once = patience.Now() - asked < limits::kAskAgain;
    if (run.open() && at_once) patience.Sleep(limits::kAskAgain);
  }
  return run;
}

}  // namespace

Patience::Patience(World world, std::optional<Duration> longest) : world_(std::move(world)) {
  if (longest) end_ = world_.uptime() + *longest;
}

Duration Patience::Left(Duration most) const {
  return end_ ? std::clamp(*end_ - world_.uptime(), Duration::zero(), most) : most;
}

Result<Run> RunOperation(Api& api, const Wish& wish, const Patience& patience,
                         const OnWaiting& on_waiting) {
  // The key makes it one call, however often it is asked for.
  const Duration began = patience.Now();
  auto first = AskRun(api, Begin(wish, patience.Left(limits::kFirstWait)));
  while (!first && first.error().code == Code::kUnavailable &&
         patience.Now() - began < limits::kBeginMax &&
         patience.Left(limits::kAskAgain) > Duration::zero()) {
    patience.Sleep(limits::kAskAgain);
    first = AskRun(api, Begin(wish, patience.Left(limits::kFirstWait)));
  }
  AILERON_ASSIGN(Run run, std::move(first));
  return Follow(api, std::move(run), patience, on_waiting, [&](const Run& known, Duration wait) {
    // One without an id is asked for by its key.
    return known.id.empty() ? Begin(wish, wait) : Look(known.id, wait);
  });
}

Result<Run> AwaitRun(Api& api, const std::string& id, const Patience& patience,
                     const OnWaiting& on_waiting) {
  AILERON_ASSIGN(Run run, AskRun(api, Look(id, Duration::zero())));
  return Follow(api, std::move(run), patience, on_waiting,
                [&](const Run&, Duration wait) { return Look(id, wait); });
}

Result<Results> NextResults(Api& api, std::span<const std::string> acknowledged, Duration wait) {
  json ids = json::array();
  for (const std::string& id : acknowledged) ids.push_back(id);
  json body = {{"acknowledge", std::move(ids)}, {"limit", limits::kResultsPage}};
  if (wait > Duration::zero()) body["wait_s"] = SecondsOf(wait);
  AILERON_ASSIGN(
      const json answer,
      AskJson(api, {.method = "POST", .path = "/results", .body = std::move(body), .wait = wait}));
  const auto list = answer.is_object() ? answer.find("results") : answer.end();
  const auto waiting = answer.is_object() ? answer.find("waiting") : answer.end();
  const bool sensible = answer.is_object() && list != answer.end() && list->is_array() &&
                        waiting != answer.end() && waiting->is_number_integer() && *waiting >= 0;
  if (!sensible) {
    return Fail(Code::kInternal, "the answer of the sandbox's API makes no sense: no results");
  }
  Results results{.waiting = waiting->get<std::uint64_t>()};
  for (const json& one : *list) {
    AILERON_ASSIGN(Run run, ReadRun(one));
    if (run.id.empty() || run.open()) {
      return Fail(Code::kInternal,
                  "the answer of the sandbox's API makes no sense: a result that is none");
    }
    results.runs.push_back(std::move(run));
  }
  return results;
}

Result<std::uint64_t> DrainResults(Api& api, const Patience& patience,
                                   const std::function<Status(const Run&)>& print) {
  std::set<std::string> printed;
  std::vector<std::string> acknowledged;
  while (true) {
    const Duration wait = patience.Left(limits::kWaitMax);
    const Duration asked = patience.Now();
    AILERON_ASSIGN(const Results results, NextResults(api, acknowledged, wait));
    acknowledged.clear();
    for (const Run& run : results.runs) {
      if (!printed.insert(run.id).second) continue;
      AILERON_TRY(print(run));
      acknowledged.push_back(run.id);
    }
    if (!acknowledged.empty()) continue;
    if (!results.runs.empty()) {
      return Fail(Code::kInternal, "the sandbox's API tells results again that were acknowledged");
    }
    const bool over = patience.Left(limits::kWaitMax) <= Duration::zero();
    if (results.waiting == 0 || over) return results.waiting;
    if (patience.Now() - asked < limits::kAskAgain) patience.Sleep(limits::kAskAgain);
  }
}

}  // namespace aileron::shim
