#include "sandbox/channel.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "os/socket.h"

namespace aileron::sandbox {
namespace {

TEST(Channel, EveryMessageArrivesAsItWasSent) {
  auto ends = os::SocketPair(SOCK_SEQPACKET).value();
  const auto pass = [&](const Message& message) {
    EXPECT_TRUE(Send(ends.first.get(), message));
    return Receive(ends.second.get()).value().message;
  };
  EXPECT_TRUE(std::holds_alternative<Go>(pass(Go{})));
  EXPECT_TRUE(std::holds_alternative<Listeners>(pass(Listeners{})));
  EXPECT_TRUE(std::holds_alternative<Covered>(pass(Covered{})));
  EXPECT_TRUE(std::holds_alternative<Terminal>(pass(Terminal{})));
  EXPECT_TRUE(std::holds_alternative<Started>(pass(Started{})));
  EXPECT_TRUE(std::holds_alternative<StepsDone>(pass(StepsDone{})));
  EXPECT_EQ(std::get<Signal>(pass(Signal{15})).number, 15);
  const auto failed = std::get<Failed>(pass(Failed{127, {Code::kNotFound, "no such thing"}}));
  EXPECT_EQ(failed.exit_code, 127);
  EXPECT_EQ(failed.error.code, Code::kNotFound);
  EXPECT_EQ(failed.error.message, "no such thing");
  const auto files = std::get<Files>(pass(Files{{{"token", std::string("a\0b", 3)}},
                                                {{"github", "issues"}},
                                                {{"/home/a/.netrc", "x"}},
                                                {{ListenerKind::kCaptured, 8443}},
                                                "/opt/jdk"}));
  EXPECT_EQ(files.java_home, "/opt/jdk");
  EXPECT_EQ(files.agent_files.at(0).name, "/home/a/.netrc");
  EXPECT_EQ(files.tools, (Tools{{"github", "issues"}}));
  ASSERT_EQ(files.listeners.size(), 1u);
  EXPECT_EQ(files.listeners[0].kind, ListenerKind::kCaptured);
  EXPECT_EQ(files.listeners[0].port, 8443);
  ASSERT_EQ(files.files.size(), 1u);
  EXPECT_EQ(files.files[0].bytes, std::string("a\0b", 3));
  const auto program = std::get<Program>(
      pass(Program{{"sh", "-c", ""},
                   {"A=b"},
                   "/w",
                   5,
                   {.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0},
                   {Nesting::kAllowed, Commands::kMediated, 7, {"/w"}, {"/h", "/i"}, {"/"}, 9},
                   {{"git", "example.com/a", true}, {"b", "", false}},
                   {{{"one", {"a", ""}}}, {{"two", {"b"}}, {"three", {"c"}}}},
                   {{.name = "web",
                     .command = {"serve"},
                     .environment = {"A=b"},
                     .folder = "/w",
                     .ports = {80}}}}));
  EXPECT_EQ(program.command, (std::vector<std::string>{"sh", "-c", ""}));
  EXPECT_EQ(program.terminals, 5u);
  EXPECT_EQ(program.terminal_size.ws_row, 24);
  EXPECT_EQ(program.terminal_size.ws_col, 80);
  EXPECT_EQ(program.confinement.nesting, Nesting::kAllowed);
  EXPECT_EQ(program.confinement.landlock, 7u);
  EXPECT_EQ(program.confinement.writable, (std::vector<std::string>{"/w"}));
  EXPECT_EQ(program.confinement.hidden, (std::vector<std::string>{"/h", "/i"}));
  EXPECT_EQ(program.confinement.read_only, (std::vector<std::string>{"/"}));
  EXPECT_EQ(program.confinement.closed_port, 9);
  ASSERT_EQ(program.tools.size(), 2u);
  EXPECT_EQ(program.tools[0].name, "git");
  EXPECT_EQ(program.tools[0].connector, "example.com/a");
  EXPECT_TRUE(program.tools[0].overrides);
  EXPECT_FALSE(program.tools[1].overrides);
  ASSERT_EQ(program.steps.size(), 2u);
  EXPECT_EQ(program.steps[0].at(0).command, (std::vector<std::string>{"a", ""}));
  EXPECT_EQ(program.steps[1].at(1).what, "three");
  ASSERT_EQ(program.services.size(), 1u);
  EXPECT_EQ(program.services[0].name, "web");
  EXPECT_EQ(program.services[0].ports, (std::vector<std::uint16_t>{80}));
}

TEST(Channel, MessagesAboutServicesArriveAndAreChecked) {
  const auto pass = [](const Message& message) { return Decode(Encode(message)); };
  const auto connect = std::get<Connect>(pass(Connect{7, 3000}).value());
  EXPECT_EQ(connect.id, 7u);
  EXPECT_EQ(connect.port, 3000);
  EXPECT_EQ(std::get<Connected>(pass(Connected{8}).value()).id, 8u);
  EXPECT_EQ(std::get<Publish>(pass(Publish{"web", 80}).value()).name, "web");
  EXPECT_EQ(std::get<Published>(pass(Published{{80, "127.0.0.1:80", "no"}}).value()).port.refusal,
            "no");
  EXPECT_EQ(
      std::get<ServiceReports>(pass(ServiceReports{{{.name = "web"}}}).value()).reports.at(0).name,
      "web");
  EXPECT_FALSE(pass(Connect{7, 0}));
  EXPECT_FALSE(pass(Publish{"a b", 80}));
  EXPECT_FALSE(pass(Publish{"web", 0}));
  EXPECT_FALSE(pass(ServiceReports{{{.name = "a\x1b"}}}));
}

TEST(Channel, CoversArriveHoweverManyTheyAre) {
  auto ends = os::SocketPair(SOCK_SEQPACKET).value();
  const std::string large(kMessageMax, '\0');
  ASSERT_TRUE(SendCovers(ends.first.get(), {{"/w", ".vscode", CoverKind::kReadOnly, ""},
                                            {"/w", ".git/config", CoverKind::kCopy, large}}));
  const auto covers = ReadCovers(Receive(ends.second.get()).value()).value();
  ASSERT_EQ(covers.size(), 2u);
  EXPECT_EQ(covers[0].root, "/w");
  EXPECT_EQ(covers[0].path, ".vscode");
  EXPECT_EQ(covers[0].kind, CoverKind::kReadOnly);
  EXPECT_EQ(covers[1].kind, CoverKind::kCopy);
  EXPECT_EQ(covers[1].bytes, large);
}

TEST(Channel, CoversWithoutTheirFileOrCutShortAreRefused) {
  auto ends = os::SocketPair(SOCK_SEQPACKET).value();
  ASSERT_TRUE(Send(ends.first.get(), Covers{}));
  EXPECT_EQ(ReadCovers(Receive(ends.second.get()).value()).error().code, Code::kInvalid);
  const os::Fd cut = os::MemoryFileHolding(std::string_view("\1\0\0\0\1", 5)).value();
  const int number = cut.get();
  ASSERT_TRUE(Send(ends.first.get(), Covers{}, {&number, 1}));
  EXPECT_EQ(ReadCovers(Receive(ends.second.get()).value()).error().code, Code::kInvalid);
}

TEST(Channel, AMessageThatIsCutOrUnknownIsRefused) {
  const std::string bytes = Encode(Program{{"sh"}, {"A=b"}, "/w", 1, {}, {}, {{"t", "c", true}}});
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(Decode(bytes.substr(0, size))) << size;
  EXPECT_FALSE(Decode("\x63"));
  EXPECT_FALSE(Decode(bytes + "x"));
}

TEST(Channel, TheEndIsNotAMessage) {
  auto ends = os::SocketPair(SOCK_SEQPACKET).value();
  ends.first.Reset();
  EXPECT_EQ(Receive(ends.second.get()).error().code, Code::kNotFound);
}

TEST(Channel, ACommandLineTooLargeIsRefusedBeforeItIsSent) {
  auto ends = os::SocketPair(SOCK_SEQPACKET).value();
  const auto sent =
      Send(ends.first.get(), Program{{std::string(kMessageMax, 'x')}, {}, "/", 0, {}, {}});
  EXPECT_EQ(sent.error().code, Code::kInvalid);
}

TEST(Channel, OrdersForAContainerArriveAsTheyWereSent) {
  auto ends = os::SocketPair(SOCK_SEQPACKET).value();
  Enter orders;
  orders.spec = {.workspace = "/w",
                 .layers = {"/l/0", "/l/1"},
                 .in_container = true,
                 .hidden = {},
                 .mounts = {}};
  orders.spec.volumes = {{.source = "/s", .target = "/v", .access = Access::kReadOnly}};
  orders.spec.hostname = "h";
  orders.spec.shm_bytes = 9;
  orders.spec.nesting = Nesting::kAllowed;
  orders.spec.listeners = {{ListenerKind::kCaptured, 443}};
  orders.identity = {7, 8, "a", "/home/a", {{7, 0}}, {{8, 0}, {9, 10, 11}}, true};
  orders.trees = {
      {"/s", "/t", Access::kReadWrite, Links::kRefused, 5, false, true, "/c", 1u << 20, 77}};
  ASSERT_TRUE(Send(ends.first.get(), orders));
  const auto enter = std::get<Enter>(Receive(ends.second.get()).value().message);
  EXPECT_TRUE(enter.spec.in_container && enter.spec.of_image());
  EXPECT_EQ(enter.spec.layers, (std::vector<std::string>{"/l/0", "/l/1"}));
  ASSERT_EQ(enter.spec.volumes.size(), 1u);
  EXPECT_EQ(enter.spec.volumes[0].target, "/v");
  EXPECT_EQ(enter.spec.volumes[0].access, Access::kReadOnly);
  EXPECT_EQ(enter.spec.hostname, "h");
  EXPECT_EQ(enter.spec.shm_bytes, 9u);
  EXPECT_EQ(enter.spec.nesting, Nesting::kAllowed);
  EXPECT_EQ(enter.spec.listeners.at(0).port, 443);
  EXPECT_EQ(enter.identity.uid, 7u);
  EXPECT_EQ(enter.identity.gid, 8u);
  EXPECT_EQ(enter.identity.name, "a");
  EXPECT_EQ(enter.identity.home, "/home/a");
  EXPECT_EQ(enter.identity.uids.at(0).inside, 7u);
  EXPECT_EQ(enter.identity.gids.at(1).count, 11u);
  EXPECT_TRUE(enter.identity.mapped);
  ASSERT_EQ(enter.trees.size(), 1u);
  const Enter::Tree& tree = enter.trees[0];
  EXPECT_EQ(tree.source, "/s");
  EXPECT_EQ(tree.target, "/t");
  EXPECT_EQ(tree.access, Access::kReadWrite);
  EXPECT_EQ(tree.links, Links::kRefused);
  EXPECT_EQ(tree.bytes, 5u);
  EXPECT_FALSE(tree.folder);
  EXPECT_TRUE(tree.detached);
  EXPECT_EQ(tree.changes, "/c");
  EXPECT_EQ(tree.device, 1u << 20);
  EXPECT_EQ(tree.inode, 77u);
  ASSERT_TRUE(Send(ends.first.get(), Entered{}));
  EXPECT_TRUE(std::holds_alternative<Entered>(Receive(ends.second.get()).value().message));
  ASSERT_TRUE(Send(ends.first.get(), Ended{137}));
  EXPECT_EQ(std::get<Ended>(Receive(ends.second.get()).value().message).exit_code, 137);
}

TEST(Channel, ACommandBesideTheAgentCrossesUnchanged) {
  const Exec exec{.id = 7,
                  .command = {"sh", "-c", "exit 3"},
                  .environment = {"A=1"},
                  .workdir = "/srv",
                  .terminals = 3,
                  .input = false,
                  .size = {.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0}};
  const auto read = Decode(Encode(exec));
  ASSERT_TRUE(read);
  const Exec& again = std::get<Exec>(*read);
  EXPECT_EQ(again.id, 7u);
  EXPECT_EQ(again.command, exec.command);
  EXPECT_EQ(again.environment, exec.environment);
  EXPECT_EQ(again.workdir, "/srv");
  EXPECT_EQ(again.terminals, 3u);
  EXPECT_FALSE(again.input);
  EXPECT_EQ(again.size.ws_col, 80);
  const auto ended = Decode(Encode(ExecEnded{7, 137, "gone"}));
  ASSERT_TRUE(ended);
  EXPECT_EQ(std::get<ExecEnded>(*ended).code, 137);
  EXPECT_EQ(std::get<ExecEnded>(*ended).error, "gone");
  const auto signal = Decode(Encode(ExecSignal{7, 15}));
  ASSERT_TRUE(signal);
  EXPECT_EQ(std::get<ExecSignal>(*signal).number, 15);
  EXPECT_EQ(std::get<ExecGone>(*Decode(Encode(ExecGone{9}))).id, 9u);
  EXPECT_EQ(std::get<ExecBegun>(*Decode(Encode(ExecBegun{8}))).id, 8u);
}

}  // namespace
}  // namespace aileron::sandbox
