// Policy files: whatever the text, it is refused with its place, or compiles; and whatever a
// project's file says, an untrusted one opens nothing that its user denies, nor changes what is
// allowed into anything weaker.
#include "fuzz/pieces.h"
#include "policy/document_yaml.h"
#include "policy/evaluator.h"
#include "policy/warnings.h"
#include "policy/widening.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::policy;

namespace {

int Strength(std::string_view verdict) { return verdict == "allow" ? 0 : verdict == "ask" ? 1 : 2; }

// The hosts that the text itself names, and some that it may mean.
std::vector<Request> Requests(const Document& project) {
  std::vector<Request> requests = {ParseRequest("GET https://registry.npmjs.org/x").value(),
                                   ParseRequest("DELETE http://a.example/b").value()};
  for (const Rule& rule : project.sections.hosts) {
    if (auto request = ParseRequest("POST https://" + rule.pattern + "/x")) {
      requests.push_back(*std::move(request));
    }
  }
  for (const RequestRule& rule : project.sections.requests) {
    if (auto request = ParseRequest("GET https://" + rule.host.ToString() + "/a/b")) {
      requests.push_back(*std::move(request));
    }
  }
  return requests;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText(data, size);
  for (const Layer layer : {Layer::kBuiltin, Layer::kUser}) {
    auto document = ParseDocument(text, "policy.yaml", layer);
    if (!document) Expect(document.error().message.starts_with("policy.yaml"));
  }
  auto project = ParseDocument(text, "aileron.yaml", Layer::kProject);
  if (!project) {
    Expect(project.error().message.starts_with("aileron.yaml"));
    return 0;
  }
  auto user = ParseDocument(
      "version: 1\nprofile: locked\nnetwork:\n  - {host: a.example, action: deny}\n"
      "  - {host: '*.b.example', method: GET, action: allow}\n",
      "policy.yaml", Layer::kUser);
  Layers layers{.user = *user, .project = {{*project}}};
  (void)Warnings(layers);
  Expect(Widenings(layers).has_value());
  const auto narrowed = Evaluator::Compile(layers);
  const auto trusted = [&] {
    Layers all = layers;
    all.project.front().trust = Trust::kTrusted;
    return Evaluator::Compile(all);
  }();
  if (!narrowed) return 0;
  layers.project.clear();
  const auto alone = Evaluator::Compile(layers);
  for (const Request& request : Requests(*project)) {
    const int before = Strength(alone->OnRequest(request).verdict);
    Expect(Strength(narrowed->OnRequest(request).verdict) >= before);
    if (trusted && request.host == "a.example") {
      Expect(trusted->OnRequest(request).verdict == "deny");
    }
  }
  return 0;
}
