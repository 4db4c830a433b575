#include "mediation/stack_image.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

#include "mediation/limits.h"

namespace aileron::mediation {

namespace {

constexpr std::uint64_t kWord = 8;

// The bytes from the stack pointer upwards that were read so far: one read is enough for most.
class Memory {
 public:
  Memory(const ReadAt& read, std::uint64_t begin) : read_(read), begin_(begin) {}

  // The word at `index`, counted from the stack pointer.
  Result<std::uint64_t> Word(std::size_t index) {
    if (index >= limits::kPointers) return Fail(Code::kInvalid, "the stack has too many addresses");
    AILERON_TRY(Have((index + 1) * kWord));
    std::uint64_t value;
    std::memcpy(&value, bytes_.data() + index * kWord, sizeof value);
    return value;
  }

  // `size` bytes at `address`, wherever they are.
  Result<std::string> Bytes(std::uint64_t address, std::size_t size) {
    if (address >= begin_ && address - begin_ <= bytes_.size() &&
        size <= bytes_.size() - (address - begin_)) {
      return bytes_.substr(address - begin_, size);
    }
    std::string bytes(size, '\0');
    for (std::size_t got = 0; got < size;) {
      AILERON_ASSIGN(const std::size_t more,
                     read_(address + got, std::span(bytes).subspan(got, size - got)));
      got += more;
    }
    return bytes;
  }

  // A text with its end within limits::kPath.
  Result<std::string> Text(std::uint64_t address) {
    if (address >= begin_ && address - begin_ < bytes_.size()) {
      const std::size_t at = address - begin_;
      const std::size_t end = bytes_.find('\0', at);
      if (end != std::string::npos) return bytes_.substr(at, end - at);
    }
    std::string text(limits::kPath, '\0');
    AILERON_ASSIGN(const std::size_t got, read_(address, text));
    text.resize(std::min(got, text.size()));
    const std::size_t end = text.find('\0');
    if (end == std::string::npos) return Fail(Code::kInvalid, "the stack has a name without end");
    text.resize(end);
    return text;
  }

 private:
  Status Have(std::size_t size) {
    while (bytes_.size() < size) {
      const std::size_t had = bytes_.size();
      bytes_.resize(had + limits::kStackRead);
      const auto got = read_(begin_ + had, std::span(bytes_).subspan(had));
      bytes_.resize(got ? had + *got : had);
      if (!got) return std::unexpected(got.error());
    }
    return {};
  }

  const ReadAt& read_;
  std::uint64_t begin_;
  std::string bytes_;
};

// `count` texts that fill `bytes`, whose addresses from `first` on are those at `index`.
Result<std::vector<std::string>> Words(Memory& memory, std::string_view bytes, std::size_t index,
                                       std::size_t count, std::uint64_t first) {
  std::vector<std::string> words;
  words.reserve(count);
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    AILERON_ASSIGN(const std::uint64_t address, memory.Word(index + i));
    if (address != first + at) return Fail(Code::kInvalid, "an argument is not in its place");
    const std::size_t end = bytes.find('\0', at);
    if (end == std::string_view::npos) return Fail(Code::kInvalid, "an argument has no end");
    words.emplace_back(bytes.substr(at, end - at));
    at = end + 1;
  }
  if (at != bytes.size()) return Fail(Code::kInvalid, "something stands behind the arguments");
  return words;
}

// The value of that type in the auxiliary vector, which begins at `index`.
Result<std::uint64_t> Auxiliary(Memory& memory, std::size_t index, std::uint64_t wanted) {
  for (;; index += 2) {
    AILERON_ASSIGN(const std::uint64_t type, memory.Word(index));
    if (type == AT_NULL) return Fail(Code::kInvalid, "the stack does not name the file");
    AILERON_ASSIGN(const std::uint64_t value, memory.Word(index + 1));
    if (type == wanted) return value;
  }
}

}  // namespace

Result<StackImage> ReadStack(const ReadAt& read, std::uint64_t stack) {
  Memory memory(read, stack);
  AILERON_ASSIGN(const std::uint64_t count, memory.Word(0));
  if (count == 0 || count > limits::kWords) {
    return Fail(Code::kInvalid, "{} arguments are more than can be judged", count);
  }
  AILERON_ASSIGN(const std::uint64_t first, memory.Word(1));
  AILERON_ASSIGN(const std::uint64_t none, memory.Word(1 + count));
  if (none != 0) return Fail(Code::kInvalid, "the arguments have no end");
  std::size_t after = 2 + count;
  AILERON_ASSIGN(const std::uint64_t first_variable, memory.Word(after));
  const std::size_t environment = after;
  for (std::uint64_t address = first_variable; address != 0;) {
    AILERON_ASSIGN(address, memory.Word(++after));
  }
  AILERON_ASSIGN(const std::uint64_t name, Auxiliary(memory, after + 1, AT_EXECFN));
  // The environment follows the arguments, and the name both.
  const std::uint64_t end = first_variable != 0 ? first_variable : name;
  if (first <= stack || end <= first) return Fail(Code::kInvalid, "the arguments have no place");
  if (end - first > limits::kWordBytes) {
    return Fail(Code::kInvalid, "arguments of {} bytes are more than can be judged", end - first);
  }
  AILERON_ASSIGN(const std::string bytes, memory.Bytes(first, end - first));
  StackImage image{.argv = {}, .name = {}, .environment = stack + environment * kWord};
  AILERON_ASSIGN(image.argv, Words(memory, bytes, 1, count, first));
  AILERON_ASSIGN(image.name, memory.Text(name));
  return image;
}

}  // namespace aileron::mediation
