// Tested by tests/shim/test_operations.py.

#include "daemon/operations.h"

#include "approval/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "connector/arguments.h"
#include "connector/call.h"
#include "connector/tools.h"
#include "daemon/approval_json.h"
#include "daemon/limits.h"

namespace aileron::daemon {

using approval::Outcome;
using approval::State;
using nlohmann::json;

namespace {

std::string Name(const InstalledConnector& connector, const connector::Operation& operation) {
  return fmt::format("{} {}", connector.spec.fqn, operation.name);
}

Outcome Failed(std::string code, std::string message) {
  return {.end = Outcome::End::kFailed, .code = std::move(code), .message = std::move(message)};
}

Outcome OutcomeOf(const Result<fetch::Response>& response) {
  if (!response) return Failed("no_answer", response.error().message);
  // A redirect is not followed: where it leads is not what was asked about.
  const bool done = response->status < 300;
  Outcome outcome{.end = done ? Outcome::End::kSucceeded : Outcome::End::kFailed,
                  .status = response->status,
                  .content_type = std::string(response->Header("Content-Type")),
                  .body = std::string(response->body.Reveal())};
  outcome.body_size = static_cast<std::int64_t>(outcome.body.size());
  if (!done) {
    outcome.code = "http_status";
    outcome.message = fmt::format("the site answered with status {}{}", response->status,
                                  response->status < 400 ? ", and no redirect is followed" : "");
  }
  return outcome;
}

Refusal KeyInUse() {
  return {409, "key_in_use", "the key was used for another call", "make a new one for each"};
}

bool IsWaiting(State state) {
  return state == State::kPending || state == State::kApproved || state == State::kRunning;
}

// 202 while something is still to come of it.
Reply RunReply(const json& run, bool waiting) {
  Reply reply = JsonReply(waiting ? 202 : 200, run);
  if (waiting) reply.headers.emplace_back("Retry-After", "1");
  return reply;
}

// The rule of what is shown to a person, and to nobody else.
constexpr std::string_view kPreview = "preview";

// Beside the arguments in the queue; no input is called so.
constexpr const char* kTool = "$tool";
constexpr const char* kOperation = "$operation";
constexpr const char* kConnector = "$connector";

struct Kept {
  Operations::Asked asked;
  std::string connector;  // its digest
};

// What the queue keeps of a call, with what a person changed.
Kept TakeApart(const approval::Approval& approval) {
  Kept kept{.asked = {.session = approval.question.session, .key = approval.question.call}};
  json arguments = json::parse(approval.question.arguments, nullptr, false);
  if (!arguments.is_object()) return kept;
  for (const auto& [name, text] :
       {std::pair(kTool, &kept.asked.tool), std::pair(kOperation, &kept.asked.operation),
        std::pair(kConnector, &kept.connector)}) {
    *text = arguments.value(name, std::string());
    arguments.erase(name);
  }
  kept.asked.arguments = std::move(arguments);
  return kept;
}

}  // namespace

Operations::Operations(net::Loop& loop, Approvals& approvals, Connectors& connectors,
                       Sessions& sessions)
    : loop_(loop), approvals_(approvals), connectors_(connectors), sessions_(sessions) {
  approvals_.set_on_approved([this](const std::string& id) { RunApproved(id); });
}

json Operations::ToJson(const approval::Approval& approval) {
  const Kept kept = TakeApart(approval);
  json run = {{"id", approval.id},
              {"state", approval::StateName(approval.state)},
              {"tool", kept.asked.tool},
              {"operation", kept.asked.operation},
              {"title", approval.question.title},
              {"reason", approval.reason}};
  if (approval.outcome) run["outcome"] = daemon::ToJson(*approval.outcome);
  return run;
}

Result<Operations::Plan> Operations::MakePlan(Asked asked) {
  AILERON_ASSIGN(const Connectors::Tool tool, connectors_.FindTool(asked.tool));
  const std::vector<std::string> words = {asked.operation};
  AILERON_ASSIGN(const connector::Chosen chosen,
                 connector::ChooseOperation(tool.connector->spec, *tool.tool, words));
  AILERON_TRY(connector::CheckArguments(*chosen.operation, asked.arguments));
  // What cannot stand in its place is a mistake of the caller's, before anybody is asked.
  AILERON_TRY(connector::BuildCall(*chosen.operation, asked.arguments, asked.key));
  // What is sent without being given is shown as well.
  for (const connector::Input& input : chosen.operation->inputs) {
    if (!input.default_value.is_null() && !asked.arguments.contains(input.name)) {
      asked.arguments[input.name] = input.default_value;
    }
  }
  Plan plan{.connector = tool.connector, .operation = chosen.operation, .asked = std::move(asked)};
  plan.call = DigestOf(plan);
  return plan;
}

void Operations::Run(Asked asked, const Responder& responder) {
  const auto plan = MakePlan(std::move(asked));
  if (!plan) {
    const bool missing = plan.error().code == Code::kNotFound;
    return responder.Send(
        Problem(Refusal{missing ? 404 : 400, missing ? "unknown_operation" : "invalid_arguments",
                        plan.error().message, "see --help of the tool"}));
  }
  if (IsOther(*plan, Key(plan->asked.session, plan->asked.key))) {
    return responder.Send(Problem(KeyInUse()));
  }
  if (plan->operation->approval == connector::Approval::kAsk) return AskPerson(*plan, responder);
  RunAtOnce(*plan, responder);
}

// --- what nobody is asked about

crypto::Digest Operations::DigestOf(const Plan& plan) {
  return crypto::Hash(fmt::format("{} {} {}", plan.asked.tool, plan.operation->name,
                                  JsonText(plan.asked.arguments)));
}

bool Operations::IsOther(const Plan& plan, const Key& key) const {
  if (const auto flying = flights_.find(key); flying != flights_.end()) {
    return flying->second.call != plan.call;
  }
  const Landed::Call* landed = landed_.Find(key);
  return landed != nullptr && landed->digest != plan.call;
}

bool Operations::HasRoom(const std::string& session) const {
  return flights_.size() < limits::kFlightsInAll && FlightsOf(session) < limits::kFlights;
}

std::size_t Operations::FlightsOf(const std::string& session) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(flights_, [&](const auto& one) { return one.first.first == session; }));
}

void Operations::RunAtOnce(const Plan& plan, const Responder& responder) {
  const Key key(plan.asked.session, plan.asked.key);
  const json begun = {{"id", ""},
                      {"tool", plan.asked.tool},
                      {"operation", plan.operation->name},
                      {"title", connector::Describe(*plan.operation, plan.asked.arguments)},
                      {"reason", ""}};
  // Whoever waits is told once: by the answer, or when its time is over.
  const auto late = std::make_shared<net::Timer>(loop_, [begun, responder] {
    json run = begun;
    run["state"] = "running";
    responder.Send(RunReply(run, true));
  });
  // Who waits for no person waits for the site.
  late->Set(plan.asked.wait > Duration::zero() ? plan.asked.wait : limits::kSiteWait);
  const auto answer = [begun, responder, late](const Outcome& outcome) {
    json run = begun;
    run["state"] = outcome.end == Outcome::End::kSucceeded ? "succeeded" : "failed";
    run["outcome"] = daemon::ToJson(outcome);
    responder.Send(RunReply(run, false));
  };
  if (const auto flying = flights_.find(key); flying != flights_.end()) {
    if (flying->second.done.size() >= limits::kJoined) {
      return responder.Send(
          Problem(Refusal{429, "too_many_waiting", "too many wait for this call already",
                          "wait with one of them"}));
    }
    flying->second.done.emplace_back(answer);
    return;
  }
  if (const Landed::Call* landed = landed_.Find(key)) return answer(landed->outcome);
  if (stopped_) {
    return responder.Send(Problem(Refusal{503, "daemon_draining",
                                          "the daemon is about to stop, and begins nothing new",
                                          "try again in a moment"}));
  }
  Send(plan, key, answer);
}

void Operations::Send(const Plan& plan, const Key& key, std::function<void(const Outcome&)> done) {
  if (flights_.contains(key)) {
    return done(Failed("key_in_use", "another call with the same key is on its way"));
  }
  if (!HasRoom(key.first)) {
    return done(Failed("too_many_operations",
                       fmt::format("{} operations run already, {} of them of this session. Try "
                                   "again when some have ended",
                                   flights_.size(), FlightsOf(key.first))));
  }
  auto call = connector::BuildCall(*plan.operation, plan.asked.arguments, plan.asked.key);
  if (!call) return done(Failed("invalid_arguments", call.error().message));
  fetch::Request request{.url = {.host = call->host, .port = call->port},
                         .method = call->method,
                         .target = call->target,
                         .headers = call->headers,
                         .body = Secret(call->body),
                         .timeout = limits::kOperationWait,
                         .body_max = approval::limits::kBodyMax};
  if (!call->content_type.empty()) request.headers.emplace_back("Content-Type", call->content_type);
  Flight& flying = flights_[key];
  flying.call = plan.call;
  flying.rule = plan.rule;
  flying.done.push_back(std::move(done));
  auto fetch = sessions_.Send(
      plan.asked.session, std::move(request),
      {.rule = fmt::format("operation {}", Name(*plan.connector, *plan.operation)),
       .credential = plan.operation->credential,
       .confirmed = plan.confirmed},
      [this, key](const Result<fetch::Response>& response) { Land(key, OutcomeOf(response)); });
  if (!fetch) return Land(key, OutcomeOf(std::unexpected(std::move(fetch.error()))));
  flying.fetch = std::move(*fetch);
}

void Operations::Land(const Key& key, const Outcome& outcome) {
  auto landing = flights_.extract(key);
  Keep(key, landing.mapped(), outcome);
  for (const auto& done : landing.mapped().done) done(outcome);
  // What called is a member of it.
  loop_.Post([this, alive = std::weak_ptr(alive_),
              last = std::make_shared<Flight>(std::move(landing.mapped()))] {
    if (!alive.expired()) BeginHeldBack();
  });
  if (on_landed_) on_landed_();
}

void Operations::BeginHeldBack() {
  for (std::size_t left = held_back_.size(); left > 0; --left) {
    if (flights_.size() >= limits::kFlightsInAll) return;
    const std::string id = std::move(held_back_.front());
    held_back_.pop_front();
    RunApproved(id);
  }
}

// A client that lost the answer asks again with its key. What is in the queue is found there.
void Operations::Keep(const Key& key, const Flight& flight, const Outcome& outcome) {
  landed_.Forget([&](const std::string& session) { return !sessions_.Running(session); });
  if (!sessions_.Running(key.first) || flight.rule == kPreview) return;
  landed_.Keep(key, {.digest = flight.call, .outcome = flight.rule.empty() ? outcome : Outcome()});
}

std::size_t Operations::EndAll(const std::function<bool(const Flight&)>& which,
                               const Outcome& outcome) {
  std::vector<Key> ended;
  for (const auto& [key, flight] : flights_) {
    if (which(flight)) ended.push_back(key);
  }
  for (const Key& key : ended) {
    flights_.at(key).fetch.reset();  // or it might land once more
    Land(key, outcome);
  }
  return ended.size();
}

std::size_t Operations::Cut(std::string_view rule) {
  return EndAll([&](const Flight& flight) { return flight.rule == rule; },
                Failed("grant_revoked",
                       "the answer that allowed it was taken back while it ran: it may have "
                       "happened or not"));
}

void Operations::Interrupt() {
  stopped_ = true;
  EndAll([](const Flight&) { return true; },
         Failed(std::string(approval::kCodeInterrupted),
                "the daemon was stopped while this ran: it may have happened or not. Look before "
                "you ask again"));
}

// --- what a person is asked about

approval::Question Operations::QuestionOn(const Plan& plan) const {
  const connector::Operation& operation = *plan.operation;
  const auto session = sessions_.Get(plan.asked.session);
  approval::Question question = QuestionOf(
      session.value_or(session::Session{.id = plan.asked.session}), approval::Subject::kOperation);
  if (const LiveSession* live = sessions_.Find(plan.asked.session)) {
    ShortenLife(question, live->approvals());
  }
  // A grant is for this operation as it is described now.
  question.key = fmt::format("operation {} ({} {})", Name(*plan.connector, operation),
                             plan.connector->spec.version,
                             std::string_view(plan.connector->digest).substr(0, 12));
  question.title = connector::Describe(operation, plan.asked.arguments);
  question.credential = operation.credential;
  question.editable = operation.editable;
  const json shown = connector::MaskedArguments(operation, plan.asked.arguments);
  for (const auto& [name, value] : shown.items()) {
    question.fields.push_back(
        {name, value.is_string() ? value.get<std::string>() : JsonText(value)});
  }
  if (!operation.headers.empty()) {
    // No input is called so. Within their limits, since a spec's author chose them.
    std::string headers;
    for (const auto& [name, value] : operation.headers) {
      headers += fmt::format("{}{}: {}", headers.empty() ? "" : ", ", name, value);
    }
    question.fields.push_back({"fixed headers", std::move(headers)});
  }
  question.opens = fmt::format(
      "one call: {} https://{}{}{}", operation.method, operation.hosts.front(), operation.path,
      operation.credential.empty() ? std::string()
                                   : fmt::format(", with the credential {}", operation.credential));
  json kept = plan.asked.arguments;
  kept[kTool] = plan.asked.tool;
  kept[kOperation] = operation.name;
  kept[kConnector] = plan.connector->digest;
  question.arguments = JsonText(kept);
  question.call = plan.asked.key;
  return question;
}

void Operations::DenyUnasked(const Plan& plan, const Responder& responder) {
  const Refusal refusal{403, "approval_denied",
                        fmt::format("{} needs a person's yes, and nobody is asked in this session",
                                    plan.operation->name),
                        "launch without --unattended"};
  sessions_.TellDenied(plan.asked.session,
                       {.kind = approval::Subject::kOperation,
                        .title = connector::Describe(*plan.operation, plan.asked.arguments),
                        .operation = Name(*plan.connector, *plan.operation),
                        .code = refusal.code,
                        .hint = refusal.hint});
  responder.Send(Problem(refusal));
}

void Operations::AskPerson(const Plan& plan, const Responder& responder) {
  const auto* live = sessions_.Find(plan.asked.session);
  if (live != nullptr && live->request().unattended) return DenyUnasked(plan, responder);
  const approval::Question question = QuestionOn(plan);
  const auto before = approvals_.queue().FindCall(question, Now());
  if (!before) return responder.Send(Problem(before.error()));
  if (*before) {
    if (!(*before)->same) return responder.Send(Problem(KeyInUse()));
    return Show(plan.asked.session, (*before)->approval, plan.asked.wait, responder);
  }
  const auto asked = approvals_.queue().Ask(question, Now());
  if (!asked) return responder.Send(Problem(asked.error()));
  switch (asked->kind) {
    case approval::Asked::Kind::kGranted:
      // Nobody has to be waited for but the site.
      return Show(plan.asked.session, asked->approval, limits::kApiWait, responder);
    case approval::Asked::Kind::kDenied:
      return responder.Send(Problem(Refusal{403, "approval_denied", asked->message, ""}));
    case approval::Asked::Kind::kFull:
      return responder.Send(
          Problem(Refusal{429, std::string(asked->code), asked->message, "try again later"}));
    case approval::Asked::Kind::kPending:
      break;
  }
  if (!asked->joined) AddPreview(plan, asked->approval);
  Show(plan.asked.session, asked->approval, plan.asked.wait, responder);
}

Result<Operations::Plan> Operations::PlanOf(const approval::Approval& approval) {
  if (approval.question.subject != approval::Subject::kOperation) {
    return Fail(Code::kNotFound, "it is about no operation");
  }
  Kept kept = TakeApart(approval);
  AILERON_ASSIGN(Plan plan, MakePlan(std::move(kept.asked)));
  if (plan.connector->digest != kept.connector) {
    return Fail(Code::kNotFound, "its connector was replaced after it was asked");
  }
  return plan;
}

json Operations::EditableInputs(const approval::Approval& approval) {
  json inputs = json::array();
  if (approval.state != State::kPending || approval.question.editable.empty()) return inputs;
  const auto plan = PlanOf(approval);
  if (!plan) return inputs;
  for (const std::string& name : plan->operation->editable) {
    const connector::Input* input = plan->operation->Find(name);
    if (input == nullptr) continue;
    json shown = {{"name", name},
                  {"type", connector::WordOf(connector::kTypeWords, input->type)},
                  {"required", input->required},
                  {"allowed", input->allowed}};
    if (input->type == connector::Type::kArray) {
      shown["items"] = connector::WordOf(connector::kTypeWords, input->items);
    }
    const auto value = plan->asked.arguments.find(name);
    shown["value"] = value == plan->asked.arguments.end() ? json() : *value;
    inputs.push_back(std::move(shown));
  }
  return inputs;
}

Status Operations::CheckEdits(const approval::Approval& approval, const json& edits) {
  AILERON_ASSIGN(const Plan plan, PlanOf(approval));
  AILERON_ASSIGN(const json changed,
                 connector::EditedArguments(*plan.operation, plan.asked.arguments, edits));
  AILERON_TRY(connector::BuildCall(*plan.operation, changed, plan.asked.key));
  return {};
}

// Runs beside the question; a person who is faster decides without it.
void Operations::AddPreview(const Plan& plan, const std::string& id) {
  if (!plan.operation->preview || stopped_) return;
  const connector::Operation* shown = plan.connector->spec.Find(plan.operation->preview->operation);
  if (shown == nullptr) return;
  Plan preview{.connector = plan.connector, .operation = shown, .asked = plan.asked};
  preview.asked.arguments = connector::PreviewArguments(*plan.operation, plan.asked.arguments);
  preview.asked.key.clear();
  preview.call = DigestOf(preview);
  preview.rule = kPreview;
  Send(preview, Key(plan.asked.session, fmt::format("preview of {}", id)),
       [this, id](const Outcome& outcome) {
         const std::string text = outcome.body.empty() ? outcome.message : outcome.body;
         if (auto set = approvals_.queue().SetPreview(id, text, Now()); !set) {
           LogInfo("the preview of {} came late: {}", id, set.error().message);
         }
       });
}

void Operations::RunApproved(const std::string& id) {
  const auto approval = approvals_.queue().Get(id);
  if (!approval || approval->state != State::kApproved ||
      approval->question.subject != approval::Subject::kOperation) {
    return;
  }
  if (!sessions_.Running(approval->question.session)) return;  // until its launcher is there
  if (stopped_) return;                                        // until there is another daemon
  if (!HasRoom(approval->question.session)) return held_back_.push_back(id);
  Kept kept = TakeApart(*approval);
  auto plan = MakePlan(std::move(kept.asked));
  if (const auto begun = approvals_.queue().Begin(id, Now()); !begun) {
    LogError("cannot begin operation {}: {}", id, begun.error().message);
    return;
  }
  const auto finish = [this, id](const Outcome& outcome) {
    if (auto finished = approvals_.queue().Finish(id, outcome, Now()); !finished) {
      LogError("cannot keep the result of {}: {}", id, finished.error().message);
    }
  };
  if (!plan) return finish(Failed("unknown_operation", plan.error().message));
  // What ran is what was shown: the connector must be the one that it was shown from.
  if (kept.connector != plan->connector->digest) {
    return finish(Failed("connector_changed", "its connector was replaced after it was asked"));
  }
  plan->rule = RuleOf(*approval);
  plan->confirmed = true;
  Send(*plan, Key(plan->asked.session, plan->asked.key), finish);
}

void Operations::Resume(const std::string& session) {
  const auto approved = approvals_.queue().List({.states = {State::kApproved},
                                                 .session = session,
                                                 .subject = approval::Subject::kOperation,
                                                 .limit = approval::limits::kListMax});
  if (!approved) return;
  for (const approval::Approval& one : *approved) RunApproved(one.id);
}

void Operations::Show(const std::string& session, const std::string& id, Duration wait,
                      const Responder& responder) {
  const auto known = approvals_.queue().Get(id);
  // Another session's id is as good as none.
  if (!known || known->question.session != session) {
    return responder.Send(
        Problem(Refusal{404, "not_found", fmt::format("there is no run {}", Printable(id)), ""}));
  }
  approvals_.Await(id, wait, [responder](const Result<approval::Approval>& found) {
    if (!found) return responder.Send(Problem(found.error()));
    responder.Send(RunReply(ToJson(*found), IsWaiting(found->state)));
  });
}

}  // namespace aileron::daemon
