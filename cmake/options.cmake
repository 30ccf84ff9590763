# Language, warnings, sanitizers and the linker, for every target of ours.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# The flags of our own code; third-party headers come as SYSTEM and are spared.
add_library(syncline_flags INTERFACE)
target_compile_options(syncline_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor -Wswitch-enum
  -Wno-missing-field-initializers  # g++ 12 warns of members that a designated initializer leaves out on purpose
  # clang reports libstdc++ 12's own use of std::get_temporary_buffer (in std::stable_sort) at our call.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>
  # g++ 12 warns of overlaps inside std::string where there are none (GCC bug 105329).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<BOOL:${SYNCLINE_WERROR}>:-Werror>)
if(SYNCLINE_SANITIZE)
  target_compile_options(syncline_flags INTERFACE -fsanitize=${SYNCLINE_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(syncline_flags INTERFACE -fsanitize=${SYNCLINE_SANITIZE})
endif()

find_program(SYNCLINE_MOLD mold)
if(SYNCLINE_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
elseif(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_link_options(-fuse-ld=lld)
endif()
find_program(SYNCLINE_CCACHE ccache)
if(SYNCLINE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SYNCLINE_CCACHE})
endif()
