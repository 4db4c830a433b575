# The libraries we stand on. docs/dependencies.md says why each was chosen.
# A release links the .a files; other builds link whichever the linker finds first.

if(AILERON_STATIC)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
endif()

function(aileron_library name)
  find_library(AILERON_LIB_${name} NAMES ${name} REQUIRED)
  set(${name}_file ${AILERON_LIB_${name}} PARENT_SCOPE)
endfunction()

foreach(lib ssl crypto sqlite3 sodium cares seccomp yaml-cpp nghttp2 re2 archive z zstd)
  aileron_library(${lib})
endforeach()

# Debian ships fmt's sources as headers; compiled once here, they cost each file a declaration only.
configure_file(${CMAKE_SOURCE_DIR}/cmake/fmt.cc.in ${CMAKE_BINARY_DIR}/generated/fmt.cc COPYONLY)
add_library(fmt_once STATIC ${CMAKE_BINARY_DIR}/generated/fmt.cc)
target_compile_options(fmt_once PRIVATE -w)

# What a room links besides the rooms it sees.
set(aileron_externals_base fmt_once)
set(aileron_externals_crypto ${crypto_file} ${sodium_file})
set(aileron_externals_store ${sqlite3_file})
set(aileron_externals_http ${nghttp2_file})
set(aileron_externals_net ${ssl_file} ${crypto_file} ${cares_file})
set(aileron_externals_command ${re2_file})
set(aileron_externals_policy ${yaml-cpp_file})
set(aileron_externals_vault ${yaml-cpp_file})
set(aileron_externals_connector ${yaml-cpp_file})
set(aileron_externals_os ${seccomp_file})
# Of libarchive only tar is used, which needs none of the libraries that its other formats and filters do.
set(aileron_externals_image ${archive_file} ${z_file} ${zstd_file})
