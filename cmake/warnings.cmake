# Flags that every file of ours is compiled with.

add_compile_options(
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wnull-dereference -Wformat=2 -Wimplicit-fallthrough -Werror
  -Wno-c23-extensions                  # #embed, for data files that are compiled in
  -Wno-missing-field-initializers      # designated initialisers leave defaults on purpose
  -fPIE   # every program is position-independent, and nothing is a shared library
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=   # no path of the machine that built it
  "SHELL:-Xclang -fno-pch-timestamp"   # ccache compares what a precompiled header says, not when
  -fstack-protector-strong -fno-omit-frame-pointer -ffunction-sections -fdata-sections)
# clang finds the precompiled form beside the header. CMake's own words for it name the folder in a place that ccache does
# not know.
set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -include <PCH_HEADER>)
add_compile_definitions(_FILE_OFFSET_BITS=64 AILERON_VERSION="${PROJECT_VERSION}")
add_link_options(-fuse-ld=lld -Wl,--gc-sections -Wl,-z,relro,-z,now)

# Nothing of ours throws, and what a library throws is caught beside its call, in these files alone. For all others there are no
# tables to unwind by: an eighth of the release. An exception that nobody catches ends the process either way.
set(aileron_catching src/policy/plain_yaml.cc src/connector/document.cc src/vault/binding_yaml.cc src/modes/parse.cc
  src/os/start_thread.cc)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-fno-exceptions -fno-unwind-tables -fno-asynchronous-unwind-tables)
  set_source_files_properties(${aileron_catching} PROPERTIES SKIP_PRECOMPILE_HEADERS ON
    COMPILE_OPTIONS "-fexceptions;-funwind-tables;-fasynchronous-unwind-tables")
  add_compile_definitions(_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-O2 -Wl,--icf=safe -Wl,-z,pack-relative-relocs)
endif()

if(AILERON_SANITIZE)
  add_compile_options(-fsanitize=${AILERON_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${AILERON_SANITIZE})
endif()
if(AILERON_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
