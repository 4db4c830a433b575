// FakeDaemon: for tests of this room. Accepts connections on a unix socket in a folder of its own
// and answers each request with the bytes that the test prepared.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "os/fd.h"
#include "os/paths.h"

namespace aileron::control {

struct Heard {
  std::string head;  // to the empty line
  std::string body;
  std::vector<os::Fd> descriptors;
};

class FakeDaemon {
 public:
  // Given the request, writes whatever it likes to the connection; returns false to close it.
  using Answer = std::function<bool(const Heard& request, int connection)>;

  explicit FakeDaemon(Answer answer);
  ~FakeDaemon();

  const os::Paths& paths() const { return paths_; }
  // Requests heard so far; read after the call that caused them.
  const std::vector<Heard>& heard() const { return heard_; }

 private:
  void Serve();
  bool ServeOne(int connection);

  os::Paths paths_;
  os::Fd listener_;
  Answer answer_;
  std::vector<Heard> heard_;
  std::jthread thread_;
};

// A folder under the test's temporary folder that nobody else has.
std::string FreshFolder();

// A whole answer with Content-Length.
std::string Answered(int status, std::string_view type, std::string_view body);

}  // namespace aileron::control
