// BrowserGate: what a request from a browser must be like. Every web site that a person visits can
// make the browser send requests to this machine, and every other server on its loopback gets the
// same cookies; so besides the cookie of a sign-in:
//
//   the connection    of a process of the daemon's own user
//   Host              127.0.0.1:PORT or localhost:PORT, to the letter (a name that was bound to
//   this
//                     address is another one)
//   Origin            our own, where the browser sends one; and it must, with what changes
//   something Sec-Fetch-Site    same-origin or none, where the browser sends it: no other page, not
//   even one
//                     from another port
//   Aileron-Request   there, with what changes something: no form and no foreign script can add it
//
// Answers allow no other origin to read them, nothing to frame them and no script but what a later
// console brings.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/browser_passes.h"
#include "daemon/gate.h"

namespace aileron::daemon {

inline constexpr std::string_view kBrowserPage = "/";
inline constexpr std::string_view kBrowserEnter = "/v1/browser/enter/";
inline constexpr std::string_view kBrowserRequestField = "Aileron-Request";

class BrowserGate final : public Gate {
 public:
  explicit BrowserGate(BrowserPasses& passes);

  // The port that is listened on from now on.
  void set_port(std::uint16_t port);
  // "aileron-PORT": the servers of other ports write to the same jar.
  const std::string& cookie_name() const { return cookie_name_; }

  Status Admit(int socket) override;
  // What is asked for with a cookie is asked by the surface "browser". Without one only the page
  // and the links are to be had.
  std::optional<Refusal> Check(const http::RequestHead& head, Request& request) override;
  const Fields& answer_fields() const override { return fields_; }

 private:
  bool HasCookie(const http::RequestHead& head) const;

  BrowserPasses& passes_;
  std::string hosts_[2];
  std::string cookie_name_;
  Fields fields_;
};

}  // namespace aileron::daemon
