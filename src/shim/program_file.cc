#include "shim/program_file.h"

#include <elf.h>

#include <cstring>
#include <optional>

#include "base/text.h"

namespace aileron::shim {

namespace {

// A header, wherever it lies, or nothing where the bytes end before it.
template <typename Header>
std::optional<Header> At(std::string_view bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(Header)) return std::nullopt;
  Header header;
  std::memcpy(&header, bytes.data() + offset, sizeof header);
  return header;
}

std::string Loader(std::string_view bytes, const Elf64_Ehdr& header) {
  for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
    const auto part = At<Elf64_Phdr>(bytes, header.e_phoff + i * sizeof(Elf64_Phdr));
    if (!part) return {};
    if (part->p_type != PT_INTERP) continue;
    if (part->p_offset > bytes.size() || bytes.size() - part->p_offset < part->p_filesz) return {};
    const std::string_view path = bytes.substr(part->p_offset, part->p_filesz);
    return std::string(path.substr(0, path.find('\0')));
  }
  return {};
}

}  // namespace

ProgramFile ReadProgramFile(std::string_view begin) {
  using Kind = ProgramFile::Kind;
  if (begin.starts_with("#!")) {
    std::string_view line = Trim(begin.substr(2, begin.find('\n') - 2), " \t");
    return {Kind::kScript, std::string(line.substr(0, line.find_first_of(" \t")))};
  }
  if (!begin.starts_with(ELFMAG)) return {};
  const auto header = At<Elf64_Ehdr>(begin, 0);
  if (!header || header->e_ident[EI_CLASS] != ELFCLASS64 ||
      header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_machine != EM_X86_64 ||
      header->e_phentsize != sizeof(Elf64_Phdr)) {
    return {Kind::kForeign, ""};
  }
  return {Kind::kElf, Loader(begin, *header)};
}

}  // namespace aileron::shim
