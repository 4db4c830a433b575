// Questions: what a person is asked for a worker, as the approval room keeps it. Pure.
//
//   host         every request to a host, with what is bound to it
//   http_request one request, with its body: what was shown is what is sent
//   credential   the first use of a credential whose binding says "approval: first-use"
//
// The key says what a remembered yes covers: the host; the method and path of a request, whatever
// its body; the credential at one host. It names the credentials that the question named, so that a
// yes from before one was bound does not cover it, and the program that a rule asks about, where it
// surely is that one: a yes to a program is none to whom nobody can tell from it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "approval/approval.h"
#include "proxy/permit.h"
#include "session/session.h"
#include "vault/binding.h"

namespace aileron::daemon {

struct About {
  approval::Subject subject = approval::Subject::kHost;
  std::string host;  // as ParseHost spells it
  std::uint16_t port = 0;
  std::vector<vault::Binding> bindings;  // whose credentials would be used
  proxy::AskRequest request;             // of http_request
  std::string rule;                      // that asks for it
  std::string by;                        // the only program that the rule is about; empty: all
  bool by_unsure = false;                // whether it is that program's cannot be told
  std::string method, path;              // of credential: the request that wants it

  // What a remembered answer covers.
  std::string Key() const;
  // Beside the key, what makes two of them one question.
  const std::string& Same() const { return request.same; }
  // For refusals: "api.example.com:443", "POST https://api.example.com/items", …
  std::string What() const;
};

// Of that session.
approval::Question QuestionOn(const session::Session& session, const About& about);

// "https://HOST[:PORT]PATH".
std::string UrlOf(proxy::Scheme scheme, const std::string& host, std::uint16_t port,
                  std::string_view path);

}  // namespace aileron::daemon
