#include "mediation/stack_image.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "mediation/limits.h"

namespace aileron::mediation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t kStack = 0x7ffc00001000;

// A stack as the kernel builds one, and ways to spoil it.
struct Stack {
  std::vector<std::string> argv = {"true"};
  std::vector<std::string> environment = {"A=1"};
  std::string name = "/bin/true";
  std::vector<std::uint64_t> words;
  std::string strings;

  void Build() {
    const std::size_t count = 1 + argv.size() + 1 + environment.size() + 1 + 4 + 2;
    std::uint64_t at = kStack + count * 8 + 32;
    strings.assign(32, 'x');  // the random bytes and the platform's name
    const auto put = [&](const std::string& text) {
      words.push_back(at);
      strings += text + '\0';
      at += text.size() + 1;
    };
    words.push_back(argv.size());
    for (const std::string& word : argv) put(word);
    words.push_back(0);
    for (const std::string& variable : environment) put(variable);
    words.push_back(0);
    for (const std::uint64_t word :
         {std::uint64_t{AT_PAGESZ}, std::uint64_t{4096}, std::uint64_t{AT_EXECFN}, at,
          std::uint64_t{AT_NULL}, std::uint64_t{0}}) {
      words.push_back(word);
    }
    strings += name + '\0';
  }

  Result<StackImage> Read() const {
    std::string bytes(reinterpret_cast<const char*>(words.data()), words.size() * 8);
    bytes += strings;
    return ReadStack(
        [&](std::uint64_t address, std::span<char> into) -> Result<std::size_t> {
          if (address < kStack || address >= kStack + bytes.size()) {
            return Fail(Code::kInternal, "nothing there");
          }
          const std::size_t from = address - kStack;
          const std::size_t count = std::min(into.size(), bytes.size() - from);
          std::memcpy(into.data(), bytes.data() + from, count);
          return count;
        },
        kStack);
  }
};

TEST(StackImage, GivesTheArgumentsAndTheNameAsTheKernelCopiedThem) {
  Stack stack{.argv = {"git", "", "push", "\xff\x01 x"}, .name = "/usr/bin/git"};
  stack.Build();
  const auto image = stack.Read();
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_THAT(image->argv, ElementsAre("git", "", "push", "\xff\x01 x"));
  EXPECT_EQ(image->name, "/usr/bin/git");
  EXPECT_EQ(image->environment, kStack + 6 * 8);
}

TEST(StackImage, ReadsOneWithoutEnvironment) {
  Stack stack{.environment = {}};
  stack.Build();
  const auto image = stack.Read();
  ASSERT_TRUE(image);
  EXPECT_THAT(image->argv, ElementsAre("true"));
}

TEST(StackImage, ReadsArgumentsFarBeyondTheFirstPiece) {
  Stack stack{.argv = std::vector<std::string>(5'000, "word"),
              .environment = std::vector<std::string>(3'000, "NAME=value")};
  stack.argv.push_back(std::string(1 << 20, 'a'));
  stack.Build();
  const auto image = stack.Read();
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->argv, stack.argv);
}

// Somebody else wrote the addresses: main() would follow them, and what is judged would be what
// stands where they pointed before.
TEST(StackImage, RefusesAnArgumentThatIsNotInItsPlace) {
  for (const std::size_t moved : {1u, 2u}) {
    Stack stack{.argv = {"git", "status", "push"}};
    stack.Build();
    stack.words[moved] += 4;
    EXPECT_FALSE(stack.Read()) << moved;
  }
}

TEST(StackImage, RefusesAnArgumentThatWasCutOrJoined) {
  for (const char byte : {'\0', 'x'}) {
    Stack stack{.argv = {"git", "status"}};
    stack.Build();
    const std::size_t at = 32 + (byte == '\0' ? 1 : 3);
    stack.strings[at] = byte;
    EXPECT_FALSE(stack.Read());
  }
}

TEST(StackImage, RefusesMoreThanItsBounds) {
  Stack many;
  many.Build();
  many.words[0] = limits::kWords + 1;
  EXPECT_THAT(many.Read().error().message, HasSubstr("more than can be judged"));
  Stack large{.argv = {std::string(limits::kWordBytes, 'a')}};
  large.Build();
  EXPECT_THAT(large.Read().error().message, HasSubstr("more than can be judged"));
}

TEST(StackImage, RefusesWhatHasNoEnd) {
  Stack argv;
  argv.Build();
  argv.words[2] = 1;
  EXPECT_FALSE(argv.Read());
  Stack nameless;
  nameless.Build();
  nameless.words[7] = AT_UID;  // no AT_EXECFN
  EXPECT_FALSE(nameless.Read());
  Stack none;
  none.Build();
  none.words[0] = 0;
  EXPECT_FALSE(none.Read());
}

}  // namespace
}  // namespace aileron::mediation
