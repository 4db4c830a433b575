// questions: asks the resolver of the sandbox it runs in, and counts the answers.
//
// questions SECONDS NAMES OUTSTANDING: A questions for names that repeat after NAMES, over UDP to
// 127.0.0.1:53, so many at a time. An answer counts when it is for a question that waits, says "no
// error" and holds a record. One JSON object on standard output; the exit status is 1 when a
// question was not answered within a second.

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

// A header (identifier, recursion desired, one question), the name's labels, type A, class IN.
std::string Question(std::uint16_t id, int number) {
  std::string packet{static_cast<char>(id >> 8), static_cast<char>(id & 0xff)};
  packet += std::string("\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 10);
  for (const std::string& label : {"n" + std::to_string(number), std::string("example")}) {
    packet += static_cast<char>(label.size());
    packet += label;
  }
  return packet + std::string("\x00\x00\x01\x00\x01", 5);
}

[[noreturn]] void Die(const char* why) {
  std::fprintf(stderr, "questions: %s\n", why);
  std::exit(1);
}

class Asker {
 public:
  explicit Asker(int names) : names_(names), socket_(socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(53);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      Die("there is no resolver");
    }
  }

  void Ask() {
    const auto id = static_cast<std::uint16_t>(asked_);
    const std::string packet = Question(id, static_cast<int>(asked_ % names_));
    asked_at_[id] = Clock::now();
    ++asked_;
    if (send(socket_, packet.data(), packet.size(), 0) < 0) Die("cannot send");
  }

  // Waits for one answer and checks it.
  void Hear() {
    pollfd waiting{socket_, POLLIN, 0};
    if (poll(&waiting, 1, 1000) != 1) Die("a question was not answered");
    std::array<unsigned char, 1500> answer{};
    if (recv(socket_, answer.data(), answer.size(), 0) < 12) Die("an answer is too short");
    const auto id = static_cast<std::uint16_t>(answer[0] << 8 | answer[1]);
    if (asked_at_[id] == Clock::time_point{}) Die("an answer to no question");
    if ((answer[3] & 0x0f) != 0 || answer[7] == 0) Die("an answer without an address");
    took_us_.push_back(
        std::chrono::duration<double, std::micro>(Clock::now() - asked_at_[id]).count());
    asked_at_[id] = {};
  }

  std::vector<double>& took_us() { return took_us_; }

 private:
  std::uint64_t names_;
  int socket_;
  std::uint64_t asked_ = 0;
  std::array<Clock::time_point, 65536> asked_at_{};
  std::vector<double> took_us_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) Die("usage: questions SECONDS NAMES OUTSTANDING");
  const std::chrono::duration<double> length(std::atof(argv[1]));
  static Asker asker(std::atoi(argv[2]));
  const auto began = Clock::now();
  for (int i = 0; i < std::atoi(argv[3]); ++i) asker.Ask();
  while (Clock::now() - began < length) {
    asker.Hear();
    asker.Ask();
  }
  const std::chrono::duration<double> took = Clock::now() - began;
  auto& times = asker.took_us();
  std::sort(times.begin(), times.end());
  std::printf("{\"per_s\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n",
              static_cast<double>(times.size()) / took.count(), times[times.size() / 2],
              times[times.size() * 99 / 100]);
}
